//! What a long enough set of runs must hit; a point that is never hit fails it.

/// Transitions of the engine.
pub const ENGINE: &[(&str, &str, &str)] = &[];

/// Faults and crash points of the runtime's world.
pub const RUNTIME: &[(&str, &str, &str)] = &[];
