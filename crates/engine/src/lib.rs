//! The engine: pure decisions about instances.
//!
//! `decide` reads state and gives records; applying a record cannot fail and asks nothing;
//! effects are values that the runtime releases once the records are durable. No IO, no clock,
//! no randomness of its own.

mod command;
mod id;
mod payload;
pub mod record;

pub use command::{
    Command, Context, Decided, Effect, Entropy, InputError, Refusal, TaskOutcome, TimerKey,
    TimerKind,
};
pub use id::{Id, InvalidId, SLOTS, Slot, slot_of};
pub use payload::{BlobRef, INLINE_LIMIT, Payload};
