//! What came of a case.

use serde::{Deserialize, Serialize};

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReport {
    /// The workflow that was started.
    pub workflow: String,
    /// The case's name.
    pub name: String,
    /// Where it stands: `FILE:LINE`.
    pub place: String,
    /// What was not as expected, a sentence each; none: it passed.
    pub failures: Vec<String>,
    /// How long the workflow took by its own clock, in milliseconds.
    pub took_ms: i64,
}

impl CaseReport {
    /// Whether all was as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}
