//! Events as they come over HTTP: CloudEvents 1.0 (<https://github.com/cloudevents/spec>, HTTP
//! protocol binding and JSON format) structured, binary and in batches, and plain JSON.

mod attributes;
mod binary;
mod mode;
mod plain;
mod structured;

pub(crate) use attributes::Arrived;
pub(crate) use binary::binary;
pub(crate) use mode::Mode;
pub(crate) use plain::{Named, plain};
pub(crate) use structured::{batch, structured};
