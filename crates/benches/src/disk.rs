//! What a folder takes on the disk, and what the disk can do at most.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::machine::nanos;
use crate::spread::Latency;

/// Bytes that the disk gives to all files of a folder; more than they hold where room is laid out ahead.
pub(crate) fn allocated_bytes(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            allocated_bytes(&entry.path())?
        } else {
            metadata.blocks() * 512
        };
    }
    Ok(bytes)
}

/// What appending with a sync after each write can do.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Appending {
    /// Appends in a second.
    pub(crate) per_second: f64,
    /// Megabytes (10^6 bytes) in a second.
    pub(crate) megabytes_per_second: f64,
    /// One append and its sync.
    pub(crate) latency: Latency,
}

impl Appending {
    /// Of appends of that size that took so long each.
    pub(crate) fn of(timed: Vec<u64>, size: usize, seconds: f64) -> Self {
        let per_second = timed.len() as f64 / seconds;
        Self {
            per_second,
            megabytes_per_second: per_second * size as f64 / 1e6,
            latency: Latency::of(timed),
        }
    }
}

/// Appends to a plain file for so long, one write of that size after the other, each synced before the next.
pub(crate) fn append_plainly(folder: &Path, size: usize, lasting: Duration) -> Result<Appending> {
    let mut file: File = tempfile::tempfile_in(folder)?;
    let body = noise(size);
    let (begun, mut timed) = (Instant::now(), Vec::new());
    while begun.elapsed() < lasting {
        let one = Instant::now();
        file.write_all(&body)?;
        file.sync_data()?;
        timed.push(nanos(one.elapsed()));
    }
    Ok(Appending::of(timed, size, begun.elapsed().as_secs_f64()))
}

/// Bytes without a pattern, the same each time: a batch is packed already when it comes to the disk.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_what_its_files_take() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        let mut file = File::create(folder.path().join("inner/a")).unwrap();
        file.write_all(&noise(10_000)).unwrap();
        file.sync_all().unwrap();
        assert!(allocated_bytes(folder.path()).unwrap() >= 10_000);
    }
}
