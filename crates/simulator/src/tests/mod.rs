//! Bounded runs, and faults that are planted to see that they are found.

mod cluster;
mod engine;
mod world;
