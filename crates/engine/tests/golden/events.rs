//! Records of events.

use engine::record::*;

use super::{error, payload};

pub fn bodies() -> Vec<Body> {
    let id: bytes::Bytes = vec![8; 16].into();
    let route = EventRoute {
        router: "r".into(),
        rule: "1".into(),
        workflow: "w".into(),
        adapter: "a/b".into(),
        instance: vec![9; 16].into(),
        error: Some(error()),
        ..EventRoute::default()
    };
    let taken = EventTaken {
        id: id.clone(),
        at: 1,
        meta: payload(),
        data: payload(),
        correlation_id: "c".into(),
        event_type: "t".into(),
        source: "s".into(),
        subject: "u".into(),
        key: "k".into(),
        key_expires_at: 2,
        cause: "events".into(),
        actor: "ann".into(),
        routes: vec![route],
        ..EventTaken::default()
    };
    let refused = EventRefused {
        id: vec![7; 16].into(),
        event: id,
        at: 3,
        start: Some(Box::new(StartMessage {
            workflow: "w".into(),
            ..StartMessage::default()
        })),
        error: Some(error()),
    };
    [
        SlotBody::EventTaken(Box::new(taken)),
        SlotBody::EventRefused(refused),
    ]
    .map(|fact| Body::Slot(SlotFact { body: Some(fact) }))
    .into()
}

/// An event that routers saw and sent nowhere themselves.
pub fn passed() -> Vec<Body> {
    let passed = |rule: &str| EventPassed {
        router: "r".into(),
        rule: rule.into(),
    };
    let taken = EventTaken {
        id: vec![8; 16].into(),
        passed: vec![passed("1"), passed("")],
        ..EventTaken::default()
    };
    vec![Body::Slot(SlotFact {
        body: Some(SlotBody::EventTaken(Box::new(taken))),
    })]
}
