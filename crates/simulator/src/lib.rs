//! Simulation: the engine, the whole runtime, and several nodes of it on one store, under a seed.
//!
//! One seed is one run, and everything that happens in it is drawn from the seed: the workload,
//! time, faults of the store, what adapters do, crashes. Checkers watch what must never be.

mod check;
mod coverage;
mod finding;
pub mod model;
mod people;
mod random;
pub mod workload;
pub mod world;

pub use coverage::{CLUSTER, Coverage, ENGINE, RUNTIME};
pub use finding::Finding;
pub use random::Random;

#[cfg(test)]
mod tests;
