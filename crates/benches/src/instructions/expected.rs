//! The numbers checked in, and how far from them a count may be.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Percent that a count may differ: what another compiler or allocator does, not what code does.
const TOLERANCE: f64 = 5.0;

/// A count beside the number checked in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comparison {
    /// The workload.
    pub(crate) workload: &'static str,
    /// What one unit of its work is.
    pub(crate) unit: &'static str,
    /// Instructions of a unit, as checked in.
    pub(crate) expected: Option<f64>,
    /// Instructions of a unit, now.
    pub(crate) counted: f64,
}

impl Comparison {
    /// How many percent more than expected.
    pub(crate) fn deviation(&self) -> Option<f64> {
        let expected = self.expected.filter(|expected| *expected > 0.0)?;
        Some((self.counted / expected - 1.0) * 100.0)
    }

    /// `within`, `worse`, `better`, or `new` where nothing is checked in.
    pub(crate) fn word(&self) -> &'static str {
        match self.deviation() {
            None => "new",
            Some(more) if more > TOLERANCE => "worse",
            Some(more) if more < -TOLERANCE => "better",
            Some(_) => "within",
        }
    }

    /// Whether it takes more than is borne.
    pub(crate) fn is_worse(&self) -> bool {
        self.word() == "worse"
    }
}

/// Instructions of a unit, by workload.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, f64>> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("expected numbers in {}", path.display()))
}

/// Checks the counts in.
pub(super) fn write(path: &Path, compared: &[Comparison]) -> Result<()> {
    let counts = compared
        .iter()
        .map(|one| (one.workload, one.counted as u64));
    let counts: BTreeMap<&str, u64> = counts.collect();
    let text = serde_json::to_string_pretty(&counts)?;
    Ok(std::fs::write(path, text + "\n")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_judged_by_its_deviation() {
        let compare = |expected, counted| Comparison {
            workload: "a",
            unit: "b",
            expected,
            counted,
        };
        let word = |expected, counted| compare(expected, counted).word();
        assert_eq!(word(None, 10.0), "new");
        assert_eq!(word(Some(1_000.0), 1_049.0), "within");
        assert_eq!(word(Some(1_000.0), 1_051.0), "worse");
        assert_eq!(word(Some(1_000.0), 940.0), "better");
        assert!(!compare(Some(1_000.0), 940.0).is_worse());
    }
}
