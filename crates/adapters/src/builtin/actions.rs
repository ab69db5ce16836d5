//! The actions of `builtin`.

use std::time::Duration;

use adapter::{Call, CallSecrets, Connector, Failure, Outcome, Success, error_type, nearest};
use async_trait::async_trait;
use bytes::Bytes;
use expression::duration;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::validate::Validators;

/// All actions.
pub(super) const NAMES: [&str; 5] = ["transform", "validate", "log", "delay", "echo"];

/// Longest message that is logged, in bytes.
const MESSAGE_BYTES: usize = 8 * 1024;

/// The actions with what they keep between calls.
pub(super) struct BuiltinConnector {
    default_action: Option<String>,
    validators: Validators,
}

impl BuiltinConnector {
    pub(super) fn new(default_action: Option<&str>) -> Self {
        Self {
            default_action: default_action.map(str::to_owned),
            validators: Validators::default(),
        }
    }
}

#[async_trait]
impl Connector for BuiltinConnector {
    fn is_in_process(&self) -> bool {
        true
    }

    async fn send(&self, call: Call, secrets: &CallSecrets) -> Outcome {
        let action = call.action.as_deref().or(self.default_action.as_deref());
        let result = match action {
            Some("echo") => Ok(call.input),
            Some("transform") => transform(&call.input),
            Some("log") => log(&call, secrets),
            Some("delay") => delay(&call).await,
            Some("validate") => self.validators.validate(&call.input),
            Some(other) => Err(unknown(other)),
            None => Err(no_action()),
        };
        match result {
            Ok(output) => Success::of(output).into(),
            Err(failure) => Outcome::Failure(*failure),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transform<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
}

/// `value`, as a slice of the input.
fn transform(input: &Bytes) -> Result<Bytes, Box<Failure>> {
    let Transform { value } = read(input, "{value}")?;
    Ok(input.slice_ref(value.get().as_bytes()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    message: Value,
}

/// Writes a line that bears the ids of the step. A secret of the input is not written.
fn log(call: &Call, secrets: &CallSecrets) -> Result<Bytes, Box<Failure>> {
    let Log { message } = read(&call.input, "{message}")?;
    let text = match message {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut text = on_one_line(&secrets.mask(&text));
    let mut end = text.len().min(MESSAGE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    tracing::info!(
        instance = call.instance_id,
        step = &*call.step,
        correlation_id = call.correlation_id,
        attempt = call.attempt,
        "{text}"
    );
    Ok(Bytes::from_static(b"null"))
}

/// A message cannot look like more than one line of the log.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delay {
    r#for: String,
}

/// Waits within the attempt; a durable wait is the step `wait`.
async fn delay(call: &Call) -> Result<Bytes, Box<Failure>> {
    let Delay { r#for: text } = read(&call.input, "{for}")?;
    let wait_ms = duration::parse(&text).map_err(|error| wrong(error.to_string()))?;
    tokio::time::sleep(Duration::from_millis(wait_ms.min(call.timeout_ms))).await;
    if wait_ms > call.timeout_ms {
        return Err(Box::new(Failure::timed_out(call.timeout_ms)));
    }
    Ok(Bytes::from_static(b"null"))
}

/// Reads the input of an action.
pub(super) fn read<'a, T: Deserialize<'a>>(
    input: &'a [u8],
    expected: &str,
) -> Result<T, Box<Failure>> {
    serde_json::from_slice(input)
        .map_err(|error| wrong(format!("expected `{expected}` as input, but {error}")))
}

/// A failure because of the input.
pub(super) fn wrong(message: String) -> Box<Failure> {
    Box::new(Failure::permanent(error_type::INPUT, message))
}

fn unknown(name: &str) -> Box<Failure> {
    let known = NAMES.join("`, `");
    let hint = nearest(name, NAMES.into_iter()).map(|near| format!(" (did you mean `{near}`?)"));
    let hint = hint.unwrap_or_default();
    let message = format!("expected one of `{known}`, but found `{name}`{hint}");
    Box::new(Failure::permanent(error_type::UNKNOWN_ACTION, message))
}

fn no_action() -> Box<Failure> {
    let message = "expected an action, but none is named and there is no `default-action`";
    Box::new(Failure::permanent(error_type::UNKNOWN_ACTION, message))
}
