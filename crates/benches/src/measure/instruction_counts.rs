//! The instructions of fixed workloads beside the numbers checked in. The report says what differs; it does not fail
//! the run, since the timed figures of the same run tell whether it was worth it.

use anyhow::Result;

use crate::bench::Bench;
use crate::instructions::{compare, table};
use crate::report::Section;

/// Measures it, once: a count does not vary.
pub(super) async fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.data().to_owned();
    let compared = tokio::task::spawn_blocking(move || compare(&folder)).await??;
    Ok(Section::of(&compared)?.table(table(&compared)))
}
