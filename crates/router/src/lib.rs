//! Where an event goes: the rules of the catalog's routers, indexed, and the triggers of its workflows.
//!
//! Nothing here reads a clock, a file or the network: an [`Event`] says what happened and when, [`Stats`] how the
//! outside is. A [`Table`] is made once for each version of a catalog; the only thing in it that changes is whose
//! turn it is in its pools.

mod event;
mod explain;
mod index;
mod pool;
mod route;
mod seen;
mod stats;
mod table;
mod triggers;

pub use event::Event;
pub use explain::{Explanation, RuleExplanation, Verdict};
pub use route::{ConditionError, Failure, Offer, Passed, Route, Routes, RuleName};
pub use stats::{AdapterStats, Breaker, NoStats, Stats, TargetStats};
pub use table::Table;
pub use triggers::{Start, StartError, TriggerRef, look, window_key};
