//! What the runtime asks of an adapter.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

/// One attempt of one step, handed to an adapter.
///
/// Every attempt of the same intention bears the same `idempotency_key`.
#[derive(Clone, Debug)]
pub struct Call {
    /// Name of the adapter, as the catalog knows it.
    pub adapter: Arc<str>,
    /// Action of the adapter; `None` takes the adapter's `default-action`.
    pub action: Option<Arc<str>>,
    /// The evaluated input as JSON text; may hold `{"$secret": name}` leaves, which the guard replaces
    /// just before the call is sent.
    pub input: Bytes,
    /// Names of the secrets that the step's own definition refers to. Only these are filled in: a
    /// `{"$secret": ...}` that came from outside as data stays data.
    pub input_secrets: Arc<[String]>,
    /// Present when the call compensates a step.
    pub undo: Option<Undo>,
    /// Same for all attempts of one intention.
    pub idempotency_key: String,
    /// Persists over everything that one cause set in motion.
    pub correlation_id: String,
    /// Instance on whose behalf the call is made; `workflow.id` in templates.
    pub instance_id: String,
    /// Path of the step within the instance.
    pub step: Arc<str>,
    /// Number of this attempt, from 1.
    pub attempt: u32,
    /// Which of the adapter's targets is to be called, by its place in [`crate::Adapter::targets`];
    /// none: the adapter chooses.
    pub target: Option<usize>,
    /// How long the attempt may take; the guard enforces it.
    pub timeout_ms: u64,
    /// Where the other side may deliver the result later; only used by actions with `async: callback`.
    pub callback: Option<CallbackUrl>,
    /// Values of `env.*`, a JSON object.
    pub env: Arc<Value>,
}

impl Call {
    /// The W3C trace context of the attempt: one trace per correlation id, one span per attempt.
    /// Worked out only by adapters that pass it on.
    #[must_use]
    pub fn traceparent(&self) -> String {
        let trace = blake3::hash(self.correlation_id.as_bytes()).to_hex();
        let attempt = format!("{}#{}", self.idempotency_key, self.attempt);
        let span = blake3::hash(attempt.as_bytes()).to_hex();
        format!("00-{}-{}-01", &trace[..32], &span[..16])
    }
}

/// The step that a compensation undoes: `call.input` and `call.output` in templates.
#[derive(Clone, Debug)]
pub struct Undo {
    /// Input of the completed step, JSON text.
    pub input: Bytes,
    /// Its output, JSON text; `null` when its effect is unknown.
    pub output: Bytes,
}

/// An unguessable, single-use address at which a task is completed from outside.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackUrl(String);

impl CallbackUrl {
    /// Wraps an absolute URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL; whoever knows it can complete the task, so it belongs into the call and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CallbackUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallbackUrl(***)")
    }
}
