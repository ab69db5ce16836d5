//! Records of operations on many, and of dead letters.

use engine::record::*;

use super::{error, payload, task};

pub fn bodies() -> Vec<Body> {
    let id: bytes::Bytes = vec![8; 16].into();
    let finding = OperationFinding {
        item: vec![9; 16].into(),
        failed: true,
        message: "m".into(),
    };
    let facts = [
        SlotBody::OperationMade(OperationMade {
            id: id.clone(),
            asked: "{}".into(),
            actor: "ann".into(),
            reason: "r".into(),
            at: 1,
            total: 2,
        }),
        SlotBody::OperationTaken(OperationTaken {
            id: id.clone(),
            step: 1,
            at: 2,
            items: vec![vec![9; 16].into()],
            next: "n".into(),
        }),
        SlotBody::OperationWorked(OperationWorked {
            id: id.clone(),
            step: 2,
            at: 3,
            done: 4,
            refused: 5,
            failed: 6,
            findings: vec![finding],
        }),
        SlotBody::OperationTurned(OperationTurned {
            id,
            at: 4,
            turn: OperationTurn::Cancel as i32,
            reason: "r".into(),
        }),
        SlotBody::DeadLetterSettled(DeadLetterSettled {
            id: vec![8; 16].into(),
            how: Settled::Discarded as i32,
            at: 5,
            reason: "r".into(),
            row: "{}".into(),
        }),
    ];
    let facts = facts.into_iter();
    let facts = facts.map(|body| Body::Slot(SlotFact { body: Some(body) }));
    let note = AttemptNote {
        attempt: 1,
        at: 2,
        error: error(),
        target: "t".into(),
    };
    let letter = DeadLettered {
        id: vec![8; 16].into(),
        task: task(),
        adapter: "a".into(),
        action: "b".into(),
        input: payload(),
        error: error(),
        attempts: vec![note],
    };
    facts
        .chain([Body::DeadLettered(Box::new(letter))])
        .collect()
}
