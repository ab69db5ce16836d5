//! Opening the lanes of a loop no faster than its rate: each lane uses up a share of the time, and one
//! may be opened when what was used up has passed (the generic cell rate algorithm).

use definition::RateSpec;

use super::Decider;
use crate::command::TimerKind;
use crate::record::{Body, LanesPaced, StepRef};

/// Lanes that fall into so many milliseconds are opened together.
const TOGETHER_MS: u64 = 10;

/// What a rate allows at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    rate: RateSpec,
    /// Since the loop began: milliseconds times lanes per unit, in which one lane costs the unit.
    passed: u64,
    used: u64,
}

impl Pace {
    /// At so many milliseconds since the loop began, where lanes have used up so much.
    pub(super) fn at(rate: RateSpec, elapsed_ms: u64, used: u64) -> Self {
        Self {
            rate,
            passed: elapsed_ms.saturating_mul(u64::from(rate.calls)),
            used,
        }
    }

    /// How many lanes may be opened now.
    pub(super) fn room(self) -> u32 {
        let until = self.passed.saturating_add(self.ahead());
        let from = self.used.max(self.passed);
        let room = match until.checked_sub(from) {
            Some(left) => left / self.rate.per_ms + 1,
            None => 0,
        };
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// What is used up when so many more are opened.
    pub(super) fn used_by(self, lanes: u32) -> u64 {
        let more = u64::from(lanes).saturating_mul(self.rate.per_ms);
        match lanes {
            0 => self.used,
            _ => self.used.max(self.passed).saturating_add(more),
        }
    }

    /// When the next one may be opened, in milliseconds since the loop began.
    pub(super) fn next_ms(self, used: u64) -> u64 {
        let due = used.saturating_sub(self.ahead());
        due.div_ceil(u64::from(self.rate.calls))
    }

    /// So far ahead of the time lanes may be.
    fn ahead(self) -> u64 {
        let together = u64::from(self.rate.calls) * TOGETHER_MS / self.rate.per_ms;
        together.saturating_sub(1) * self.rate.per_ms
    }
}

impl Decider<'_, '_> {
    /// How a loop stands with its rate.
    pub(super) fn pace(&self, at: StepRef, rate: RateSpec) -> Pace {
        let step = self.step_state(at);
        let elapsed_ms = u64::try_from(self.now() - step.started_at).unwrap_or(0);
        let used = step.block.as_deref().map_or(0, |block| block.paced);
        Pace::at(rate, elapsed_ms, used)
    }

    /// `opened` of the `wanted` lanes were opened; what is left waits for its time.
    pub(super) fn paced(&mut self, at: StepRef, pace: Pace, opened: u32, wanted: u32) {
        let used = pace.used_by(opened);
        let (due_before, began) = (self.step_state(at).due_at, self.step_state(at).started_at);
        let due_at = match opened < wanted {
            true => began.saturating_add_unsigned(pace.next_ms(used)),
            false => 0,
        };
        if opened == 0 && due_at == due_before {
            return;
        }
        self.emit(Body::LanesPaced(LanesPaced { at, used, due_at }));
        if due_at > 0 {
            self.set_timer(due_at, TimerKind::Wait, at);
        }
    }

    /// The time of further lanes has come: its loop is looked at.
    pub(super) fn lanes_due(&mut self, at: StepRef) {
        let step = self.step_state(at);
        let used = step.block.as_deref().map_or(0, |block| block.paced);
        self.emit(Body::LanesPaced(LanesPaced {
            at,
            used,
            due_at: 0,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lanes opened at each look, so many milliseconds after the loop began.
    fn check(rate: &str, looks: &[u64], expected: &[u32]) {
        let rate = RateSpec::parse(rate, None).expect("a rate");
        let mut used = 0;
        let opened = looks.iter().map(|elapsed| {
            let pace = Pace::at(rate, *elapsed, used);
            let room = pace.room();
            used = pace.used_by(room);
            room
        });
        assert_eq!(opened.collect::<Vec<_>>(), expected, "{rate:?}");
    }

    #[test]
    fn lanes_are_opened_evenly_and_what_was_missed_is_not_made_up_for() {
        check(
            "10/s",
            &[0, 50, 100, 100, 1_000, 1_050, 1_100],
            &[1, 0, 1, 0, 1, 0, 1],
        );
        check("1/m", &[0, 59_999, 60_000], &[1, 0, 1]);
        check("500/s", &[0, 1, 10, 20], &[5, 0, 5, 5]);
    }

    #[test]
    fn the_next_one_has_its_time() {
        let rate = RateSpec::parse("10/s", None).expect("a rate");
        let pace = Pace::at(rate, 0, 0);
        assert_eq!(pace.next_ms(pace.used_by(1)), 100);
        let fast = RateSpec::parse("3/s", None).expect("a rate");
        let pace = Pace::at(fast, 1_000, 0);
        assert_eq!(pace.next_ms(pace.used_by(1)), 1_334);
    }
}
