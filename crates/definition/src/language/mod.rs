//! The keys of the language as tables: the one source of checking, the JSON Schema and the reference page.

mod adapters;
mod model;
mod policies;
mod resources;
mod retry;
mod steps;
mod workflow;

pub(crate) use adapters::{ADAPTER, ADAPTER_TYPES};
pub(crate) use model::{Availability, Choice, Key, Object, Shape, Word};
pub(crate) use resources::{DOCUMENT, OBJECTS};
pub(crate) use steps::{ACTIONS, STEP};
pub(crate) use workflow::WORKFLOW;
