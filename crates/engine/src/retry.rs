//! When the next attempt is due.

use definition::error_matches;

use crate::command::Entropy;
use crate::record::{Failure, Plan};

/// What is known when an attempt has failed.
pub(crate) struct Failed<'a> {
    /// Why.
    pub error: &'a Failure,
    /// Attempts of the present run so far, this one included.
    pub attempts: u32,
    /// When the run's first attempt began.
    pub first_at: i64,
    /// Now.
    pub now: i64,
    /// The other side asked for so long, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// When the next attempt is due; none if the plan allows no further one.
pub(crate) fn next_due(plan: &Plan, failed: &Failed<'_>, entropy: &mut Entropy) -> Option<i64> {
    let left = plan.max_attempts == 0 || failed.attempts < plan.max_attempts;
    if !left || !is_retried(plan, failed.error) {
        return None;
    }
    let interval = interval_ms(plan, failed.attempts);
    let wait = if plan.full_jitter {
        entropy.up_to(interval)
    } else {
        interval
    };
    let wait = wait.max(failed.retry_after_ms.unwrap_or(0));
    let due = failed.now.saturating_add_unsigned(wait);
    let elapsed = due.saturating_sub(failed.first_at);
    let too_late = plan.max_elapsed_ms > 0 && elapsed.unsigned_abs() > plan.max_elapsed_ms;
    (!too_late).then_some(due)
}

fn is_retried(plan: &Plan, error: &Failure) -> bool {
    let named = |patterns: &[String]| {
        patterns
            .iter()
            .any(|one| error_matches(one, &error.error_type))
    };
    if named(&plan.never_on) {
        return false;
    }
    if plan.retry_on.is_empty() {
        error.retryable
    } else {
        named(&plan.retry_on)
    }
}

/// `initial * multiplier ^ (attempts - 1)`, at most the plan's longest.
fn interval_ms(plan: &Plan, attempts: u32) -> u64 {
    let exponent = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX);
    let factor = plan.multiplier.max(1.0).powi(exponent);
    let longest = plan.max_interval_ms.max(plan.initial_interval_ms);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the longest interval before it is cast back"
    )]
    let interval = (plan.initial_interval_ms as f64 * factor).min(longest as f64) as u64;
    interval
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            max_attempts: 4,
            initial_interval_ms: 100,
            multiplier: 2.0,
            max_interval_ms: 300,
            ..Plan::default()
        }
    }

    fn check(change: impl FnOnce(&mut Plan, &mut Failure), attempts: u32, expected: Option<i64>) {
        let (mut plan, mut error) = (
            plan(),
            Failure {
                retryable: true,
                ..Failure::default()
            },
        );
        error.error_type = "http.503".into();
        change(&mut plan, &mut error);
        let failed = Failed {
            error: &error,
            attempts,
            first_at: 1_000,
            now: 2_000,
            retry_after_ms: None,
        };
        assert_eq!(next_due(&plan, &failed, &mut Entropy::new(1)), expected);
    }

    #[test]
    fn intervals_grow_to_the_longest_and_end_with_the_attempts() {
        check(|_, _| (), 1, Some(2_100));
        check(|_, _| (), 2, Some(2_200));
        check(|_, _| (), 3, Some(2_300));
        check(|_, _| (), 4, None);
        check(|plan, _| plan.max_attempts = 0, 60, Some(2_300));
    }

    #[test]
    fn only_what_the_plan_names_is_retried() {
        check(|_, error| error.retryable = false, 1, None);
        check(|plan, _| plan.never_on = vec!["http.*".into()], 1, None);
        check(|plan, _| plan.retry_on = vec!["timeout".into()], 1, None);
        check(
            |plan, error| {
                plan.retry_on = vec!["http.503".into()];
                error.retryable = false;
            },
            1,
            Some(2_100),
        );
        check(|plan, _| plan.max_elapsed_ms = 1_050, 1, None);
    }

    #[test]
    fn retry_after_is_honoured() {
        let error = Failure {
            retryable: true,
            ..Failure::default()
        };
        let failed = Failed {
            error: &error,
            attempts: 1,
            first_at: 0,
            now: 0,
            retry_after_ms: Some(5_000),
        };
        assert_eq!(
            next_due(&plan(), &failed, &mut Entropy::new(1)),
            Some(5_000)
        );
    }
}
