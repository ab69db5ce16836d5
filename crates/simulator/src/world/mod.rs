//! The whole runtime, unmodified, in a simulated world: a disk that fails, adapters of every
//! temper, clients that repeat themselves, crashes, and a clock that jumps.
//!
//! Each process of the run opens the runtime anew on the same disk. What became durable is folded
//! beside it ([`truth`]); whatever the runtime shows is held against that.

mod adapter;
mod clients;
mod cluster;
mod disk;
mod double;
mod faults;
mod life;
mod lives;
mod operate;
mod outside;
mod planted;
mod settle;
mod signal;
mod store;
mod surroundings;
mod truth;

pub use cluster::run_cluster;
pub use lives::{WorldPlan, WorldRun, run};
pub(crate) use planted::Planted;
