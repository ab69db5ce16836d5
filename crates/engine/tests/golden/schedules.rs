//! Records of schedules.

use engine::record::*;

use super::error;

pub fn bodies() -> Vec<Body> {
    let ticked = ScheduleTicked {
        workflow: "w".into(),
        trigger: "0-schedule".into(),
        number: 1,
        at: 2,
        outcome: TickOutcome::Refused as i32,
        by: TickBy::Person as i32,
        tick: 3,
        cursor: 4,
        missed: 5,
        instance: vec![9; 16].into(),
        error: Some(error()),
        told: "every 1000".into(),
        request: vec![8; 16].into(),
        reason: "r".into(),
    };
    let turned = ScheduleTurned {
        workflow: "w".into(),
        trigger: "0-schedule".into(),
        number: 2,
        at: 3,
        turn: ScheduleTurn::Backfill as i32,
        reason: "r".into(),
        after: 4,
        until: 5,
        ticks: 6,
        request: vec![8; 16].into(),
        actor: "ann".into(),
    };
    let facts = [
        SlotBody::ScheduleTicked(Box::new(ticked)),
        SlotBody::ScheduleTurned(turned),
    ];
    let facts = facts.into_iter();
    facts
        .map(|body| Body::Slot(SlotFact { body: Some(body) }))
        .collect()
}
