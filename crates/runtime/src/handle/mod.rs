//! The handle: what the server, the command line and the simulator call.

mod instances;
mod lists;
mod runtime;
mod submit;
mod waiting;

pub use runtime::Runtime;
