//! A store in memory: deterministic, without faults of its own; what a store means, in the
//! fewest words.

mod blobs;
mod cluster;
mod journal;
mod state;
mod store;

pub use store::MemoryStore;
