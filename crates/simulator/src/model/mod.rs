//! The pure engine alone, driven at random: results of every kind, in any order, twice and late;
//! timers on time and stale; messages; cancels; decisions; and a crash after any decision, from
//! which an instance comes back by its stored state or by its records.

mod actor;
mod answers;
mod past;
mod step;
mod world;

pub use world::{ModelPlan, run};
