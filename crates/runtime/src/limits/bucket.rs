//! A token bucket: so many calls per time, so many at once after a quiet time.

use definition::RateSpec;

/// The bucket of one adapter. What is in it is counted in parts of a call, so that nothing is lost
/// by rounding: a millisecond brings `calls` parts, a call takes `per_ms` of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    spec: RateSpec,
    parts: u64,
    /// Until when it was filled, milliseconds by the boot-time clock.
    at: u64,
}

impl Bucket {
    /// An empty one: whoever kept it before may have given all of it away.
    pub(super) fn new(spec: RateSpec, now: u64) -> Self {
        Self {
            spec,
            parts: 0,
            at: now,
        }
    }

    /// Changes the rate; what is in it stays, as far as there is room.
    pub(super) fn set(&mut self, spec: RateSpec, now: u64) {
        if self.spec == spec {
            return;
        }
        self.fill(now);
        let whole = self.parts / self.spec.per_ms;
        self.spec = spec;
        self.parts = (whole * spec.per_ms).min(self.most());
    }

    /// Takes out as many calls as are wanted and there.
    pub(super) fn take(&mut self, now: u64, wanted: u32) -> u32 {
        let given = self.there(now).min(wanted);
        self.parts -= u64::from(given) * self.spec.per_ms;
        given
    }

    /// How many calls may begin now.
    pub(super) fn there(&mut self, now: u64) -> u32 {
        self.fill(now);
        u32::try_from(self.parts / self.spec.per_ms).unwrap_or(u32::MAX)
    }

    /// How long until one call may begin, in milliseconds.
    pub(super) fn next_in(&mut self, now: u64) -> u64 {
        self.fill(now);
        let missing = self.spec.per_ms.saturating_sub(self.parts);
        missing.div_ceil(u64::from(self.spec.calls))
    }

    fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.at);
        let more = passed.saturating_mul(u64::from(self.spec.calls));
        self.parts = self.parts.saturating_add(more).min(self.most());
        self.at = self.at.max(now);
    }

    fn most(&self) -> u64 {
        u64::from(self.spec.burst) * self.spec.per_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str, burst: u32) -> RateSpec {
        RateSpec::parse(text, Some(burst)).expect("a rate")
    }

    #[test]
    fn it_fills_with_time_up_to_the_burst() {
        let mut bucket = Bucket::new(rate("10/s", 3), 0);
        assert_eq!((bucket.take(0, 1), bucket.next_in(0)), (0, 100));
        assert_eq!((bucket.take(250, 9), bucket.next_in(250)), (2, 50));
        assert_eq!(bucket.take(300, 9), 1);
        assert_eq!(bucket.take(9_000, 9), 3, "no more than the burst");
    }

    #[test]
    fn slow_rates_lose_nothing() {
        let mut bucket = Bucket::new(rate("7/h", 1), 0);
        let hour = 3_600_000;
        let given: u32 = (0..=hour).step_by(997).map(|now| bucket.take(now, 1)).sum();
        assert!((6..=7).contains(&given), "{given}");
    }

    #[test]
    fn another_rate_keeps_what_is_there() {
        let mut bucket = Bucket::new(rate("10/s", 5), 0);
        bucket.set(rate("1/m", 2), 1_000);
        assert_eq!((bucket.take(1_000, 9), bucket.next_in(1_000)), (2, 60_000));
    }

    proptest! {
        /// In any stretch of time no more is given than the burst and what the time brings.
        #[test]
        fn never_above_the_rate(
            steps in prop::collection::vec((0_u64..500, 0_u32..20), 1..100),
            calls in 1_u32..50, burst in 1_u32..10,
        ) {
            let spec = RateSpec { calls, per_ms: 1_000, burst };
            let mut bucket = Bucket::new(spec, 0);
            let mut given: Vec<(u64, u64)> = vec![];
            let mut now = 0;
            for (passed, wanted) in steps {
                now += passed;
                given.push((now, u64::from(bucket.take(now, wanted))));
                let mut sum = 0;
                for (at, count) in given.iter().rev() {
                    sum += count;
                    prop_assert!(sum * 1_000 <= u64::from(burst) * 1_000 + (now - at) * u64::from(calls));
                }
            }
        }
    }
}
