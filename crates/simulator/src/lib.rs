//! Simulation.

mod random;
pub mod workload;

pub use random::Random;
