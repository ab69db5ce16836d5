use engine::record::*;

/// Bodies about turns, and about when calls and lanes begin.
pub fn turn_bodies(at: StepRef) -> Vec<Body> {
    let limit = TurnLimit {
        workflow: "w".into(),
        key: "k".into(),
        limit: 2,
        over: OverLimit::CancelOldest as i32,
    };
    let share = Share {
        key: "t".into(),
        weight: 3,
    };
    let sent = [
        MessageBody::Start(StartMessage {
            turn_key: Some("k".into()),
            idempotency_key: "i".into(),
            ..StartMessage::default()
        }),
        MessageBody::StartRefused(StartRefused { key: "i".into() }),
    ];
    let sent = sent.map(|body| {
        SlotBody::MessageSent(MessageSent {
            message: Some(Box::new(Envelope { body: Some(body) })),
            ..MessageSent::default()
        })
    });
    let released = SlotBody::KeyReleased(KeyReleased { key: "i".into() });
    let slots = sent.into_iter().chain([released]);
    let slots = slots.map(|body| Body::Slot(SlotFact { body: Some(body) }));
    [
        Body::InstanceStarted(Shared::from(InstanceStarted {
            turn: Some(Box::new(limit)),
            share: Some(Box::new(share)),
            ..InstanceStarted::default()
        })),
        Body::TurnAwaited(TurnAwaited { place: 7 }),
        Body::LanesPaced(LanesPaced {
            at,
            used: 8,
            due_at: 9,
        }),
        Body::StepScheduled(StepScheduled {
            plan: Some(Shared::from(Plan {
                limit: Some(CallLimit {
                    name: "step:w/s/k".into(),
                    limit: 3,
                }),
                priority: "low".into(),
                ..Plan::default()
            })),
            ..StepScheduled::default()
        }),
        Body::StepStarted(StepStarted {
            child: Some(Box::new(ChildStart {
                turn_key: Some("k".into()),
                ..ChildStart::default()
            })),
            ..StepStarted::default()
        }),
    ]
    .into_iter()
    .chain(slots)
    .collect()
}
