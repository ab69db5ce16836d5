//! What an answer, or its absence, means.
//!
//! | what came | retryable | effect |
//! | --- | --- | --- |
//! | 2xx | success | |
//! | 3xx, 4xx but those below | no | none |
//! | 425, 429, 503 | yes | none |
//! | 408, 5xx but 503 | yes | unknown |
//! | address refused | no | none |
//! | name unknown, no connection | yes | none |
//! | time-out, connection lost | yes | unknown |
//! | 2xx larger than allowed | no | unknown |

use std::time::SystemTime;

use adapter::{Accepted, Effect, Failure, Outcome, Refused, Success, error_type};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::client::describe;
use super::exchange::snippet;
use super::outbound::DnsError;

/// Longest quotation from an answer in a message, in characters.
const QUOTE_CHARS: usize = 300;

/// Error bodies up to this size are kept as JSON, in bytes.
const DETAILS_BYTES: usize = 16 * 1024;

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether `body` is all of it.
    pub(super) complete: bool,
}

/// What was asked for, as far as it matters to the judgement.
#[derive(Clone, Copy)]
pub(super) struct Question {
    /// The call compensates a step.
    pub(super) is_undo: bool,
    /// A 202 means that the result comes through the callback.
    pub(super) calls_back: bool,
    /// Bound of a good answer, in bytes.
    pub(super) max_payload: u64,
}

/// Judges an answer.
pub(super) fn judge(answer: &Answer, question: Question) -> Outcome {
    let status = answer.status;
    if question.is_undo && matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE) {
        return Success::of(json!({"nothing_to_undo": true}).to_string()).into();
    }
    if !status.is_success() {
        return refusal(answer).into();
    }
    if question.calls_back && status == StatusCode::ACCEPTED {
        return Outcome::Accepted(Accepted::default());
    }
    if !answer.complete {
        return too_large(question.max_payload).into();
    }
    Success::of(output(answer)).into()
}

/// Whether a status is worth a repetition, and what it says about the effect.
pub(super) fn class(status: StatusCode) -> (bool, Effect) {
    match status.as_u16() {
        425 | 429 | 503 => (true, Effect::None),
        408 | 500..=599 => (true, Effect::Unknown),
        _ => (false, Effect::None),
    }
}

fn refusal(answer: &Answer) -> Failure {
    let status = answer.status;
    let (retryable, effect) = class(status);
    let body = parsed(answer);
    let mut message = format!("expected a 2xx answer, but got {status}");
    if let Some(said) = body.as_ref().and_then(said) {
        message = format!("{message}: {said}");
    }
    let body = match body {
        Some(body) if answer.body.len() <= DETAILS_BYTES => body,
        Some(_) | None => Value::String(snippet(&answer.body)),
    };
    Failure {
        retryable,
        effect,
        retry_after_ms: retry_after_ms(&answer.headers, SystemTime::now()),
        ..Failure::permanent(format!("http.{}", status.as_u16()), message)
            .with_details(json!({"status": status.as_u16(), "body": body}))
    }
}

fn too_large(max_payload: u64) -> Failure {
    let message = format!("expected an answer of at most {max_payload} bytes, but it is larger");
    Failure {
        effect: Effect::Unknown,
        ..Failure::permanent(error_type::PAYLOAD_TOO_LARGE, message)
    }
}

/// What an error body says in words, where it follows one of the usual forms.
fn said(body: &Value) -> Option<String> {
    let keys = ["detail", "message", "title", "error_description", "error"];
    let text = keys.iter().find_map(|key| match body.get(key)? {
        Value::Object(inner) => inner.get("message")?.as_str(),
        other => other.as_str(),
    })?;
    Some(text.chars().take(QUOTE_CHARS).collect())
}

fn parsed(answer: &Answer) -> Option<Value> {
    if answer.body.is_empty() {
        return Some(Value::Null);
    }
    if !answer.complete || !is_json(&answer.headers) {
        return None;
    }
    serde_json::from_slice(&answer.body).ok()
}

/// JSON, or no word about it, which many small services mean as JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json") || essence == "text/json"
}

/// A JSON body as it came, byte for byte; nothing as null; anything else described.
fn output(answer: &Answer) -> Bytes {
    if answer.body.is_empty() {
        return Bytes::from_static(b"null");
    }
    if parsed(answer).is_some() {
        return answer.body.clone();
    }
    let mut described = json!({
        "status": answer.status.as_u16(),
        "headers": header_map(&answer.headers),
    });
    match std::str::from_utf8(&answer.body) {
        Ok(text) => described["body"] = text.into(),
        Err(_) => {
            described["body"] = STANDARD.encode(&answer.body).into();
            described["encoding"] = "base64".into();
        }
    }
    described.to_string().into()
}

fn header_map(headers: &HeaderMap) -> Value {
    let mut map = Map::new();
    for name in headers.keys().filter(|name| *name != "set-cookie") {
        let values = headers.get_all(name).iter();
        let texts: Vec<_> = values
            .map(|v| String::from_utf8_lossy(v.as_bytes()))
            .collect();
        map.insert(name.to_string(), texts.join(", ").into());
    }
    Value::Object(map)
}

/// Seconds, or a date.
fn retry_after_ms(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let wait = at.duration_since(now).unwrap_or_default();
    u64::try_from(wait.as_millis()).ok()
}

/// Judges a call that got no answer. `moved`: another request had already been answered by a redirect.
pub(super) fn of_error(error: &reqwest::Error, moved: bool) -> Failure {
    let mut failure = unanswered(error);
    if moved {
        failure.effect = Effect::Unknown;
    }
    failure
}

fn unanswered(error: &reqwest::Error) -> Failure {
    if let Some(refused) = cause::<Refused>(error) {
        return Failure::permanent(error_type::OUTBOUND_REFUSED, refused.to_string());
    }
    if let Some(unknown) = cause::<DnsError>(error) {
        return Failure::retryable(error_type::DNS, unknown.to_string(), Effect::None);
    }
    let reason = describe(error);
    if error.is_connect() {
        let message = format!("expected a connection, but there is none: {reason}");
        return Failure::retryable(error_type::CONNECT, message, Effect::None);
    }
    if error.is_builder() {
        let message = format!("the request cannot be made: {reason}");
        return Failure::permanent(error_type::CONFIG, message);
    }
    let message = format!("expected an answer, but the connection was lost: {reason}");
    Failure::retryable(error_type::CONNECTION_LOST, message, Effect::Unknown)
}

/// The cause of that type, however deep.
fn cause<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(found) = inner.downcast_ref::<E>() {
            return Some(found);
        }
        cause = inner.source();
    }
    None
}
