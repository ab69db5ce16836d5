//! What is asked of the roll-ups, and what they answer.

use engine::Id;
use store::StoreError;

use super::{FailureState, Tally};
use crate::error::Unavailable;
use crate::reads::Behind;

/// What figures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatsAbout {
    /// Instances of workflows.
    Workflows,
    /// Steps.
    Steps,
    /// Calls of adapters' targets.
    Targets,
    /// Events, as routers saw them.
    Routers,
    /// Events, as the rules of routers took them.
    Rules,
}

/// What figures are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatsBy {
    /// One series of all.
    #[default]
    Nothing,
    /// By workflow.
    Workflow,
    /// By workflow and version.
    Version,
    /// By workflow and step.
    Step,
    /// By adapter and target.
    Target,
    /// By router.
    Router,
    /// By router and rule.
    Rule,
}

/// Which figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatsAsked {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this version.
    pub version: Option<String>,
    /// Of this step.
    pub step: Option<String>,
    /// Of this adapter.
    pub adapter: Option<String>,
    /// Of this target.
    pub target: Option<String>,
    /// Of this router.
    pub router: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// From here on: a whole minute, milliseconds since the epoch.
    pub from: i64,
    /// Before this: a whole minute.
    pub to: i64,
    /// Also as a series of spans of so many milliseconds (whole minutes), which begin with `from`.
    pub step_ms: Option<i64>,
    /// In which groups.
    pub by: StatsBy,
    /// So many groups at most: those of which most was counted.
    pub limit: usize,
}

impl StatsAsked {
    /// What the figures are about.
    pub const fn about(&self) -> StatsAbout {
        match self.by {
            StatsBy::Step => StatsAbout::Steps,
            StatsBy::Target => StatsAbout::Targets,
            StatsBy::Rule => StatsAbout::Rules,
            _ if self.rule.is_some() => StatsAbout::Rules,
            StatsBy::Router => StatsAbout::Routers,
            _ if self.router.is_some() => StatsAbout::Routers,
            _ if self.step.is_some() => StatsAbout::Steps,
            _ if self.adapter.is_some() || self.target.is_some() => StatsAbout::Targets,
            _ => StatsAbout::Workflows,
        }
    }
}

/// The figures of one group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsSeries {
    /// The group's values, in the order of its names.
    pub group: Vec<String>,
    /// Of the whole time.
    pub total: Tally,
    /// Of each span in which something was counted: its start, its figures.
    pub points: Vec<(i64, Tally)>,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsFound {
    /// The groups, the busiest first.
    pub series: Vec<StatsSeries>,
    /// Groups beyond the limit.
    pub left_out: usize,
    /// Partitions that may lack their newest.
    pub incomplete: Vec<Behind>,
}

/// What failures are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailurePart {
    /// The workflow.
    Workflow,
    /// The workflow's version.
    Version,
    /// The step.
    Step,
    /// The error's type.
    Error,
    /// The adapter and its target.
    Target,
}

/// Which failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailuresAsked {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this version.
    pub version: Option<String>,
    /// Of this step.
    pub step: Option<String>,
    /// Of this type of error.
    pub error: Option<String>,
    /// Of this adapter.
    pub adapter: Option<String>,
    /// Of this target.
    pub target: Option<String>,
    /// Those that came from here on: a whole hour, milliseconds since the epoch.
    pub from: i64,
    /// Those that came before: a whole hour.
    pub to: i64,
    /// Of instances of which this became.
    pub states: Vec<FailureState>,
    /// In which groups; none: all together.
    pub by: Vec<FailurePart>,
    /// So many groups at most: the largest.
    pub limit: usize,
}

/// Failures that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureGroup {
    /// What they have in common; none where they are not grouped by it.
    pub workflow: Option<String>,
    /// As [`Self::workflow`].
    pub version: Option<String>,
    /// As [`Self::workflow`]; empty where it is not known.
    pub step: Option<String>,
    /// As [`Self::workflow`].
    pub error_type: Option<String>,
    /// As [`Self::workflow`]; empty where no call failed.
    pub adapter: Option<String>,
    /// As [`Self::adapter`].
    pub target: Option<String>,
    /// Of instances that ended, nothing undone.
    pub failed: u64,
    /// Of instances that ended, and were undone.
    pub compensated: u64,
    /// Of open instances: a person is asked.
    pub open: u64,
    /// When the first came, milliseconds since the epoch, mended ones included.
    pub first_at: i64,
    /// When the last came.
    pub last_at: i64,
    /// What the last one said.
    pub message: String,
    /// Instances that stand as failed, the latest first.
    pub samples: Vec<Id>,
}

/// What stands as failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// The groups, the largest first.
    pub groups: Vec<FailureGroup>,
    /// All failures, those of groups beyond the limit included.
    pub total: u64,
    /// Groups beyond the limit.
    pub left_out: usize,
    /// Partitions that may lack their newest.
    pub incomplete: Vec<Behind>,
}

/// Why the roll-ups do not answer.
#[derive(Debug, thiserror::Error)]
pub enum RollupError {
    /// It would take more memory or time than one question may.
    #[error(
        "expected at most {most} {what}, but the question takes more; ask for a shorter time, longer spans or one workflow"
    )]
    TooMuch {
        /// Rows, or values.
        what: &'static str,
        /// How many may be.
        most: usize,
    },
    /// The store or the node does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<StoreError> for RollupError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.into())
    }
}
