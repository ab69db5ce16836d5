//! What the figures were measured on. Where the system does not tell, it is left out.

use std::fs::{File, read_to_string};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::spread::Latency;

/// The machine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) processor: Option<String>,
    /// How many cores this process may use.
    pub(crate) cores: usize,
    /// Memory in MiB.
    pub(crate) memory_mib: Option<u64>,
    /// The kernel.
    pub(crate) kernel: Option<String>,
    /// The file system of the stores.
    pub(crate) file_system: Option<String>,
    /// Processes that wanted a core in the last minute, before anything was measured: what else was going on.
    pub(crate) load: Option<f64>,
    /// One write of 4 KiB over laid out space, and its sync: what one durable commit costs at least.
    pub(crate) sync: Latency,
}

impl Machine {
    /// This one; `folder` is where the stores will be.
    pub(crate) fn look(folder: &Path) -> Result<Self> {
        let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let memory = read_to_string("/proc/meminfo").unwrap_or_default();
        let kernel = read_to_string("/proc/sys/kernel/osrelease").ok();
        let memory_kib = field(&memory, "MemTotal").and_then(|text| first_number(&text));
        Ok(Self {
            processor: field(&cpu, "model name"),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            memory_mib: memory_kib.map(|kib| kib / 1_024),
            kernel: kernel.map(|text| text.trim().to_owned()),
            file_system: file_system(folder),
            load: load(),
            sync: sync_latency(folder)?,
        })
    }
}

/// Processes that wanted a core in the last minute.
pub(crate) fn load() -> Option<f64> {
    let text = read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// The value after `name:` at the start of a line, as the files of `/proc` have them.
pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':')
        .map(|(_, value)| value.trim().to_owned())
}

/// The number that a text begins with.
pub(crate) fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// The type of the mount that holds the folder.
fn file_system(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = read_to_string("/proc/mounts").ok()?;
    let mounts = mounts.lines().filter_map(|line| {
        let mut parts = line.split(' ').skip(1);
        Some((parts.next()?, parts.next()?))
    });
    let holding = mounts.filter(|(point, _)| folder.starts_with(point));
    let nearest = holding.max_by_key(|(point, _)| point.len())?;
    Some(nearest.1.to_owned())
}

fn sync_latency(folder: &Path) -> Result<Latency> {
    const WRITES: usize = 500;
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&vec![0; 4_096 * WRITES])?;
    file.sync_all()?;
    let nanos: Result<Vec<u64>> = (0..WRITES).map(|place| write_at(&file, place)).collect();
    Ok(Latency::of(nanos?))
}

fn write_at(file: &File, place: usize) -> Result<u64> {
    use std::os::unix::fs::FileExt;
    let begun = Instant::now();
    file.write_all_at(&[7; 4_096], (place * 4_096) as u64)?;
    file.sync_data()?;
    Ok(nanos(begun.elapsed()))
}

/// Whole nanoseconds.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
