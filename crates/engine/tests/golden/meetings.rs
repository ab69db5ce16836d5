//! Records of events that instances publish and wait for.

use engine::record::*;

use super::{error, payload};

pub fn bodies(at: StepRef) -> Vec<Body> {
    let mut bodies = own_bodies(at);
    bodies.extend(slot_bodies(at));
    bodies
}

fn names() -> (bytes::Bytes, String, String) {
    (vec![8; 16].into(), "paid".to_owned(), "ada".to_owned())
}

fn slot_bodies(at: StepRef) -> Vec<Body> {
    let (event, event_type, key) = names();
    let placed = WaitPlaced {
        instance: vec![7; 16].into(),
        at,
        wait: 9,
        event_type: event_type.clone(),
        key: key.clone(),
        since: 5,
    };
    let offered = EventOffered {
        key: key.clone(),
        event: event.clone(),
        forget_at: 30,
        meta: payload(),
        data: payload(),
        event_type,
        at: 10,
        kept_until: 20,
    };
    let came = EventCame {
        at,
        wait: 9,
        event: offered.clone(),
    };
    let emitted = EventTaken {
        id: event,
        step: "each[3]/tell".into(),
        wait_key: key,
        ..EventTaken::default()
    };
    let refused = WaitRefused {
        at,
        wait: 9,
        waits: 1_000,
    };
    let facts = [
        SlotBody::WaitPlaced(placed.clone()),
        SlotBody::WaitWithdrawn(placed.clone()),
        SlotBody::EventOffered(Box::new(offered.clone())),
    ];
    let messages = [
        MessageBody::Emit(Box::new(emitted)),
        MessageBody::EventOffered(Box::new(offered)),
        MessageBody::WaitPlaced(placed.clone()),
        MessageBody::WaitWithdrawn(placed),
        MessageBody::EventCame(Box::new(came)),
        MessageBody::WaitRefused(refused),
    ];
    let sent = messages.map(|body| {
        SlotBody::MessageSent(MessageSent {
            message: Some(Box::new(Envelope { body: Some(body) })),
            ..MessageSent::default()
        })
    });
    let facts = facts.into_iter().chain(sent);
    let facts = facts.map(|fact| Body::Slot(SlotFact { body: Some(fact) }));
    facts.collect()
}

fn own_bodies(at: StepRef) -> Vec<Body> {
    let (event, event_type, key) = names();
    let started = InstanceStarted {
        deadlines: vec![600_000, 700_000],
        ..InstanceStarted::default()
    };
    vec![
        Body::InstanceStarted(started.into()),
        Body::EventAwaited(EventAwaited {
            at,
            event_type: event_type.clone(),
            key,
            until: 5,
            timeout_at: 6,
        }),
        Body::EventMet(EventMet {
            at,
            event: event.clone(),
            event_type: event_type.clone(),
            kept_until: 20,
        }),
        Body::EventEmitted(EventEmitted {
            at,
            event: event.clone(),
            event_type: event_type.clone(),
        }),
        Body::DeadlinePassed(DeadlinePassed {
            deadline: 1,
            event,
            event_type,
            error: Some(error()),
        }),
    ]
}
