//! Stands in for `engine::Instance` until the engine has it.

/// See `engine::Instance`.
#[derive(Clone, Debug)]
pub struct Instance {}
