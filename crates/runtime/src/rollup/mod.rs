//! Roll-ups: what happened and where routers sent events, counted by minute, hour and day, and the failures that still stand, by hour.
//!
//! The projector counts the records that it writes and writes the counts with them, so each record is counted once whatever
//! crashes. A row is one process's own: it holds what that process has counted of a span so far, and is written whole each
//! time. Readers add up the rows of all processes; see [ADR 27](../../../../docs/adr/0027-each-process-counts-in-rows-of-its-own.md).

mod ask;
mod counting;
mod failures;
mod key;
mod latencies;
mod read;
mod routed;
mod rows;
mod standing;
mod stats;
mod walk;
mod windows;

pub use ask::{
    FailureGroup, FailurePart, Failures, FailuresAsked, RollupError, StatsAbout, StatsAsked,
    StatsBy, StatsFound, StatsSeries,
};
pub(crate) use counting::Counting;
pub(crate) use key::{Tier, time_of_key};
pub use latencies::Latencies;
pub(crate) use routed::Routed;
pub use rows::{FailureState, Tally};
pub(crate) use windows::Rollups;

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// How far back roll-ups answer, in milliseconds.
pub const ROLLUPS_KEPT_MS: i64 = 30 * DAY_MS;
/// When they go: a question takes its beginning down to a whole span.
pub(crate) const ROLLUPS_GO_MS: i64 = ROLLUPS_KEPT_MS + DAY_MS;
/// What is beyond a bound is counted under this name.
pub const OTHER: &str = "(other)";
