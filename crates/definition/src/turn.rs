//! How many instances run at once, and whose turn it is.

use expression::Template;

/// `concurrency` of a workflow: how many instances with the same key run at once.
#[derive(Debug)]
pub struct Concurrency {
    /// Instances with the same key count together; none: all of them do.
    pub key: Option<Template>,
    /// So many at once.
    pub limit: u32,
    /// What becomes of one more.
    pub on_limit: OnLimit,
    /// Which instances count.
    pub scope: LimitScope,
}

/// What becomes of an instance that would be one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits for its turn.
    Queue,
    /// Its start is refused.
    Reject,
    /// The oldest one is cancelled, and it follows when that has ended.
    CancelOldest,
}

/// Which instances, or calls, count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// Those of this workflow, in all its versions.
    Workflow,
    /// Those of every workflow that uses the same key.
    All,
}

/// `fairness` of a workflow: shares between keys where work waits.
#[derive(Debug)]
pub struct Fairness {
    /// Whose work it is.
    pub key: Template,
    /// How large its share is beside others; 1 by default.
    pub weight: Option<Template>,
}

/// `concurrency` of a step: how many of its calls are under way at once, over all instances.
#[derive(Debug)]
pub struct StepConcurrency {
    /// Calls with the same key count together; none: all of them do.
    pub key: Option<Template>,
    /// So many at once.
    pub limit: u32,
    /// Which calls count: those of this step, or those of all steps that use the same key.
    pub scope: LimitScope,
}

/// The largest weight of a share.
pub const MAX_WEIGHT: u32 = 1_000;

/// The longest key of a limit or of a share, in bytes.
pub const MAX_LIMIT_KEY: usize = 256;

/// The words of a priority, from first to last.
pub const PRIORITIES: [&str; 4] = ["critical", "high", "normal", "low"];

/// Whether this is a priority's word.
pub fn is_priority(word: &str) -> bool {
    PRIORITIES.contains(&word)
}
