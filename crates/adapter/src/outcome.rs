//! How an attempt ended.

use bytes::Bytes;
use serde_json::Value;

/// Upper bound of [`Exchange::response_snippet`], in bytes.
pub const RESPONSE_SNIPPET_BYTES: usize = 2 * 1024;

/// How an attempt ended, as far as the adapter can tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Done; the output is at hand.
    Success(Success),
    /// The other side took the call and will deliver the result to the callback: the task stays open.
    Accepted(Accepted),
    /// Not done, or nobody knows.
    Failure(Failure),
}

/// A completed call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Success {
    /// Output as JSON text.
    pub output: Bytes,
    /// Endpoint that answered, if the adapter has endpoints.
    pub target: Option<String>,
    /// Masked picture of request and response.
    pub exchange: Option<Box<Exchange>>,
}

/// A call whose result comes later, through its callback.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    /// Endpoint that answered.
    pub target: Option<String>,
    /// Masked picture of request and response.
    pub exchange: Option<Box<Exchange>>,
}

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Stable name that retry policies and `catch` match, see [`error_type`].
    pub error_type: String,
    /// One sentence for people.
    pub message: String,
    /// Whether another attempt may succeed.
    pub retryable: bool,
    /// Whether something may have happened on the other side.
    pub effect: Effect,
    /// What else the other side said, JSON.
    pub details: Option<Value>,
    /// The other side's wish for the next attempt (`Retry-After`), in milliseconds from now.
    pub retry_after_ms: Option<u64>,
    /// Endpoint that was called.
    pub target: Option<String>,
    /// Masked picture of request and response.
    pub exchange: Option<Box<Exchange>>,
}

/// What a failed call may have done on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Certainly nothing.
    None,
    /// Perhaps something: a saga has to undo it, a retry has to repeat the same idempotency key.
    Unknown,
}

/// Request and response as shown to people: credentials masked, sizes bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// HTTP method, or what corresponds to it.
    pub method: String,
    /// Address that was called.
    pub url: String,
    /// Status of the answer, if one came.
    pub status: Option<u16>,
    /// Headers as sent; the values of credentials are `***`.
    pub request_headers: Vec<(String, String)>,
    /// The beginning of the answer, at most [`RESPONSE_SNIPPET_BYTES`].
    pub response_snippet: String,
    /// From the start of the attempt to its end.
    pub duration_ms: u64,
}

impl Failure {
    /// A failure that is certain to have changed nothing and that a repetition will not mend.
    #[must_use]
    pub fn permanent(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_type: error_type.into(),
            message: message.into(),
            retryable: false,
            effect: Effect::None,
            details: None,
            retry_after_ms: None,
            target: None,
            exchange: None,
        }
    }

    /// A failure that another attempt may mend.
    #[must_use]
    pub fn retryable(
        error_type: impl Into<String>,
        message: impl Into<String>,
        effect: Effect,
    ) -> Self {
        Self {
            retryable: true,
            effect,
            ..Self::permanent(error_type, message)
        }
    }

    /// The call took longer than it may; what it did is unknown.
    #[must_use]
    pub fn timed_out(timeout_ms: u64) -> Self {
        let message = format!("expected an answer within {timeout_ms} ms, but none came");
        Self::retryable(error_type::TIMEOUT, message, Effect::Unknown)
    }

    /// The same failure with details.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl Success {
    /// A success with nothing but an output.
    #[must_use]
    pub fn of(output: impl Into<Bytes>) -> Self {
        Self {
            output: output.into(),
            ..Self::default()
        }
    }
}

impl Outcome {
    /// Whether the call completed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success(_))
    }

    /// The failure, if it is one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::Success(_) | Self::Accepted(_) => None,
        }
    }

    /// The masked picture of request and response.
    #[must_use]
    pub fn exchange(&self) -> Option<&Exchange> {
        match self {
            Self::Success(success) => success.exchange.as_deref(),
            Self::Accepted(accepted) => accepted.exchange.as_deref(),
            Self::Failure(failure) => failure.exchange.as_deref(),
        }
    }
}

impl From<Success> for Outcome {
    fn from(success: Success) -> Self {
        Self::Success(success)
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// The error types that adapters give. `http.<status>` is made from the status itself.
pub mod error_type {
    /// No answer within the attempt's time.
    pub const TIMEOUT: &str = "timeout";
    /// No connection could be made.
    pub const CONNECT: &str = "connect";
    /// The host's name could not be resolved.
    pub const DNS: &str = "dns";
    /// The connection was lost after something had been sent.
    pub const CONNECTION_LOST: &str = "connection-lost";
    /// The target's circuit breaker is open, and calls are not to wait.
    pub const CIRCUIT_OPEN: &str = "circuit-open";
    /// The call was called off before it was made: nobody needs it any more.
    pub const CALLED_OFF: &str = "called-off";
    /// The settings of the adapter do not fit the call.
    pub const CONFIG: &str = "adapter.config";
    /// The adapter has no such action.
    pub const UNKNOWN_ACTION: &str = "adapter.unknown-action";
    /// A secret is missing or its source out of reach.
    pub const SECRET: &str = "secret";
    /// Credentials could not be obtained.
    pub const AUTH: &str = "auth";
    /// The address is not allowed, see [`crate::OutboundPolicy`].
    pub const OUTBOUND_REFUSED: &str = "outbound-refused";
    /// An expression of the settings failed.
    pub const EXPRESSION: &str = "expression";
    /// A value does not fit its schema.
    pub const VALIDATION: &str = "validation";
    /// Input or output is larger than allowed.
    pub const PAYLOAD_TOO_LARGE: &str = "payload-too-large";
    /// The input is not what the action expects.
    pub const INPUT: &str = "input";
}
