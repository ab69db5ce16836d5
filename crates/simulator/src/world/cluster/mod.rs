//! Several nodes on one store, each the whole runtime, unmodified: with a network between them that
//! breaks, a store that fails over, nodes that crash, stand still, are cut off, go and come, and
//! clocks that differ.

mod calm;
mod fleet;
mod members;
mod network;
mod run;
mod storm;

pub use run::run_cluster;
