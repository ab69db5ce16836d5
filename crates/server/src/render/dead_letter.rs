//! Dead letters as the API shows them.

use api::{DeadLetter, DeadLetterAttempt, DeadLetterError, DeadLetterSettled, Json, Time};
use definition::Catalog;
use runtime::{LetterAttempt, LetterError, LetterSettled, LetterStatus};

/// A letter. Where its input is its instance's own, it is masked as that is.
pub fn dead_letter(letter: runtime::DeadLetter, catalog: &Catalog) -> DeadLetter {
    let what = match letter.action.as_str() {
        "" if letter.event.is_some() => letter.workflow.clone(),
        "" => letter.adapter.clone(),
        action => format!("{}/{action}", letter.adapter),
    };
    let mut input = letter.input;
    let definition = catalog.recorded_workflow(&letter.workflow, &letter.version);
    if let Some(definition) = definition.filter(|_| letter.own_input) {
        definition.mask_input(&mut input);
    }
    let waits = letter.status == LetterStatus::Pending;
    DeadLetter {
        id: letter.id.to_string(),
        kind: letter.kind,
        status: letter.status.as_str().to_owned(),
        workflow_id: letter
            .event
            .is_none()
            .then(|| letter.workflow_id.to_string()),
        event_id: letter.event.map(|id| id.to_string()),
        workflow: letter.workflow,
        version: letter.version,
        step: letter.step,
        what,
        input: waits.then(|| Json::from_value(&input)),
        error: error(letter.error),
        attempts: letter.attempts.into_iter().map(attempt).collect(),
        attempt_count: letter.attempt_count,
        correlation_id: letter.correlation_id,
        at: Time(letter.at),
        settled: letter.settled.map(settled),
    }
}

fn error(error: LetterError) -> DeadLetterError {
    DeadLetterError {
        kind: error.error_type,
        message: error.message,
    }
}

fn attempt(attempt: LetterAttempt) -> DeadLetterAttempt {
    let effect = if attempt.effect_unknown {
        "unknown"
    } else {
        "none"
    };
    DeadLetterAttempt {
        attempt: attempt.attempt,
        at: Time(attempt.at),
        error: error(attempt.error),
        effect: effect.to_owned(),
        target: attempt.target,
    }
}

fn settled(settled: LetterSettled) -> DeadLetterSettled {
    DeadLetterSettled {
        by: settled.by,
        at: Time(settled.at),
        reason: settled.reason,
        cause: settled.cause,
        workflow_id: settled.instance.map(|id| id.to_string()),
    }
}
