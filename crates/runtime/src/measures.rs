//! What a running node measures of itself, for those who watch it.

use std::sync::atomic::Ordering;

use crate::health::{Figures, PartitionHealth, Stats};
use crate::histogram::{DURATIONS_US, Histogram, Spread};
use crate::limits::TargetStanding;
use crate::shared::Shared;

/// Bounds for the records of a batch.
const RECORDS: &[u64] = &[
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000,
];
/// Bounds for the bytes of a batch as it is stored.
const BYTES: &[u64] = &[
    256,
    1 << 10,
    4 << 10,
    16 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
    4 << 20,
];

/// Bounds for how long people took, in seconds: from a moment to a month.
const REVIEW_S: &[u64] = &[
    10, 60, 300, 900, 3_600, 14_400, 28_800, 86_400, 172_800, 604_800, 2_592_000,
];

/// What is counted by size or duration, beside the [`Stats`].
#[derive(Debug)]
pub(crate) struct Histograms {
    pub(crate) commit_us: Histogram,
    pub(crate) batch_records: Histogram,
    pub(crate) batch_bytes: Histogram,
    pub(crate) timer_lateness_us: Histogram,
    pub(crate) tick_lateness_us: Histogram,
    pub(crate) projection_us: Histogram,
    pub(crate) review_s: Histogram,
}

impl Default for Histograms {
    fn default() -> Self {
        Self {
            commit_us: Histogram::new(DURATIONS_US),
            batch_records: Histogram::new(RECORDS),
            batch_bytes: Histogram::new(BYTES),
            timer_lateness_us: Histogram::new(DURATIONS_US),
            tick_lateness_us: Histogram::new(DURATIONS_US),
            projection_us: Histogram::new(DURATIONS_US),
            review_s: Histogram::new(REVIEW_S),
        }
    }
}

/// Everything that a node measures of itself, at one moment.
#[derive(Clone, Debug)]
pub struct Measures {
    /// Counters since the start.
    pub figures: Figures,
    /// Each partition.
    pub partitions: Vec<PartitionHealth>,
    /// Each adapter that was called since the start, by name.
    pub adapters: Vec<AdapterLoad>,
    /// From handing a batch to the store until its partition knows that it is durable, repeats included, in
    /// microseconds.
    pub commit_us: Spread,
    /// Records of a durable batch.
    pub batch_records: Spread,
    /// Bytes of a durable batch, as it is stored.
    pub batch_bytes: Spread,
    /// From a timer's due time until it fired, in microseconds.
    pub timer_lateness_us: Spread,
    /// From when a tick of a schedule was due until it was taken, in microseconds.
    pub tick_lateness_us: Spread,
    /// The projector's writes, repeats included, in microseconds.
    pub projection_us: Spread,
    /// From the request of a decision until it was made, in seconds.
    pub review_s: Spread,
}

/// How much one adapter has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterLoad {
    /// The adapter's name.
    pub adapter: String,
    /// Calls begun since the start.
    pub started: u64,
    /// Calls under way.
    pub running: u64,
    /// Calls that wait for room.
    pub waiting: u64,
    /// Its targets, if anything limits it.
    pub targets: Vec<TargetStanding>,
}

impl Shared {
    /// How each partition stands.
    pub(crate) fn partitions(&self) -> Vec<PartitionHealth> {
        let ports = (0..).zip(&self.ports);
        ports
            .map(|(id, port)| PartitionHealth {
                id,
                open: port.is_open(),
                head: port.head.get(),
                reached: port.reached.get(),
                mailbox: port.waiting(),
                internal: port.internal_waiting.load(Ordering::Relaxed),
                hot: port.hot.load(Ordering::Relaxed),
                timers: port.timers.load(Ordering::Relaxed),
                turns_waiting: port.turns_waiting.load(Ordering::Relaxed),
                windows: port.windows.load(Ordering::Relaxed),
            })
            .collect()
    }

    /// Everything measured, now.
    pub(crate) fn measures(&self) -> Measures {
        let Stats { histograms, .. } = &self.stats;
        Measures {
            figures: self.stats.figures(),
            partitions: self.partitions(),
            adapters: self.dispatcher.measured(self),
            commit_us: histograms.commit_us.spread(),
            batch_records: histograms.batch_records.spread(),
            batch_bytes: histograms.batch_bytes.spread(),
            timer_lateness_us: histograms.timer_lateness_us.spread(),
            tick_lateness_us: histograms.tick_lateness_us.spread(),
            projection_us: histograms.projection_us.spread(),
            review_s: histograms.review_s.spread(),
        }
    }
}
