use engine::Payload;
use engine::record::*;
use serde_json::json;

/// Bodies about kept outputs, and about undos that wait for a person.
pub fn bodies(at: StepRef) -> Vec<Body> {
    let payload = || Some(Payload::from_value(json!({ "n": 1 })));
    let plan = Plan {
        adapter: "a".into(),
        cache: Some(CacheUse {
            key: "rate-eur".into(),
            ttl_ms: 600_000,
        }),
        ..Plan::default()
    };
    let kept = OutputKept {
        key: "cache\n0007\ndefault\nrate-eur".into(),
        instance: vec![7; 16].into(),
        expires_at: 9,
        output: "1.2".into(),
        instead_of: vec!["cache\n0007\ndefault\nold".into()],
    };
    let task = TaskKey {
        at,
        kind: TaskKind::Undo as i32,
        generation: 0,
        attempt: 1,
    };
    let ask = Asked {
        input: payload(),
        approvers: vec!["role:finance".into()],
        reasons: vec!["policy refunds requires it".into()],
        quorum: 1,
        ..Asked::default()
    };
    let kind = DecisionKind::UndoApproval as i32;
    vec![
        Body::StepScheduled(StepScheduled {
            at,
            plan: Some(plan.into()),
            ..StepScheduled::default()
        }),
        Body::StepCompleted(StepCompleted {
            at,
            output: payload(),
            kept_by: vec![7; 16].into(),
            ..StepCompleted::default()
        }),
        Body::Slot(SlotFact {
            body: Some(SlotBody::OutputKept(kept)),
        }),
        Body::UndoHeldBack(Box::new(ApprovalRequested {
            id: vec![8; 16].into(),
            kind,
            task,
            ask,
        })),
        Body::DecisionResolved(Box::new(DecisionResolved {
            answer: DecisionAnswered {
                id: vec![8; 16].into(),
                choice: Choice::Amend as i32,
                by: "bob".into(),
                at: 3,
                ..DecisionAnswered::default()
            },
            data: payload(),
            kind,
            task,
            ..DecisionResolved::default()
        })),
    ]
}
