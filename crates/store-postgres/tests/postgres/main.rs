//! The store against real servers, which the tests start themselves.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod appends;
mod blobs;
mod bounds;
mod cluster;
mod conformance;
mod failover;
mod journal;
mod outages;
mod refusals;
mod sample;
mod server;
mod state;
mod tls;
