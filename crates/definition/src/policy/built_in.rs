use super::{Attempts, Jitter, OnExhausted, RetryPolicy};

/// The names of the built-in policies; each may be redefined under `policies.retry`.
pub const BUILT_IN: [&str; 4] = ["standard", "critical", "optional", "none"];

/// A built-in policy with every field set.
#[must_use]
pub fn built_in(name: &str) -> Option<RetryPolicy> {
    let standard = standard();
    match name {
        "standard" => Some(standard),
        "critical" => Some(RetryPolicy {
            max_attempts: Some(Attempts::Limited(10)),
            max_interval_ms: Some(600_000),
            on_exhausted: Some(OnExhausted::Man),
            ..standard
        }),
        "optional" => Some(RetryPolicy {
            max_attempts: Some(Attempts::Limited(2)),
            on_exhausted: Some(OnExhausted::Continue),
            ..standard
        }),
        "none" => Some(RetryPolicy {
            max_attempts: Some(Attempts::Limited(1)),
            ..standard
        }),
        _ => None,
    }
}

/// What fills every gap: 5 attempts, 1 s doubling up to 1 min, fully jittered.
pub(super) fn standard() -> RetryPolicy {
    RetryPolicy {
        max_attempts: Some(Attempts::Limited(5)),
        initial_interval_ms: Some(1_000),
        multiplier: Some(2.0),
        max_interval_ms: Some(60_000),
        jitter: Some(Jitter::Full),
        max_elapsed_ms: Some(0),
        retry_on: Some(Vec::new()),
        never_on: Some(Vec::new()),
        on_exhausted: Some(OnExhausted::Fail),
    }
}
