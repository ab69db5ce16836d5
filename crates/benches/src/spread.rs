//! Many figures as few: percentiles of one run, median and spread of its repeats.

use serde::{Deserialize, Serialize};

/// How long things took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Latency {
    /// How many were timed.
    pub(crate) count: usize,
    /// Half of them were faster.
    pub(crate) p50_ms: f64,
    /// 95 of 100 were faster.
    pub(crate) p95_ms: f64,
    /// 99 of 100 were faster.
    pub(crate) p99_ms: f64,
    /// The slowest.
    pub(crate) max_ms: f64,
}

impl Latency {
    /// Of durations in nanoseconds.
    pub(crate) fn of(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        let at = |share: f64| {
            let last = nanos.len().saturating_sub(1);
            let place = (last as f64 * share).round() as usize;
            nanos.get(place).map_or(0.0, |nanos| *nanos as f64 / 1e6)
        };
        Self {
            count: nanos.len(),
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }
}

/// What repeats of one measurement showed.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Spread {
    /// Half of the repeats were lower.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) lowest: f64,
    /// The highest.
    pub(crate) highest: f64,
}

impl Spread {
    /// Of the repeats' figures.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let Some(last) = sorted.len().checked_sub(1) else {
            return Self::default();
        };
        let (below, above) = (sorted[last / 2], sorted[last.div_ceil(2)]);
        Self {
            median: f64::midpoint(below, above),
            lowest: sorted[0],
            highest: sorted[last],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted() {
        let latency = Latency::of((1..=101).rev().map(|ms| ms * 1_000_000).collect());
        assert_eq!(
            (latency.p50_ms, latency.p95_ms, latency.max_ms),
            (51.0, 96.0, 101.0)
        );
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]);
        assert_eq!(
            (spread.median, spread.lowest, spread.highest),
            (2.5, 1.0, 4.0)
        );
        assert_eq!(Spread::of([7.0]).median, 7.0);
        assert_eq!(Spread::of([]).median, 0.0);
    }
}
