//! Random definitions over every control-flow form, and what they are started with.
//!
//! A workload is text as a person would write it, compiled by `definition` like any other: what the
//! language refuses, the generator must not write.

mod block;
mod call;
mod expression;
mod header;
mod list;
mod resources;
mod yaml;

pub(crate) use list::SIGNALS;
pub(crate) use resources::VERSIONS;
pub use resources::{ADAPTERS, Workload, generate};
