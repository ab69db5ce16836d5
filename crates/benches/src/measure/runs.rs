//! What engines did under the same load, ours and others, in the words that the tables share.

use crate::bench::Bench;
use crate::load::Steady;
use crate::peers::PeerRun;
use crate::report::cell;
use crate::spread::Spread;

/// Ours, with what others beside it used of the processor for each workflow.
pub(super) fn of_ours(ours: &Steady, beside_ms: f64) -> PeerRun {
    PeerRun {
        per_second: ours.per_second,
        latency: ours.latency,
        cpu_ms: ours.server_cpu_ms.map(|server| server + beside_ms),
    }
}

/// Says on standard error what a run showed.
pub(super) fn tell(bench: &Bench, who: &str, repeat: usize, run: &PeerRun) {
    let (rate, p50) = (run.per_second, run.latency.p50_ms);
    let showed = format!("{rate:.0} workflows/s, p50 {p50:.2} ms");
    bench.tell(who, repeat, &showed);
}

/// Workflows in a second, over the repeats.
pub(super) fn rate(runs: &[PeerRun]) -> String {
    cell(runs.iter().map(|run| run.per_second))
}

/// The median of the same.
fn median(runs: &[PeerRun]) -> f64 {
    Spread::of(runs.iter().map(|run| run.per_second)).median
}

/// How many times as fast, by the medians.
pub(super) fn factor(ours: &[PeerRun], theirs: &[PeerRun]) -> String {
    let (ours, theirs) = (median(ours), median(theirs));
    if ours > 0.0 && theirs > 0.0 {
        format!("{:.1}", ours / theirs)
    } else {
        "-".to_owned()
    }
}

/// The runs whose median is the highest; none of none.
pub(super) fn fastest<'a>(of: impl Iterator<Item = &'a [PeerRun]>) -> &'a [PeerRun] {
    let fastest = of.max_by(|one, other| median(one).total_cmp(&median(other)));
    fastest.unwrap_or_default()
}

/// Processor time and latency: the cells under `CPU ms each`, `p50 ms` and `p99 ms`.
pub(super) fn cost_cells(runs: &[PeerRun]) -> [String; 3] {
    let all = |figure: fn(&PeerRun) -> Option<f64>| cell(runs.iter().filter_map(figure));
    [
        all(|run| run.cpu_ms),
        all(|run| Some(run.latency.p50_ms)),
        all(|run| Some(run.latency.p99_ms)),
    ]
}
