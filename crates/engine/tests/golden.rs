//! Records of every released version are read for ever: the bytes are checked in.

use std::fmt::Write as _;

use engine::codec::{Packer, RecordBatch, unpack_history};
use engine::record::*;
use engine::{Id, Payload, view::record_type};

#[path = "golden/events.rs"]
mod events;
#[path = "golden/kept.rs"]
mod kept;
#[path = "golden/long.rs"]
mod long;
#[path = "golden/meetings.rs"]
mod meetings;
#[path = "golden/operations.rs"]
mod operations;
#[path = "golden/past.rs"]
mod past;
#[path = "golden/schedules.rs"]
mod schedules;
#[path = "golden/turns.rs"]
mod turns;
#[path = "golden/waits.rs"]
mod waits;
#[path = "golden/windows.rs"]
mod windows;

const GOLDEN: &str = "tests/golden/records-v1.txt";

#[test]
fn records_of_version_1_are_read_and_written_as_they_were() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    let written = rendered();
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        std::fs::write(&path, &written).expect("writes the golden file");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file is checked in");
    assert_eq!(
        written, golden,
        "a record's bytes changed: give it a new version instead"
    );
    for (line, record) in golden.lines().zip(every_record()) {
        let (_, hex) = line.split_once(' ').expect("a name and bytes");
        let back = unpack_history(&bytes(hex).into()).expect("unpacks");
        assert_eq!(back, [record], "{line}");
    }
}

fn rendered() -> String {
    every_record()
        .into_iter()
        .fold(String::new(), |mut text, record| {
            let name = record.body.as_ref().map_or("", record_type).to_owned();
            let records = RecordBatch::from_iter([record]);
            let bytes = Packer::default().history([records.bytes()].into_iter());
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(text, "{name} {hex}").expect("writes to text");
            text
        })
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).expect("hex"));
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).expect("hex"))
        .collect()
}

fn every_record() -> Vec<Record> {
    let bodies = [
        instance_bodies(),
        step_bodies(),
        ended_bodies(),
        undo_bodies(),
        slot_bodies(),
        decision_bodies(),
        notice_bodies(),
        waits::bodies(at()),
        act_bodies(),
        turns::turn_bodies(at()),
        operations::bodies(),
        past::bodies(),
        events::bodies(),
        long::bodies(),
        kept::bodies(at()),
        schedules::bodies(),
        windows::bodies(),
        meetings::bodies(at()),
        events::passed(),
    ]
    .concat();
    (1..)
        .zip(bodies)
        .map(|(seq, body)| Record {
            entity: Id::from_bytes([7; 16]),
            seq,
            at: 1_760_000_000_000,
            version: RECORD_VERSION,
            origin: Some(Box::new(Origin {
                command_id: Id::from_bytes([9; 16]),
                cause: "api".into(),
                actor: "ann".into(),
            })),
            namespace: None,
            body: Some(body),
        })
        .collect()
}

fn at() -> StepRef {
    StepRef { lane: 3, step: 1 }
}

fn task() -> TaskKey {
    TaskKey {
        at: at(),
        kind: TaskKind::Undo as i32,
        generation: 1,
        attempt: 2,
    }
}

fn payload() -> Option<Payload> {
    Some(Payload::from_value(serde_json::json!({ "n": 1 })))
}

fn error() -> Failure {
    Failure {
        error_type: "http.503".into(),
        message: "no".into(),
        retryable: true,
        effect_unknown: true,
        details: "{}".into(),
        step: "a".into(),
    }
}

fn plan() -> Option<Shared<Plan>> {
    Some(Shared::from(Plan {
        adapter: "a".into(),
        action: "b".into(),
        max_attempts: 5,
        initial_interval_ms: 1,
        multiplier: 2.0,
        max_interval_ms: 3,
        full_jitter: true,
        max_elapsed_ms: 4,
        retry_on: vec!["x".into()],
        never_on: vec!["y".into()],
        on_exhausted: Exhausted::Man as i32,
        timeout_ms: 6,
        limit: None,
        priority: String::new(),
        cache: None,
        action_limit: None,
    }))
}

fn child() -> Option<Box<ChildStart>> {
    let (workflow, version) = ("kid".into(), "1.0.0".into());
    Some(Box::new(ChildStart {
        id: vec![1; 16].into(),
        workflow,
        version,
        detached: true,
        plan: plan(),
        turn_key: None,
    }))
}

fn parent() -> Option<Parent> {
    let id = vec![2; 16].into();
    Some(Parent {
        id,
        at: Some(at()),
        generation: 1,
        attempt: 2,
        detached: true,
        undo: true,
    })
}

