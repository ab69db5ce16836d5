//! Three nodes of the real binary on one real database, under load and under fire.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../harness/mod.rs"]
mod harness;

mod catalog;
mod failover;
mod load;
mod nodes;
mod refusals;
mod restart;
mod streams;
mod takeover;
