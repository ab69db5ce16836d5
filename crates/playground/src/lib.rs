//! Small real HTTP services to try workflows on: a customer check (`crm`), accounts with their own database file
//! (`billing`), `email`, `chat`, `stock` and two carriers.
//!
//! Every service listens on a port of its own, records each call it gets, and has a switch that makes it slow,
//! failing or down, so that one can watch what the product does about it. An index page on a further port lists them
//! and turns the switches; it stays reachable when a service is down.
//!
//! What every service answers beside its own paths:
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /_switch`, `PUT /_switch` | the [`Switch`], read or turned |
//! | `GET /_calls?key=&instance=&step=&limit=` | recorded calls, oldest first, `DELETE /_calls` forgets them |
//! | `GET /healthz` | 200, or 503 while failing |
//!
//! The index answers `GET /services` and the same `_switch` and `_calls` below `/{service}/`.

mod calls;
mod gate;
mod index;
mod ledger;
mod playground;
mod port;
mod refusal;
mod service;
mod services;
mod switch;

pub use calls::{Call, CallPage, MAX_CALLS};
pub use playground::{DEFAULT_FIRST_PORT, Playground, PlaygroundError, PlaygroundOptions};
pub use switch::{Mode, Switch};
