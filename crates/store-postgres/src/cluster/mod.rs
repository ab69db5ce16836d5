//! What the nodes of a cluster write down for each other: who lives, and who owns which partition.
//!
//! Every change is one statement that compares and sets. No clock is compared with another: a
//! holder raises a counter, and who wants to take over must itself have seen that counter stand
//! still for a whole lease while the database answered. Watching, and stopping to answer in time,
//! is the caller's.

mod leases;
mod nodes;

pub use leases::Lease;
pub use nodes::{Node, SeenNode};
