//! Connections: where they go, how they are opened, kept and given up.

mod address;
mod connector;
mod pool;
mod session;
mod tls;

pub(crate) use connector::{Connector, Purpose};
pub(crate) use pool::{Pool, with_session};
pub(crate) use session::Session;
