//! The circuit breaker of one target: a state machine without clock and without nodes.
//!
//! | state | what happens | becomes |
//! | --- | --- | --- |
//! | closed | enough calls within the window, enough of them failed | open |
//! | closed | any other calls | closed |
//! | open | its time is over | half-open |
//! | open | late results of calls that began before | open |
//! | half-open | a probe failed | open |
//! | half-open | the last of the probes succeeded | closed, with an empty window |
//! | half-open | late results of calls that began before | half-open |
//! | any | reset | closed, with an empty window |

use std::collections::VecDeque;

use definition::BreakerSpec;

/// Parts of a window that are counted apart: a call leaves it at most a tenth of its length late.
const SLICES: u64 = 10;

/// Where a breaker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go out.
    #[default]
    Closed,
    /// None does.
    Open,
    /// Probes do.
    HalfOpen,
}

impl BreakerState {
    /// The word for people: `closed`, `open`, `half-open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// A change that outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It opened.
    Opened,
    /// A probe failed: it is open for as long again.
    Reopened,
    /// It closed.
    Closed,
}

/// The breaker of one target.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker {
    state: BreakerState,
    /// When the state began, and when an open one may probe; milliseconds by the boot-time clock.
    since: u64,
    until: u64,
    /// Counts the times that it was half-open: results of an earlier round say nothing any more.
    round: u64,
    /// Probes of this round that succeeded.
    good: u32,
    /// Number of the slice, calls and failures in it; the newest last.
    window: VecDeque<(u64, u32, u32)>,
    /// Why it opened.
    why: String,
}

impl Breaker {
    /// A closed one. Rounds are counted from a number that no home before has reached, so that what
    /// nodes tell of its rounds is not taken for one of these.
    pub(super) fn new(now: u64) -> Self {
        Self {
            since: now,
            round: now,
            ..Self::default()
        }
    }

    /// One that was open when its home before ended.
    pub(super) fn restored(now: u64, since: u64, until: u64, why: &str) -> Self {
        Self {
            state: BreakerState::Open,
            since,
            until,
            why: why.to_owned(),
            ..Self::new(now)
        }
    }

    /// Where it is at this moment.
    pub(super) fn state(&mut self, now: u64) -> BreakerState {
        if self.state == BreakerState::Open && now >= self.until {
            self.state = BreakerState::HalfOpen;
            self.since = now;
            self.round += 1;
            self.good = 0;
        }
        self.state
    }

    /// When the state began.
    pub(super) fn since(&self) -> u64 {
        self.since
    }

    /// When an open one may probe.
    pub(super) fn until(&self) -> u64 {
        self.until
    }

    /// The number of this half-open round.
    pub(super) fn round(&self) -> u64 {
        self.round
    }

    /// Why it opened last.
    pub(super) fn why(&self) -> &str {
        &self.why
    }

    /// Calls came back, so many of them failed. Only a closed breaker cares.
    pub(super) fn record(
        &mut self,
        now: u64,
        spec: &BreakerSpec,
        calls: u32,
        failed: u32,
    ) -> Option<Change> {
        if self.state(now) != BreakerState::Closed || calls == 0 {
            return None;
        }
        let slice = now / slice_ms(spec);
        match self.window.back_mut() {
            Some((number, all, bad)) if *number == slice => {
                *all = all.saturating_add(calls);
                *bad = bad.saturating_add(failed);
            }
            _ => self.window.push_back((slice, calls, failed)),
        }
        let (all, bad) = self.counted(now, spec);
        let share = f64::from(bad) / f64::from(all.max(1));
        // A good call never opens it, however bad the window is.
        if failed == 0 || all < spec.min_calls || share < spec.failure_rate {
            return None;
        }
        self.why = format!("{bad} of {all} calls failed");
        self.open(now, spec);
        Some(Change::Opened)
    }

    /// Probes of this round came back.
    pub(super) fn probed(
        &mut self,
        now: u64,
        spec: &BreakerSpec,
        good: u32,
        bad: u32,
    ) -> Option<Change> {
        if self.state(now) != BreakerState::HalfOpen {
            return None;
        }
        if bad > 0 {
            self.open(now, spec);
            return Some(Change::Reopened);
        }
        self.good = self.good.saturating_add(good);
        if good == 0 || self.good < spec.half_open_calls {
            return None;
        }
        self.close(now);
        Some(Change::Closed)
    }

    /// How many probes may begin besides those that are out, `held` in all.
    pub(super) fn free_probes(&mut self, now: u64, spec: &BreakerSpec, held: u32) -> u32 {
        match self.state(now) {
            BreakerState::HalfOpen => spec
                .half_open_calls
                .saturating_sub(self.good)
                .saturating_sub(held),
            BreakerState::Closed | BreakerState::Open => 0,
        }
    }

    /// Somebody says that all is well; says whether that was news.
    pub(super) fn reset(&mut self, now: u64) -> bool {
        let was_closed = self.state == BreakerState::Closed;
        self.close(now);
        !was_closed
    }

