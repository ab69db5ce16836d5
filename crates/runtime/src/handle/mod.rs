//! The handle: what the server, the command line and the simulator call.

mod adapters;
mod calls;
mod dead_letters;
mod event_reads;
mod events;
mod instances;
mod lists;
mod log_levels;
mod operations;
mod past;
mod runtime;
mod schedules;
mod submit;
mod superseded;
mod waiting;
mod windows;

pub(crate) use adapters::held_here;
pub use adapters::{AdapterOrder, SwitchRefused};
pub use calls::{CallOrder, CallRefused};
pub(crate) use events::KNOWN_SINCE;
pub(crate) use instances::Order;
pub(crate) use log_levels::answer_log_levels;
pub use log_levels::{LogFilter, LogLevelsError, NodeLog};
pub use past::{ReplayOrder, RestoreOutlook};
pub use runtime::Runtime;
pub use schedules::{LiveSchedule, ScheduleVerb};
pub(crate) use submit::Begin;