fn instance_bodies() -> Vec<Body> {
    let attributes = [("k".to_owned(), "v".to_owned())].into();
    let id: bytes::Bytes = vec![3; 16].into();
    vec![
        Body::InstanceStarted(Shared::from(InstanceStarted {
            workflow: "w".into(),
            version: "1.0.0".into(),
            input: payload(),
            event: payload(),
            meta: payload(),
            correlation_id: "c".into(),
            subject: "s".into(),
            attributes,
            priority: "high".into(),
            parent: parent(),
            timeout_at: 5,
            steps: 2,
            trigger: "0-webhook".into(),
            environment: "dev".into(),
            requester: String::new(),
            turn: None,
            share: None,
            deadlines: Vec::new(),
        })),
        Body::DecisionRequested(DecisionRequested {
            id: id.clone(),
            kind: 1,
            task: task(),
            error: error(),
        }),
        Body::DecisionMade(DecisionMade {
            id,
            choice: 1,
            comment: "c".into(),
            by: "ann".into(),
        }),
        Body::CancelRequested(CancelRequested {
            reason: "r".into(),
            skip_compensation: true,
        }),
        Body::CompensationRequested(CancelRequested {
            reason: "r".into(),
            skip_compensation: true,
        }),
        Body::InstanceFailing(Failing { error: error() }),
        Body::FinallyStarted(FinallyStarted {
            lane: 4,
            list: LaneList { list: 2, steps: 1 },
            output: payload(),
        }),
        Body::InstanceEnded(InstanceEnded {
            how: Ended::Compensated as i32,
            output: payload(),
        }),
        Body::DecisionCut(Empty {}),
        Body::DecisionContinued(Empty {}),
    ]
}

fn step_bodies() -> Vec<Body> {
    vec![
        Body::StepScheduled(StepScheduled {
            at: at(),
            input: payload(),
            plan: plan(),
            idempotency_key: "k".into(),
        }),
        Body::StepStarted(StepStarted {
            at: at(),
            lanes: 2,
            first_lane: 4,
            payload: payload(),
            timeout_at: 5,
            wait_until: 6,
            child: child(),
        }),
        Body::LanesOpened(LanesOpened {
            at: at(),
            role: Role::Item as i32,
            first_lane: 4,
            from: 1,
            to: 2,
            lists: vec![LaneList { list: 2, steps: 1 }],
            state: payload(),
            forgets: None,
        }),
        Body::AttemptFailed(AttemptFailed {
            task: task(),
            error: error(),
            target: "t".into(),
            exchange: "{}".into(),
        }),
        Body::RetryScheduled(RetryScheduled {
            task: task(),
            due_at: 7,
        }),
        Body::AttemptStarted(AttemptStarted {
            task: task(),
            child: child(),
        }),
        Body::TaskAccepted(TaskAccepted {
            task: task(),
            expires_at: 8,
        }),
    ]
}

fn ended_bodies() -> Vec<Body> {
    let completed = StepCompleted {
        at: at(),
        output: payload(),
        winners: vec![0, 2],
        target: "t".into(),
        exchange: "{}".into(),
        kept_by: Default::default(),
    };
    vec![
        Body::StepCompleted(completed.clone()),
        Body::StepSkipped(at()),
        Body::StepFailed(StepFailed {
            at: at(),
            error: error(),
            handling: Handling::Caught as i32,
            output: payload(),
        }),
        Body::StepCancelled(at()),
        Body::CatchCompleted(completed),
        Body::LaneClosing(LaneClosing {
            lane: 3,
            why: Closing::Broken as i32,
            error: Some(error()),
            output: payload(),
            undo: true,
        }),
        Body::LaneEnded(LaneEnded {
            lane: 3,
            outcome: LaneOutcome::Broken as i32,
            output: payload(),
            error: Some(error()),
            accepted: true,
        }),
        Body::ResultIgnored(ResultIgnored {
            task: task(),
            reason: "late".into(),
        }),
        Body::StepRescheduled(StepRescheduled {
            task: task(),
            child: child(),
        }),
        Body::RoundDelayed(RoundDelayed {
            at: at(),
            due_at: 9,
            state: payload(),
        }),
    ]
}

fn undo_bodies() -> Vec<Body> {
    vec![
        Body::UndoStarted(UndoStarted {
            first_lane: 3,
            lanes: 2,
        }),
        Body::UndoScheduled(UndoScheduled {
            task: task(),
            input: payload(),
            plan: plan(),
            child: child(),
        }),
        Body::UndoEnded(UndoEnded {
            at: at(),
            outcome: UndoOutcome::Found as i32,
            output: payload(),
        }),
        Body::LaneUndone(LaneUndone { lane: 3 }),
    ]
}

