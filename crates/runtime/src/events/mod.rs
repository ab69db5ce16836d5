//! Events: taken once, kept, and turned into starts by triggers and routers.
//!
//! An event lives in the slot of the name that repeats of it are known by, so that it, the name and
//! all that it starts there become durable in one batch; a start elsewhere goes by message.

mod facts;
mod incoming;
mod meeting;
mod plan;
mod routing;
mod row;

pub(crate) use facts::Outside;
pub use incoming::{Accepted, EventError, Incoming};
pub(crate) use incoming::{EventOrder, EventReply, LookedUp, Numbered};
pub(crate) use meeting::{
    MAX_CANDIDATES, kept_in, kept_scan, offered_rows, read_offered, slot_of_offer, wait_row_key,
};
pub(crate) use plan::{Plan, Planned, cause_of, event_of, plan, plan_trigger, plan_window};
pub(crate) use routing::{Routing, RoutingCell};
pub use row::{Event, EventFilter, EventLink};
pub(crate) use row::{
    event_key, event_rows, index_prefix, index_rows_gone, own_name, put_key, refused_row,
    remembered,
};
