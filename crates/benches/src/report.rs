//! The figures as tables.

use std::fmt::Write as _;

use crate::machine::Machine;
use crate::over_http;
use crate::series::{Figures, Sample, Series};
use crate::spread::Spread;

/// All tables, as Markdown.
pub(crate) fn tables(figures: &Figures) -> String {
    let parts = [
        machine(&figures.machine, figures.partitions),
        in_process(&figures.in_process),
        store_beside(&figures.in_process),
        over_http(&figures.over_http),
    ];
    parts.join("\n")
}

fn machine(machine: &Machine, partitions: u16) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let memory = machine
        .memory_mib
        .map_or_else(|| "unknown".to_owned(), |mib| format!("{mib} MiB"));
    let load = machine
        .load
        .map_or_else(|| "unknown".to_owned(), |load| load.to_string());
    table(
        &["machine", ""],
        [
            [
                "processor",
                &format!("{}, {} cores", text(&machine.processor), machine.cores),
            ],
            ["memory", &memory],
            ["kernel", &text(&machine.kernel)],
            ["file system", &text(&machine.file_system)],
            [
                "one write of 4 KiB and its sync",
                &format!(
                    "p50 {:.3} ms, p99 {:.3} ms",
                    machine.sync.p50_ms, machine.sync.p99_ms
                ),
            ],
            ["partitions", &partitions.to_string()],
            ["load of the minute before", &load],
        ],
    )
}

fn in_process(series: &[Series<Sample>]) -> String {
    let head = [
        "in flight",
        "workflows/s",
        "p50 ms",
        "p99 ms",
        "CPU ms each",
        "resident MiB",
        "repeats",
    ];
    let rows = series.iter().map(|series| {
        let samples = &series.samples;
        [
            count(series.in_flight),
            whole(samples.iter().map(|sample| sample.per_second)),
            fine(samples.iter().map(|sample| sample.latency.p50_ms)),
            fine(samples.iter().map(|sample| sample.latency.p99_ms)),
            fine(samples.iter().filter_map(|sample| sample.cpu_ms_each)),
            whole(samples.iter().filter_map(|sample| sample.resident_mib)),
            samples.len().to_string(),
        ]
    });
    table(&head, rows)
}

fn store_beside(series: &[Series<Sample>]) -> String {
    let head = [
        "in flight",
        "appends/s",
        "bytes each",
        "append p50 ms",
        "store alone: appends/s",
        "store alone: MB/s",
        "store alone: append p50 ms",
        "store alone: append p99 ms",
        "share of it used",
    ];
    let rows = series.iter().map(|series| {
        let samples = &series.samples;
        let share = |sample: &Sample| sample.appends_per_second / sample.raw.appends_per_second;
        [
            count(series.in_flight),
            whole(samples.iter().map(|sample| sample.appends_per_second)),
            whole(samples.iter().map(|sample| sample.batch_bytes)),
            fine(samples.iter().map(|sample| sample.append.p50_ms)),
            whole(samples.iter().map(|sample| sample.raw.appends_per_second)),
            fine(samples.iter().map(|sample| sample.raw.megabytes_per_second)),
            fine(samples.iter().map(|sample| sample.raw.append.p50_ms)),
            fine(samples.iter().map(|sample| sample.raw.append.p99_ms)),
            fine(samples.iter().map(share)),
        ]
    });
    table(&head, rows)
}

fn over_http(series: &[Series<over_http::Sample>]) -> String {
    let head = [
        "in flight over HTTP",
        "workflows/s",
        "p50 ms",
        "p99 ms",
        "server CPU ms each",
        "server MiB",
    ];
    let rows = series.iter().map(|series| {
        let samples = &series.samples;
        let latencies = || samples.iter().filter_map(|sample| sample.latency);
        [
            count(series.in_flight),
            whole(samples.iter().map(|sample| sample.per_second)),
            fine(latencies().map(|latency| latency.p50_ms)),
            fine(latencies().map(|latency| latency.p99_ms)),
            fine(
                samples
                    .iter()
                    .filter_map(|sample| sample.server_cpu_ms_each),
            ),
            whole(
                samples
                    .iter()
                    .filter_map(|sample| sample.server_resident_mib),
            ),
        ]
    });
    table(&head, rows)
}

fn count(in_flight: Option<usize>) -> String {
    in_flight.map_or_else(|| "batches of 500".to_owned(), |count| count.to_string())
}

fn whole(figures: impl Iterator<Item = f64>) -> String {
    shown(figures, 0)
}

fn fine(figures: impl Iterator<Item = f64>) -> String {
    shown(figures, 3)
}

/// The median, and the lowest and highest beside it.
fn shown(figures: impl Iterator<Item = f64>, digits: usize) -> String {
    let figures: Vec<f64> = figures.collect();
    if figures.is_empty() {
        return String::new();
    }
    let spread = Spread::of(figures);
    let [median, lowest, highest] =
        [spread.median, spread.lowest, spread.highest].map(|figure| format!("{figure:.digits$}"));
    format!("{median} ({lowest} to {highest})")
}

fn table<R, C>(head: &[&str], rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = C>,
    C: AsRef<str>,
{
    let mut text = format!(
        "| {} |\n|{}\n",
        head.join(" | "),
        " --- |".repeat(head.len())
    );
    for row in rows {
        text.push('|');
        for cell in row {
            // Writing into a string cannot fail.
            let _ = write!(text, " {} |", cell.as_ref());
        }
        text.push('\n');
    }
    text
}
