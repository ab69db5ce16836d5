//! The switch of a service: how it treats the requests that reach it.

use serde::{Deserialize, Serialize};

/// The longest delay that a switch takes: ten minutes.
const MAX_DELAY_MS: u64 = 600_000;

/// What a service does with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Answers as it should.
    #[default]
    Ok,
    /// Answers as it should, `delay_ms` later.
    Slow,
    /// Answers with `status`.
    Failing,
    /// Does not listen: connections are refused, and open ones are cut.
    Down,
}

/// How a service behaves until it is told otherwise. The body of `PUT /_switch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// What happens to a request.
    #[serde(default)]
    pub mode: Mode,
    /// The delay of `slow`, in milliseconds, at most ten minutes.
    #[serde(default = "default_delay_ms")]
    pub delay_ms: u64,
    /// The status of `failing`, 400 to 599.
    #[serde(default = "default_status")]
    pub status: u16,
    /// After so many requests the service is `ok` again; absent: it stays so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// `failing` only: do the work first and fail the answer, so that the caller cannot know what happened.
    #[serde(default)]
    pub after_effect: bool,
}

fn default_delay_ms() -> u64 {
    2_000
}

fn default_status() -> u16 {
    503
}

impl Default for Switch {
    fn default() -> Self {
        Self {
            mode: Mode::Ok,
            delay_ms: default_delay_ms(),
            status: default_status(),
            times: None,
            after_effect: false,
        }
    }
}

impl Switch {
    /// A switch in that mode with everything else as by default.
    #[must_use]
    pub fn to(mode: Mode) -> Self {
        Self {
            mode,
            ..Self::default()
        }
    }

    /// What is wrong with the values, in a sentence for the caller.
    pub(crate) fn problem(&self) -> Option<String> {
        if !(400..=599).contains(&self.status) {
            return Some(format!(
                "expected a status of 400 to 599, but got {}",
                self.status
            ));
        }
        if self.delay_ms > MAX_DELAY_MS {
            return Some(format!(
                "expected a delay_ms of at most {MAX_DELAY_MS}, but got {}",
                self.delay_ms
            ));
        }
        match (self.mode, self.times) {
            (_, Some(0)) => Some("expected times to be 1 or more, but got 0".to_owned()),
            (Mode::Down, Some(_)) => Some(
                "times counts requests, but a service that is down gets none: switch it back with mode ok"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// The behaviour for one request that has just come; counts `times` down.
    pub(crate) fn take_turn(&mut self) -> Self {
        let now = self.clone();
        if let Some(left) = self.times.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                *self = Self::default();
            }
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, problem: Option<&str>) {
        let switch: Switch = serde_json::from_str(json).unwrap();
        let found = switch.problem();
        assert_eq!(found.is_some(), problem.is_some(), "{json}: {found:?}");
        if let (Some(found), Some(part)) = (found, problem) {
            assert!(found.contains(part), "{json}: {found}");
        }
    }

    #[test]
    fn impossible_values_are_refused() {
        check(r#"{"mode": "ok"}"#, None);
        check(r#"{"mode": "slow", "delay_ms": 50}"#, None);
        check(r#"{"mode": "failing", "status": 500, "times": 2}"#, None);
        check(r#"{"mode": "failing", "status": 200}"#, Some("400 to 599"));
        check(
            r#"{"mode": "slow", "delay_ms": 600001}"#,
            Some("at most 600000"),
        );
        check(r#"{"mode": "slow", "times": 0}"#, Some("1 or more"));
        check(r#"{"mode": "down", "times": 3}"#, Some("gets none"));
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert!(serde_json::from_str::<Switch>(r#"{"mod": "ok"}"#).is_err());
    }

    #[test]
    fn it_is_ok_again_after_so_many_times() {
        let mut switch = Switch {
            times: Some(2),
            ..Switch::to(Mode::Failing)
        };
        let modes: Vec<Mode> = (0..3).map(|_| switch.take_turn().mode).collect();
        assert_eq!(modes, [Mode::Failing, Mode::Failing, Mode::Ok]);
    }

    #[test]
    fn without_times_it_stays() {
        let mut switch = Switch::to(Mode::Slow);
        assert!((0..100).all(|_| switch.take_turn().mode == Mode::Slow));
    }
}
