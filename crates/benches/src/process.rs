//! What a process has used, as `/proc` tells. Where the system does not tell, there is no figure.

use std::fs::read_to_string;

use crate::machine::{field, first_number};

/// Ticks of a second in `/proc/PID/stat`, the same on every Linux.
const TICKS: f64 = 100.0;

/// A process by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// This program.
    pub(crate) fn own() -> Self {
        Self(std::process::id())
    }

    /// Processor time that it has used so far, in milliseconds.
    pub(crate) fn cpu_ms(self) -> Option<f64> {
        self.ticks(0..2)
    }

    /// The same with all its children, also those that have ended.
    pub(crate) fn tree_cpu_ms(self) -> Option<f64> {
        let own = self.ticks(0..4)?;
        let living = self.children().into_iter().filter_map(Self::tree_cpu_ms);
        Some(own + living.sum::<f64>())
    }

    /// Memory that it holds now, in MiB.
    pub(crate) fn resident_mib(self) -> Option<f64> {
        let status = read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let kib = first_number(&field(&status, "VmRSS")?)?;
        Some(kib as f64 / 1_024.0)
    }

    /// User and system time stand first, then those of children that have ended.
    fn ticks(self, which: std::ops::Range<usize>) -> Option<f64> {
        let stat = read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name before the last bracket may hold blanks.
        let (_, after) = stat.rsplit_once(')')?;
        let fields = after.split_whitespace().skip(11 + which.start);
        let ticks = fields.take(which.len()).map(str::parse::<f64>);
        let sum: f64 = ticks.collect::<Result<Vec<_>, _>>().ok()?.iter().sum();
        Some(sum * 1_000.0 / TICKS)
    }

    fn children(self) -> Vec<Self> {
        let list = format!("/proc/{0}/task/{0}/children", self.0);
        let list = read_to_string(list).unwrap_or_default();
        let numbers = list.split_whitespace().filter_map(|one| one.parse().ok());
        numbers.map(Self).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_used_something() {
        let own = Process::own();
        assert!(own.resident_mib().unwrap() > 0.0);
        let alone = own.cpu_ms().unwrap();
        assert!(own.tree_cpu_ms().unwrap() >= alone);
    }
}
