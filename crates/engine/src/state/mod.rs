//! An instance's state: the fold of its records.
//!
//! Lanes are kept in chunks of 256, each shared until it is changed, so that a projector can hold
//! an older state cheaply and write only the chunks that differ.

mod apply;
mod apply_decision;
mod apply_undo;
mod decision;
mod events;
mod instance;
mod lane;
mod lane_set;
mod outstanding;
mod rewrite;
mod rounds;
mod signals;
mod snapshot;
mod step;
mod turn;

pub use decision::{Asking, NoticePhase, NoticeState, PendingDecision};
pub use events::EventWait;
pub use instance::{Header, Instance, Pause, Phase, Progress, Status};
pub use lane::{Lane, LaneStatus, UndoStatus};
pub use outstanding::{Outstanding, TaskCall};
pub(crate) use signals::Signals;
pub use signals::{KeptSignal, MAX_KEPT_SIGNAL_BYTES, MAX_KEPT_SIGNALS, SignalWait};
pub use snapshot::{Snapshot, SnapshotError};
pub use step::{Block, StepState, StepStatus, StepUndo, UndoPhase};
pub use turn::Turn;
