//! For tests: PostgreSQL servers, each in a folder of its own, on a free port, run by a user who is not
//! root, and ended with the test whatever becomes of it. Whatever goes wrong panics.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod programs;
mod server;

pub use programs::{Version, script, script_path};
pub use server::{PATIENCE, Server, folder};
