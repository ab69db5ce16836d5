//! The projector: writes what changed, from committed records only, coalesced.

mod awaited;
mod changes;
mod decisions;
mod instance;
mod merge;
mod overlay;
mod segments;
mod sweep;
mod task;
mod task_row;

pub(crate) use awaited::Awaited;
pub use decisions::decision_after;
pub(crate) use decisions::{decision_key, decision_prefix};
pub(crate) use instance::row_of;
pub(crate) use overlay::{Asked, Overlay, channel as overlay_channel};
pub(crate) use task::{Committed, News, Projector, checkpoint};
pub(crate) use task_row::{TaskRow, task_row_key};
