//! Bounded runs, and faults that are planted to see that they are found.

mod engine;
mod world;
