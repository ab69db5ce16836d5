//! Schedules: what starts workflows by the time.
//!
//! A schedule lives in the slot of its name. That a tick is done and what it starts become durable in one batch, so
//! whoever owns the partition then starts it once, whatever happens to it. When the next is due is asked beside the
//! partition, by a driver that never knows more than the records do.

mod drive;
mod name;
mod order;
mod state;
mod tick;

pub use name::ScheduleName;
pub use order::ScheduleError;
pub(crate) use order::{Order, TickOrder, TurnOrder, TurnVerb};
pub use state::{Backfill, Held, LastTick, Request, ScheduleState};
pub(crate) use state::{Schedules, row_key};
pub(crate) use tick::{Moment, live_names, trigger_of};
