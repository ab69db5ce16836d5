//! Records of waits, of what holds an instance, and of overruled steps.

use engine::record::*;

use super::payload;

pub fn bodies(at: StepRef) -> Vec<Body> {
    vec![
        Body::SignalAwaited(SignalAwaited {
            at,
            name: "paid".into(),
            until: 5,
            timeout_at: 6,
        }),
        Body::SignalReceived(SignalReceived {
            name: "paid".into(),
            data: payload(),
            key: vec![1; 16].into(),
            digest: vec![2; 16].into(),
        }),
        Body::SignalTaken(SignalTaken {
            at,
            name: "paid".into(),
            received: 7,
        }),
        Body::WaitExpired(at),
        Body::StepOverruled(StepOverruled {
            at,
            how: Overruling::Fail as i32,
            reason: "r".into(),
        }),
        Body::InstanceQueued(InstanceQueued { start_at: 5 }),
        Body::InstanceBegun(Empty {}),
        Body::InstancePaused(Held { reason: "r".into() }),
        Body::InstanceResumed(Held { reason: "r".into() }),
        Body::Slot(SlotFact {
            body: Some(SlotBody::MessageSent(MessageSent {
                message: Some(Box::new(Envelope {
                    body: Some(MessageBody::Start(StartMessage {
                        start_at: 5,
                        ..StartMessage::default()
                    })),
                })),
                ..MessageSent::default()
            })),
        }),
    ]
}
