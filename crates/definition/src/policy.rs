//! Retry policies: their fields, the built-in ones, and how one is resolved; and retention.

mod built_in;
mod read;
mod resolve;
mod retention;
mod rule;

pub use built_in::{BUILT_IN, built_in};
pub(crate) use read::{read_retry_choice, read_retry_policy};
pub use resolve::{Explained, Origin, PlanExplanation};
pub(crate) use resolve::{explain, resolve};
pub use retention::RetentionRule;
pub(crate) use retention::{
    check_default_keep, check_retention_rule, name_of_rule, read_default_keep, read_retention_rule,
};
pub use rule::PolicyRule;
pub(crate) use rule::{check_policy_rule, name_of_policy_rule, read_policy_rule};

/// What a retry policy says; unset fields come from further down the precedence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in total; `Attempts::Unlimited` never gives up.
    pub max_attempts: Option<Attempts>,
    /// Before the second attempt, in milliseconds.
    pub initial_interval_ms: Option<u64>,
    /// Growth from one interval to the next.
    pub multiplier: Option<f64>,
    /// No interval is longer, in milliseconds.
    pub max_interval_ms: Option<u64>,
    /// How intervals are spread.
    pub jitter: Option<Jitter>,
    /// No attempt begins later than this after the first, in milliseconds.
    pub max_elapsed_ms: Option<u64>,
    /// Only errors that match one of these are retried; empty means all retryable ones.
    pub retry_on: Option<Vec<String>>,
    /// Errors that match one of these are never retried.
    pub never_on: Option<Vec<String>>,
    /// When no attempt is left or the error is not retryable.
    pub on_exhausted: Option<OnExhausted>,
}

/// How many attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// At most so many, at least 1.
    Limited(u32),
    /// No limit.
    Unlimited,
}

/// How intervals are spread so that clients do not return together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Uniform between zero and the interval.
    Full,
    /// The interval itself.
    None,
}

/// What follows the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExhausted {
    /// The step fails.
    Fail,
    /// The step is failed, the list goes on.
    Continue,
    /// A person decides.
    Man,
    /// The step fails, and its call is kept whole.
    DeadLetter,
}

/// A policy with every field resolved: what the engine records with a step.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPlan {
    /// Attempts in total; 0 means unlimited.
    pub max_attempts: u32,
    /// Before the second attempt, in milliseconds.
    pub initial_interval_ms: u64,
    /// Growth from one interval to the next.
    pub multiplier: f64,
    /// No interval is longer, in milliseconds.
    pub max_interval_ms: u64,
    /// How intervals are spread.
    pub jitter: Jitter,
    /// No attempt begins later than this after the first, in milliseconds; 0 means no limit.
    pub max_elapsed_ms: u64,
    /// Only these are retried; empty means all retryable errors.
    pub retry_on: Vec<String>,
    /// These are never retried.
    pub never_on: Vec<String>,
    /// When no attempt is left or the error is not retryable.
    pub on_exhausted: OnExhausted,
    /// Of one attempt, in milliseconds.
    pub timeout_ms: u64,
}
