//! Records of windows.

use engine::record::*;

use super::{error, payload};

pub fn bodies() -> Vec<Body> {
    let window: bytes::Bytes = vec![8; 16].into();
    let offered = offered();
    let took = WindowTook {
        window: window.clone(),
        number: 1,
        at: 2,
        outcome: WindowOutcome::Queued as i32,
        due_at: 3,
        full: true,
        bytes: 4,
        offered: offered.clone(),
    };
    let closed = WindowClosed {
        window: window.clone(),
        number: 2,
        at: 3,
        instance: vec![9; 16].into(),
        error: Some(error()),
    };
    let released = WindowReleased {
        window: window.clone(),
        number: 3,
        at: 4,
        due_at: 5,
        count: 6,
        bytes: 7,
    };
    let sent = MessageSent {
        from_slot: 1,
        to_slot: 2,
        number: 3,
        to: window.clone(),
        message: Some(Box::new(Envelope {
            body: Some(MessageBody::WindowOffered(Box::new(offered))),
        })),
    };
    let taken = EventTaken {
        routes: vec![EventRoute {
            rule: "0-event".into(),
            window_key: Some("k".into()),
            window,
            window_outcome: WindowOutcome::Dropped as i32,
            ..EventRoute::default()
        }],
        ..EventTaken::default()
    };
    [
        SlotBody::WindowTook(Box::new(took)),
        SlotBody::WindowClosed(closed),
        SlotBody::WindowReleased(released),
        SlotBody::MessageSent(sent),
        SlotBody::EventTaken(Box::new(taken)),
    ]
    .map(|fact| Body::Slot(SlotFact { body: Some(fact) }))
    .into()
}

fn offered() -> WindowOffered {
    WindowOffered {
        workflow: "w".into(),
        trigger: "0-event".into(),
        key: "k".into(),
        terms: WindowTerms {
            kind: WindowKind::Throttle as i32,
            quiet_ms: 1,
            longest_ms: 2,
            most: 3,
            queue: true,
        },
        event: vec![7; 16].into(),
        instance: vec![9; 16].into(),
        start: Some(Box::new(StartMessage {
            workflow: "w".into(),
            input: payload(),
            ..StartMessage::default()
        })),
    }
}
