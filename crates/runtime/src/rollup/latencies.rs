//! Durations counted in buckets that grow with what they hold: histograms of one bounded size that add up.

use prost::Message;

/// Below this each millisecond has a bucket of its own.
const EXACT: u64 = 16;
/// Buckets of each doubling above: a bucket is at most an eighth as wide as what it holds is long.
const PER_DOUBLING: u64 = 8;
/// Longer ones (49 days) are counted as this long.
const LONGEST_MS: u64 = (1 << 32) - 1;

/// A histogram of durations in milliseconds, of at most 240 buckets.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Latencies {
    /// By bucket, as far as any is filled.
    #[prost(uint64, repeated, tag = "1")]
    counts: Vec<u64>,
    /// All durations together, in milliseconds.
    #[prost(uint64, tag = "2")]
    sum_ms: u64,
    /// The longest, in milliseconds.
    #[prost(uint64, tag = "3")]
    max_ms: u64,
}

impl Latencies {
    /// Counts a duration; a negative one, which a clock that was put back makes, as none.
    pub fn add(&mut self, duration_ms: i64) {
        let ms = u64::try_from(duration_ms).unwrap_or(0).min(LONGEST_MS);
        let bucket = bucket_of(ms);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.sum_ms += ms;
        self.max_ms = self.max_ms.max(ms);
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        let sum = |sum: u64, count: &u64| sum.saturating_add(*count);
        self.counts.iter().fold(0, sum)
    }

    /// Their mean, in milliseconds; none without any.
    pub fn mean_ms(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum_ms as f64 / count as f64)
    }

    /// The longest, in milliseconds.
    pub const fn max_ms(&self) -> u64 {
        self.max_ms
    }

    /// What a share `q` (0 to 1) of them does not exceed, in milliseconds, to about a sixteenth; none
    /// without any.
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (q * count as f64).ceil().clamp(1.0, count as f64);
        let mut before = 0.0;
        for (bucket, here) in (0..).zip(&self.counts) {
            let here = *here as f64;
            if here > 0.0 && before + here >= rank {
                let (from, to) = (lower_ms(bucket) as f64, lower_ms(bucket + 1) as f64);
                let within = match bucket < EXACT {
                    true => 0.0,
                    false => (to - from) * (rank - before) / here,
                };
                return Some((from + within).min(self.max_ms as f64));
            }
            before += here;
        }
        Some(self.max_ms as f64)
    }
}

fn bucket_of(ms: u64) -> usize {
    let bucket = if ms < EXACT {
        ms
    } else {
        let doubling = u64::from(ms.ilog2());
        let within = (ms >> (doubling - 3)) & (PER_DOUBLING - 1);
        EXACT + (doubling - 4) * PER_DOUBLING + within
    };
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

/// The shortest duration of a bucket, in milliseconds.
const fn lower_ms(bucket: u64) -> u64 {
    if bucket < EXACT {
        return bucket;
    }
    let (doublings, within) = (
        (bucket - EXACT) / PER_DOUBLING,
        (bucket - EXACT) % PER_DOUBLING,
    );
    (PER_DOUBLING + within) << (doublings + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(durations: &[i64]) -> Latencies {
        let mut latencies = Latencies::default();
        durations.iter().for_each(|ms| latencies.add(*ms));
        latencies
    }

    #[test]
    fn buckets_follow_one_another_and_are_bounded() {
        let mut last = 0;
        for ms in 0..100_000 {
            let bucket = bucket_of(ms);
            assert!(bucket == last || bucket == last + 1, "{ms}");
            assert!(lower_ms(bucket as u64) <= ms && ms < lower_ms(bucket as u64 + 1));
            last = bucket;
        }
        assert_eq!(bucket_of(LONGEST_MS), 239);
        assert_eq!(of(&[i64::MAX, -5]).counts.len(), 240);
    }

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let all: Vec<i64> = (1..=1_000).collect();
        let latencies = of(&all);
        assert_eq!(
            (latencies.count(), latencies.mean_ms()),
            (1_000, Some(500.5))
        );
        for (q, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0), (1.0, 1_000.0)] {
            let found = latencies.quantile_ms(q).expect("there are some");
            assert!((found - exact).abs() <= exact / 16.0, "{q}: {found}");
        }
        assert_eq!(of(&[3, 3, 9]).quantile_ms(0.5), Some(3.0));
        assert_eq!(of(&[7_000]).quantile_ms(0.99), Some(7_000.0));
        assert_eq!(of(&[]).quantile_ms(0.5), None);
    }

    proptest! {
        #[test]
        fn adding_up_is_counting_all(a in prop::collection::vec(0_i64..1 << 40, 0..50), b in prop::collection::vec(0_i64..1 << 40, 0..50)) {
            let mut merged = of(&a);
            merged.merge(&of(&b));
            let all: Vec<i64> = a.into_iter().chain(b).collect();
            prop_assert_eq!(&merged, &of(&all));
            let read = Latencies::decode(merged.encode_to_vec().as_slice());
            prop_assert_eq!(read, Ok(merged));
        }
    }
}
