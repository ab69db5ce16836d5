//! Other engines that do the same work on this machine, each with its own defaults of durability. They are installed
//! where they are missing; one that cannot be is left out, and the report says so.

mod dbos;
mod install;
mod postgres;
mod restate;

use serde::Serialize;

use crate::spread::Latency;

pub(crate) use dbos::Dbos;
pub(crate) use install::{node, script};
pub(crate) use postgres::Postgres;
pub(crate) use restate::{Restate, steps_service};

/// What a peer did under load.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PeerRun {
    /// Workflows of three steps in a second.
    pub(crate) per_second: f64,
    /// From start to result.
    pub(crate) latency: Latency,
    /// Processor time of all its processes but the load, for one workflow, in milliseconds.
    pub(crate) cpu_ms: Option<f64>,
}
