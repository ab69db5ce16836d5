//! Records of acts on the past.

use engine::record::*;
use engine::{Lane, Progress};

use super::{at, payload};

pub fn bodies() -> Vec<Body> {
    let lane = |id| Lane {
        id,
        list: 2,
        output: payload(),
        ended_seq: 5,
        ..Lane::default()
    };
    let progress = Progress {
        next_lane: 4,
        output: payload(),
        run: 2,
        timeout_at: 6,
        ..Progress::default()
    };
    let state = Rewritten {
        reason: "r".into(),
        to_seq: 3,
        version: "1.1.0".into(),
        progress: Box::new(progress.clone()),
        lanes: vec![lane(0), lane(3)],
        others_stay: true,
        queues: false,
    };
    let restoring = Progress {
        restoring: Some(Box::new(state.clone())),
        ..progress
    };
    let migrated = Rewritten {
        progress: Box::new(restoring),
        others_stay: false,
        ..state.clone()
    };
    let taken = StepsTaken {
        from: vec![7; 16].into(),
        steps: vec![TakenStep {
            at: at(),
            output: payload(),
            skipped: true,
        }],
    };
    vec![
        Body::InstanceRetried(Box::new(state.clone())),
        Body::RestoreRequested(Box::new(state.clone())),
        Body::InstanceRestored(Box::new(state)),
        Body::InstanceMigrated(Box::new(migrated)),
        Body::StepsTaken(taken.clone()),
        Body::Slot(SlotFact {
            body: Some(SlotBody::MessageSent(MessageSent {
                number: 1,
                message: Some(Box::new(Envelope {
                    body: Some(MessageBody::Start(StartMessage {
                        taken: Some(Box::new(taken)),
                        ..StartMessage::default()
                    })),
                })),
                ..MessageSent::default()
            })),
        }),
    ]
}
