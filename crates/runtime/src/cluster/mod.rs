//! Several nodes on one store.
//!
//! Each partition is owned by one node, by lease. Every node writes down that it lives, sees who
//! else does, and works out from that alone who should own what (`assignment`); the node's loop
//! (`watch`) takes what is its own and free, and hands over what should be another's. A node answers
//! from memory only while its lease lasts (`standing`). Whatever reaches a node that does not own its
//! partition is sent on to the owner (`route`, over a `link`) and carried out there (`serve`).

mod assignment;
mod catalog;
mod drain;
mod formats;
mod limits;
mod link;
mod ownership;
mod permits;
mod route;
mod serve;
mod standing;
mod state;
mod view;
mod watch;
mod wire;
mod wire_events;

pub(crate) use catalog::told_all;
pub use link::{Connection, Peers};
pub(crate) use permits::borrow;
pub(crate) use route::{Routed, Trip, holds_command};
pub use state::Membership;
pub(crate) use state::{Cluster, Streaming};
pub use view::NodeView;
pub(crate) use watch::watch;
pub(crate) use wire::{LogLevelsAsk, When};