    /// Calls within the window, and how many of them failed.
    pub(super) fn counted(&mut self, now: u64, spec: &BreakerSpec) -> (u32, u32) {
        let newest = now / slice_ms(spec);
        while let Some((number, ..)) = self.window.front()
            && number + SLICES <= newest
        {
            self.window.pop_front();
        }
        let add = |(all, bad): (u32, u32), (_, calls, failed): &(u64, u32, u32)| {
            (all.saturating_add(*calls), bad.saturating_add(*failed))
        };
        self.window.iter().fold((0, 0), add)
    }

    fn open(&mut self, now: u64, spec: &BreakerSpec) {
        self.state = BreakerState::Open;
        self.since = now;
        self.until = now + spec.open_for_ms;
        self.window.clear();
    }

    fn close(&mut self, now: u64) {
        self.state = BreakerState::Closed;
        self.since = now;
        self.window.clear();
        self.why.clear();
    }
}

fn slice_ms(spec: &BreakerSpec) -> u64 {
    (spec.window_ms / SLICES).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use definition::OnOpen;
    use proptest::prelude::*;

    fn spec() -> BreakerSpec {
        BreakerSpec {
            window_ms: 1_000,
            min_calls: 4,
            failure_rate: 0.5,
            slow_call_ms: None,
            open_for_ms: 100,
            half_open_calls: 2,
            on_open: OnOpen::Wait,
        }
    }

    /// When, what (calls and failures, or probes good and bad), and the state afterwards.
    enum Event {
        Calls(u32, u32),
        Probes(u32, u32),
        Look,
        Reset,
    }
    use BreakerState::{Closed, HalfOpen, Open};
    use Event::{Calls, Look, Probes, Reset};

    fn check(events: &[(u64, Event, BreakerState)]) {
        let (mut breaker, spec) = (Breaker::default(), spec());
        for (line, (now, event, expected)) in events.iter().enumerate() {
            match event {
                Calls(calls, failed) => drop(breaker.record(*now, &spec, *calls, *failed)),
                Probes(good, bad) => drop(breaker.probed(*now, &spec, *good, *bad)),
                Look => {}
                Reset => drop(breaker.reset(*now)),
            }
            assert_eq!(breaker.state(*now), *expected, "line {line}");
        }
    }

    #[test]
    fn it_opens_when_enough_of_enough_failed() {
        check(&[
            (0, Calls(3, 3), Closed),
            (10, Calls(1, 0), Closed),
            (20, Calls(1, 1), Open),
        ]);
        check(&[
            (0, Calls(3, 0), Closed),
            (1, Calls(2, 2), Closed),
            (2, Calls(1, 1), Open),
        ]);
    }

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        check(&[
            (0, Calls(3, 3), Closed),
            (1_000, Calls(3, 3), Closed),
            (1_950, Calls(1, 1), Open),
        ]);
    }

    #[test]
    fn probes_close_it_or_open_it_again() {
        check(&[
            (0, Calls(4, 4), Open),
            (99, Look, Open),
            (100, Look, HalfOpen),
            (110, Probes(1, 0), HalfOpen),
            (120, Probes(0, 1), Open),
            (219, Look, Open),
            (220, Probes(1, 0), HalfOpen),
            (221, Probes(1, 0), Closed),
            (222, Calls(3, 3), Closed),
        ]);
    }

    #[test]
    fn late_results_change_nothing() {
        check(&[
            (0, Calls(4, 4), Open),
            (50, Calls(9, 9), Open),
            (60, Probes(2, 0), Open),
            (100, Calls(9, 9), HalfOpen),
            (150, Calls(9, 0), HalfOpen),
        ]);
    }

    #[test]
    fn a_reset_closes_it_and_forgets() {
        check(&[
            (0, Calls(4, 4), Open),
            (1, Reset, Closed),
            (2, Calls(3, 3), Closed),
            (3, Reset, Closed),
            (4, Calls(3, 3), Closed),
        ]);
    }

    proptest! {
        /// Probes of a round never exceed their number, however results come in, and an open breaker
        /// is left by nothing but its time or a reset.
        #[test]
        fn probes_are_bounded_and_open_lasts(
            steps in prop::collection::vec((0_u64..60, 0_u32..4, 0_u32..4, any::<bool>()), 1..200),
        ) {
            let (mut breaker, spec) = (Breaker::default(), spec());
            let (mut now, mut held, mut round, mut begun) = (0, 0_u32, 0, 0);
            let mut open_until = None;
            for (passed, calls, bad, returns) in steps {
                now += passed;
                let state = breaker.state(now);
                if let Some(until) = open_until {
                    prop_assert!(state != Closed);
                    prop_assert_eq!(state == Open, now < until);
                }
                if breaker.round() != round {
                    (round, begun, held) = (breaker.round(), 0, 0);
                }
                if state == HalfOpen && returns && held > 0 {
                    held -= 1;
                    let failed = u32::from(bad == 0);
                    breaker.probed(now, &spec, 1 - failed, failed);
                } else if state == HalfOpen {
                    let free = breaker.free_probes(now, &spec, held);
                    (held, begun) = (held + free, begun + free);
                    prop_assert!(begun <= spec.half_open_calls);
                } else {
                    breaker.record(now, &spec, calls, bad.min(calls));
                }
                open_until = (breaker.state(now) == Open).then(|| breaker.until());
            }
        }
    }
}
