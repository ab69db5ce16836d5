//! Metrics of windows of triggers.

use std::fmt;

use super::families::by_partition;
use super::page::{Sheet, Snapshot};

/// Writes them.
pub(super) fn windows(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let figures = &snapshot.measures.figures;
    sheet.gauges(
        "orchestrator_windows_open",
        "Windows of triggers (debounce, batch, throttle) that are open.",
        by_partition(snapshot, |partition| partition.windows as u64),
    )?;
    sheet.counter(
        "orchestrator_windows_opened_total",
        "Windows of triggers that opened.",
        figures.windows_opened,
    )?;
    sheet.counter(
        "orchestrator_windows_closed_total",
        "Windows of triggers that closed.",
        figures.windows_closed,
    )?;
    sheet.counter(
        "orchestrator_window_gathered_total",
        "Events that debounce and batch gathered.",
        figures.windows_kept,
    )?;
    sheet.counter(
        "orchestrator_throttle_passed_total",
        "Events that a throttle had room for at once.",
        figures.windows_passed,
    )?;
    sheet.counter(
        "orchestrator_throttle_queued_total",
        "Events that a throttle held back until it had room.",
        figures.windows_queued,
    )?;
    sheet.counter(
        "orchestrator_throttle_dropped_total",
        "Events that a throttle had no room for.",
        figures.windows_dropped,
    )
}
