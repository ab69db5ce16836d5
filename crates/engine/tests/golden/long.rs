//! Records of loops that let rounds go, of instances that wait for another turn, and of letters that are settled with
//! their instance.

use engine::record::*;
use engine::{Block, Lane, Progress, StepState};

use super::{at, payload};

pub fn bodies() -> Vec<Body> {
    let earlier = Block {
        first_lane: 2,
        total: 3,
        opened: 1,
        items: payload(),
        ..Block::default()
    };
    let step = StepState {
        generation: 4,
        same_as: Some(1),
        earlier: vec![earlier],
        ..StepState::default()
    };
    let state = Rewritten {
        version: "1.0.0".into(),
        progress: Box::new(Progress::default()),
        lanes: vec![Lane {
            steps: vec![step],
            ..Lane::default()
        }],
        others_stay: true,
        queues: true,
        ..Rewritten::default()
    };
    let settled = DeadLetterSettled {
        id: vec![7; 16].into(),
        how: Settled::Superseded as i32,
        at: 5,
        reason: "r".into(),
        row: "{}".into(),
    };
    vec![
        Body::LanesOpened(LanesOpened {
            at: at(),
            role: Role::Round as i32,
            first_lane: 204,
            from: 100,
            to: 101,
            lists: vec![LaneList { list: 2, steps: 1 }],
            state: payload(),
            forgets: Some(4),
        }),
        Body::InstanceRetried(Box::new(state)),
        Body::Slot(SlotFact {
            body: Some(SlotBody::DeadLetterSettled(settled)),
        }),
    ]
}
