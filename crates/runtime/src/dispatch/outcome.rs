//! An adapter's outcome as the engine understands it.

use adapter::{Effect, Exchange, Outcome};
use engine::record::Failure;
use engine::{Payload, TaskOutcome};
use serde_json::json;

use super::adapters::UNKNOWN_ADAPTER;
use crate::limits::Came;

/// Outputs up to this size are taken; a larger one fails the call.
const OUTPUT_LIMIT: usize = 1 << 20;

/// The engine's words for what came of a call. `expires_at` is when an accepted one is given up.
pub(super) fn task_outcome(outcome: Outcome, expires_at: i64) -> TaskOutcome {
    match outcome {
        Outcome::Success(success) if success.output.len() > OUTPUT_LIMIT => {
            too_large(success.output.len())
        }
        Outcome::Success(success) => TaskOutcome::Completed {
            output: Payload::from_bytes(success.output),
            target: success.target.unwrap_or_default(),
            exchange: exchange_text(success.exchange.as_deref()),
            kept_by: None,
        },
        Outcome::Accepted(_) => TaskOutcome::Accepted { expires_at },
        Outcome::Failure(failure) => TaskOutcome::Failed {
            retry_after_ms: failure.retry_after_ms,
            target: failure.target.unwrap_or_default(),
            exchange: exchange_text(failure.exchange.as_deref()),
            error: Failure {
                error_type: failure.error_type,
                message: failure.message,
                retryable: failure.retryable,
                effect_unknown: failure.effect == Effect::Unknown,
                details: failure
                    .details
                    .map(|details| details.to_string())
                    .unwrap_or_default(),
                step: String::new(),
            },
        },
    }
}

/// Error types that say that the call never got to its target.
const NOT_SENT: [&str; 8] = [
    adapter::error_type::CONFIG,
    adapter::error_type::UNKNOWN_ACTION,
    adapter::error_type::SECRET,
    adapter::error_type::OUTBOUND_REFUSED,
    adapter::error_type::EXPRESSION,
    adapter::error_type::INPUT,
    adapter::error_type::VALIDATION,
    UNKNOWN_ADAPTER,
];

/// What a call says about its target, which took so long. A target that refuses what it was sent is
/// well.
pub(super) fn came_of(outcome: &TaskOutcome, took_ms: u64) -> Came {
    match outcome {
        TaskOutcome::Completed { .. } | TaskOutcome::Accepted { .. } => Came::Answered(took_ms),
        TaskOutcome::Failed { error, .. } if NOT_SENT.contains(&error.error_type.as_str()) => {
            Came::Nothing
        }
        TaskOutcome::Failed { error, .. } if error.retryable || error.effect_unknown => {
            Came::Failed
        }
        TaskOutcome::Failed { .. } => Came::Answered(took_ms),
    }
}

fn too_large(size: usize) -> TaskOutcome {
    let message = format!("expected an output of at most {OUTPUT_LIMIT} bytes, but got {size}");
    let failure = adapter::Failure {
        effect: Effect::Unknown,
        ..adapter::Failure::permanent(adapter::error_type::PAYLOAD_TOO_LARGE, message)
    };
    task_outcome(failure.into(), 0)
}

fn exchange_text(exchange: Option<&Exchange>) -> String {
    let Some(exchange) = exchange else {
        return String::new();
    };
    let headers: Vec<_> = exchange
        .request_headers
        .iter()
        .map(|(name, value)| json!([name, value]))
        .collect();
    json!({
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "request_headers": headers,
        "response_snippet": exchange.response_snippet,
        "duration_ms": exchange.duration_ms,
    })
    .to_string()
}
