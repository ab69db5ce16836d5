//! The engine: pure decisions about instances.
//!
//! `decide` reads state and gives records; applying a record cannot fail and asks nothing;
//! effects are values that the runtime releases once the records are durable. No IO, no clock,
//! no randomness of its own.

mod check;
pub mod codec;
mod command;
mod decide;
mod id;
pub mod past;
mod payload;
mod plans;
mod policy;
pub mod record;
mod retry;
mod scope;
mod state;
pub mod view;
mod wire;

pub use check::Violation;
pub use command::{
    Answer, Authority, Command, Context, Decided, Effect, Entropy, InputError, MigrateOrder,
    Refusal, RestoreOrder, Signal, SignalKey, StepOrder, StepVerb, TaskOutcome, TimerKey,
    TimerKind,
};
pub use decide::{HOPS, MAX_EVALUATIONS, MAX_HOPS, MAX_RECORDS, start};
pub use id::{Id, IdHasher, IdMap, InvalidId, SLOTS, Slot, meeting_slot, slot_of};
pub use payload::{BlobRef, INLINE_LIMIT, Payload};
pub use plans::Plans;
pub use state::{
    Asking, Block, EventWait, Header, Instance, KeptSignal, Lane, LaneStatus,
    MAX_KEPT_SIGNAL_BYTES, MAX_KEPT_SIGNALS, NoticePhase, NoticeState, Outstanding, Pause,
    PendingDecision, Phase, Progress, SignalWait, Snapshot, SnapshotError, Status, StepState,
    StepStatus, StepUndo, TaskCall, Turn, UndoPhase, UndoStatus,
};
pub use wire::WireError;
