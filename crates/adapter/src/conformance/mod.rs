//! The suite that each kind of adapter passes.
//!
//! A test crate puts its adapter into the situations of [`Scenario`] against a real server and calls
//! [`run`]. What a kind cannot meet (an in-process adapter has no connection to be refused) it declares
//! as a gap; nothing is skipped silently.

mod suite;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use crate::call::Call;
use crate::connector::Adapter;

pub use suite::run;

/// Value of the secret that the suite plants; the stage's adapter must know it as [`SECRET_NAME`].
pub const SECRET_VALUE: &str = "planted/secret+value=77";

/// Name of the planted secret.
pub const SECRET_NAME: &str = "planted";

/// A situation in which an adapter is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// The other side does what it is asked and answers `{"ok": true}`.
    Succeeds,
    /// The other side says no, for good.
    RefusesForGood,
    /// The other side says "not now" and has done nothing.
    RefusesForNow,
    /// The other side takes the call and never answers.
    Hangs,
    /// Nobody listens.
    Unreachable,
    /// The other side answers with the secret it was sent (in the call's input).
    RepeatsSecret,
    /// The other side refuses with a text that holds the secret it was sent.
    RefusesWithSecret,
    /// The other side answers with more than the adapter takes.
    AnswersTooMuch,
}

/// All situations.
pub const SCENARIOS: [Scenario; 8] = [
    Scenario::Succeeds,
    Scenario::RefusesForGood,
    Scenario::RefusesForNow,
    Scenario::Hangs,
    Scenario::Unreachable,
    Scenario::RepeatsSecret,
    Scenario::RefusesWithSecret,
    Scenario::AnswersTooMuch,
];

/// An adapter in a situation.
pub struct Stage {
    /// As [`crate::Registry::build`] made it.
    pub adapter: Arc<dyn Adapter>,
    /// Action to call.
    pub action: Option<Arc<str>>,
    /// Input that brings the situation about.
    pub input: Value,
}

/// What the other side was told about a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The idempotency key.
    pub idempotency_key: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
    /// The trace context.
    pub traceparent: Option<String>,
    /// Whether the planted secret arrived, readable.
    pub secret: bool,
}

/// What a test crate provides.
#[async_trait]
pub trait Theatre: Send + Sync {
    /// Situations that this kind cannot be in.
    fn gaps(&self) -> &[Scenario];

    /// Whether the kind sends anything out of the process, so that `Seen` means something.
    fn sees_calls(&self) -> bool;

    /// Brings a situation about; never called for a gap.
    async fn stage(&self, scenario: Scenario) -> Stage;

    /// What has arrived at the other side since the last question.
    async fn seen(&self) -> Vec<Seen>;
}

/// A call as the suite makes it; tests of a kind may start from it.
#[must_use]
pub fn example_call(action: Option<Arc<str>>, input: &Value) -> Call {
    Call {
        adapter: "tested".into(),
        action,
        input: Bytes::from(input.to_string()),
        input_secrets: Arc::new([SECRET_NAME.to_owned()]),
        undo: None,
        idempotency_key: "instance-7/charge/1".into(),
        correlation_id: "correlation-7".into(),
        instance_id: "instance-7".into(),
        step: "charge".into(),
        attempt: 1,
        target: None,
        timeout_ms: 10_000,
        callback: None,
        env: Arc::new(Value::Object(serde_json::Map::new())),
    }
}
