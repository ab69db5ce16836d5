//! Lifecycle events: what happens to an instance, told to those who want to hear of it.
//!
//! Nothing is kept of one beside what it starts: the delivery of each callback and what triggers of ends start, begun in
//! the batch of the decision that it tells of. Where nobody wants to hear, none is made.

mod follow;
mod happened;
mod mask;

pub(crate) use follow::{Follow, follow};

/// The beginning of the cause of what a lifecycle event led to.
const CAUSE: &str = "instance:";

/// The cause of what a lifecycle event of this instance led to.
pub(crate) fn cause_of(instance: engine::Id) -> String {
    format!("{CAUSE}{instance}")
}

/// Whether a lifecycle event led to it.
pub(crate) fn is_cause(cause: &str) -> bool {
    cause.starts_with(CAUSE)
}
