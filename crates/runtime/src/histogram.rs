//! Values counted in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds for durations, in microseconds: from what one sync of a fast disk takes to what nobody waits for.
pub const DURATIONS_US: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
];

/// Counts values in buckets with fixed upper bounds. Adding one costs two atomic additions: it takes no lock and
/// allocates nothing, so that it may stand in the path of every request.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is above the last.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// An empty one with these upper bounds, which must ascend; a value belongs to the first that is not below it.
    pub fn new(bounds: &'static [u64]) -> Self {
        Self {
            bounds,
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
        }
    }

    /// Counts a value, in the unit of the bounds.
    pub fn add(&self, value: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts a duration, where the bounds are microseconds.
    pub fn add_duration(&self, duration: Duration) {
        self.add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    /// What was counted so far.
    pub fn spread(&self) -> Spread {
        let counts = self.counts.iter();
        Spread {
            bounds: self.bounds,
            counts: counts.map(|count| count.load(Ordering::Relaxed)).collect(),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// A [`Histogram`] at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Upper bounds, ascending, in the histogram's unit.
    pub bounds: &'static [u64],
    /// The values in each bucket alone; the last is of those above all bounds.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
}

impl Spread {
    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_belongs_to_the_first_bound_that_is_not_below_it() {
        let histogram = Histogram::new(&[10, 100]);
        for value in [0, 10, 11, 100, 101, 5_000] {
            histogram.add(value);
        }
        let spread = histogram.spread();
        assert_eq!(spread.counts, [2, 2, 2]);
        assert_eq!((spread.count(), spread.sum), (6, 5_222));
    }

    #[test]
    fn durations_are_microseconds() {
        let histogram = Histogram::new(DURATIONS_US);
        histogram.add_duration(Duration::from_nanos(100_999));
        assert_eq!(histogram.spread().counts[0], 1);
        assert!(DURATIONS_US.is_sorted());
    }
}
