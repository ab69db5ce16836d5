//! What a call may come to.

use engine::record::Failure;
use engine::{Id, Payload, TaskOutcome};
use serde_json::json;

use crate::random::Random;

/// The error types that calls fail with, whether they are worth another attempt, and whether they
/// may have taken effect.
const FAILURES: [(&str, bool, bool); 8] = [
    ("http.503", true, false),
    ("http.500", true, true),
    ("timeout", true, true),
    ("connection-lost", true, true),
    ("connect", true, false),
    ("http.422", false, false),
    ("http.404", false, false),
    ("broken", false, true),
];

/// An output that another instance kept.
pub(super) fn kept(random: &mut Random) -> TaskOutcome {
    let by = Id::new(1, 1, random.bits());
    match success(random) {
        TaskOutcome::Completed { output, .. } => TaskOutcome::Completed {
            output,
            target: String::new(),
            exchange: String::new(),
            kept_by: Some(by),
        },
        other => other,
    }
}

/// A call's good end.
pub(super) fn success(random: &mut Random) -> TaskOutcome {
    let output = json!({ "n": random.between(0, 9), "found": random.chance(50), "output": { "late": true } });
    TaskOutcome::Completed {
        output: Payload::from_value(output),
        target: "simulated".to_owned(),
        exchange: String::new(),
        kept_by: None,
    }
}

/// A call's bad end.
pub(super) fn failure(random: &mut Random) -> TaskOutcome {
    let (error_type, retryable, effect_unknown) = *random.pick(&FAILURES);
    TaskOutcome::Failed {
        error: Failure {
            error_type: error_type.to_owned(),
            message: "simulated".to_owned(),
            retryable,
            effect_unknown,
            ..Failure::default()
        },
        retry_after_ms: random.chance(10).then(|| random.between(0, 4_000)),
        target: String::new(),
        exchange: String::new(),
    }
}
