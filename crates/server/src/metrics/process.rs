//! What the process takes of the machine, under the names that every Prometheus client gives it.

use std::fs::{read_dir, read_to_string};

/// Ticks of a second in `/proc/self/stat`, the same on every Linux.
const TICKS: f64 = 100.0;

/// What the system tells of this process; what it does not tell is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Processor time used so far, in seconds.
    pub(super) cpu_s: Option<f64>,
    /// Memory held, in bytes.
    pub(super) resident_bytes: Option<u64>,
    /// Open files and sockets.
    pub(super) open_files: Option<usize>,
}

impl Process {
    /// Looks into `/proc`, which only Linux has.
    pub(super) fn look() -> Self {
        let stat = read_to_string("/proc/self/stat").unwrap_or_default();
        let status = read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            cpu_s: cpu_s(&stat),
            resident_bytes: resident_bytes(&status),
            // The folder that is being read is one of them.
            open_files: read_dir("/proc/self/fd")
                .ok()
                .map(|files| files.count().saturating_sub(1)),
        }
    }
}

fn cpu_s(stat: &str) -> Option<f64> {
    // The name before the last bracket may hold blanks; user and system time are the 12th and 13th after it.
    let (_, after) = stat.rsplit_once(')')?;
    let mut times = after.split_whitespace().skip(11);
    let mut next = || times.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS)
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line?.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_moves_no_field() {
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20";
        assert_eq!(cpu_s(stat), Some(3.0));
        assert_eq!(cpu_s("7 (a) S 1"), None);
    }

    #[test]
    fn memory_is_bytes() {
        let status = "VmPeak:\t  9 kB\nVmRSS:\t  2048 kB\n";
        assert_eq!(resident_bytes(status), Some(2 << 20));
        assert_eq!(resident_bytes(""), None);
    }
}
