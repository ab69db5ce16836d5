//! Operations: one verb on many instances, tracked.
//!
//! An operation is facts of the slot of its own id (`state` folds them), so it survives whatever
//! befalls a process, and its partition's owner carries it out (`drive`): it takes the next few in
//! hand, which is a record, has each of them carried out by its own owner, and records what came of
//! them. What was in hand when a process went is carried out again, and each instance knows the
//! command that it took before by its id.

mod action;
mod deeds;
mod drive;
mod order;
mod set;
mod state;

pub use action::{Action, OneStep};
pub(crate) use order::{MakeOrder, Order};
pub use order::{OperationError, Turn};
pub use set::OperationSet;
pub use state::{Asked, Finding, Operation, OperationStatus, Rate};
pub(crate) use state::{Operations, open_prefix, row_key};