fn decision_bodies() -> Vec<Body> {
    let id: bytes::Bytes = vec![3; 16].into();
    let answer = DecisionAnswered {
        id: id.clone(),
        choice: Choice::Amend as i32,
        comment: "c".into(),
        by: "ann".into(),
        data: payload(),
        at: 4,
    };
    vec![
        Body::ApprovalRequested(Box::new(ApprovalRequested {
            id: id.clone(),
            kind: DecisionKind::Approval as i32,
            task: task(),
            ask: asked(),
        })),
        Body::DecisionAnswered(answer.clone()),
        Body::DecisionResolved(Box::new(DecisionResolved {
            answer,
            data: payload(),
            kind: DecisionKind::Question as i32,
            task: task(),
            seen: vec![8; 32].into(),
            before: vec!["bob".into()],
        })),
        Body::DecisionReminded(DecisionReminded {
            id: id.clone(),
            count: 2,
        }),
        Body::DecisionEscalated(DecisionEscalated {
            id: id.clone(),
            approvers: vec!["role:board".into()],
            expires_at: 9,
        }),
        Body::DecisionDelegated(DecisionDelegated {
            id: id.clone(),
            by: "ann".into(),
            to: "user:bob".into(),
            comment: "c".into(),
        }),
        Body::DecisionOverdue(DecisionOverdue { id }),
        Body::StepAudited(StepAudited {
            at: at(),
            risk: "high".into(),
            policies: vec!["p".into()],
        }),
    ]
}

fn asked() -> Asked {
    Asked {
        prompt: "ok?".into(),
        show: payload(),
        form: payload(),
        data: payload(),
        input: payload(),
        approvers: vec!["user:ann".into()],
        quorum: 2,
        comment_required: true,
        four_eyes: true,
        requester: "eve".into(),
        timeout_ms: 5,
        on_timeout: OnTimeout::Escalate as i32,
        escalate_to: vec!["role:board".into()],
        reminders: vec![6, 7],
        delegate: true,
        risk: "high".into(),
        reasons: vec!["r".into()],
        choices: vec![7, 2],
    }
}

fn notice_bodies() -> Vec<Body> {
    let id: bytes::Bytes = vec![3; 16].into();
    let link = DecisionChained {
        slot: 1,
        number: 2,
        instance: vec![4; 16].into(),
        seq: 5,
        digest: vec![6; 32].into(),
        hash: vec![7; 32].into(),
        told: "{}".into(),
    };
    let chained = SlotBody::DecisionChained(link);
    vec![
        Body::NoticeScheduled(NoticeScheduled {
            id: id.clone(),
            task: task(),
            input: payload(),
            plan: plan(),
            place: 1,
        }),
        Body::NoticeEnded(NoticeEnded {
            id,
            task: task(),
            error: Some(error()),
        }),
        Body::Slot(SlotFact {
            body: Some(chained),
        }),
        Body::InstanceStarted(Shared::from(InstanceStarted {
            requester: "eve".into(),
            ..InstanceStarted::default()
        })),
    ]
}

fn messages() -> [MessageBody; 5] {
    let ended = ChildEnded {
        task: task(),
        how: 1,
        output: payload(),
        error: Some(error()),
    };
    let start = StartMessage {
        workflow: "w".into(),
        version: "1.0.0".into(),
        input: payload(),
        correlation_id: "c".into(),
        subject: "s".into(),
        attributes: [("k".to_owned(), "v".to_owned())].into(),
        priority: "high".into(),
        parent: parent(),
        event: payload(),
        meta: payload(),
        trigger: "t".into(),
        requester: String::new(),
        start_at: 0,
        turn_key: None,
        idempotency_key: String::new(),
        cause: String::new(),
        taken: None,
    };
    let cancel = CancelRequested {
        reason: "r".into(),
        skip_compensation: false,
    };
    [
        MessageBody::Start(start),
        MessageBody::ChildEnded(ended.clone()),
        MessageBody::CancelChild(cancel),
        MessageBody::CompensateChild(Empty {}),
        MessageBody::ChildCompensated(ended),
    ]
}

fn slot_bodies() -> Vec<Body> {
    let sent = messages().map(|body| {
        SlotBody::MessageSent(MessageSent {
            from_slot: 1,
            to_slot: 2,
            number: 3,
            to: vec![4; 16].into(),
            message: Some(Box::new(Envelope { body: Some(body) })),
        })
    });
    let mark = MessageTaken {
        from_slot: 1,
        to_slot: 2,
        number: 3,
    };
    let key = KeyTaken {
        key: "k".into(),
        id: vec![5; 16].into(),
        digest: vec![6; 32].into(),
        expires_at: 10,
    };
    let facts = [
        SlotBody::KeyTaken(key),
        SlotBody::MessageTaken(mark),
        SlotBody::MessageAcknowledged(mark),
    ];
    let slots = facts.into_iter().chain(sent);
    let slots = slots.map(|body| Body::Slot(SlotFact { body: Some(body) }));
    slots
        .chain([
            Body::OwnerOpened(OwnerOpened {
                epoch: 2,
                node: "n".into(),
            }),
            Body::CatalogChanged(CatalogChanged {
                version: 3,
                resources: vec!["{}".into()],
                reason: "r".into(),
                ..CatalogChanged::default()
            }),
            Body::InstanceDeleted(InstanceDeleted {
                id: vec![7; 16].into(),
                reason: "r".into(),
            }),
        ])
        .collect()
}

fn act_bodies() -> Vec<Body> {
    vec![Body::CatalogChanged(CatalogChanged {
        version: 3,
        reason: "r".into(),
        act: "node-drained".into(),
        node: "n".into(),
        ..CatalogChanged::default()
    })]
}
