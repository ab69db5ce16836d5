//! The keys of the language as tables: the one source of checking, the JSON Schema and the reference page.

mod adapters;
mod callback;
mod emit;
mod event;
mod limits;
mod man;
mod model;
mod policies;
mod reference;
mod resources;
mod retry;
mod router;
mod schema;
mod steps;
mod tests;
mod trigger;
mod turn;
mod window;
mod workflow;

pub(crate) use adapters::ADAPTER_TYPES;
pub(crate) use model::{Availability, Choice, Key, Object, Shape, Word};
pub use reference::reference_page;
pub(crate) use resources::{DOCUMENT, OBJECTS};
pub use schema::json_schema;
pub(crate) use steps::{ACTIONS, STEP};
pub(crate) use workflow::WORKFLOW;
