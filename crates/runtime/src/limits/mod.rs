//! What holds calls back from adapters, over all nodes: rates, circuit breakers, switches.
//!
//! Each adapter has a home, the owner of one slot's partition. The home keeps the breakers of its
//! targets, its bucket of tokens and its permits, and lends to nodes what may begin (`home`); a node
//! asks before it begins a call and tells what came of it (`gate`). In one process the home is always
//! here and asked at once; between nodes it is asked by a loop (`keeper`), so that no call waits for an answer
//! while a breaker is closed. What a breaker becomes is kept with the catalog (`kept`).

mod allocation;
mod breaker;
mod bucket;
mod gate;
mod home;
mod homes;
mod keeper;
mod kept;
mod report;
mod terms;
mod view;

pub(crate) use allocation::LASTS_MS;
pub use breaker::BreakerState;
pub(crate) use gate::{Came, Desk, Gate, Passage, Refused, Ticket};
pub(crate) use homes::{Homes, home_of, is_call_limit};
pub(crate) use keeper::{home_answer, keep};
pub(crate) use kept::keep_changes;
pub(crate) use report::{LimitsAnswer, LimitsAsk};
pub(crate) use terms::{Held, Lookout, concurrency_of};
pub use view::{AdapterStanding, HeldTask, TargetStanding};
pub(crate) use view::{HeldTasks, StandingAnswer};
