//! The cluster's store: journal, state, leases and heartbeats on PostgreSQL 15 or newer.
//!
//! The journal is fenced by a row for each partition ([`PostgresStore`] says how), ended instances
//! lie in tables by time, and every table that grows is dropped whole. Plain SQL throughout: no
//! advisory locks, no notifications, no declarative partitions.

mod cluster;
mod config;
mod connection;
mod failure;
mod health;
mod identity;
mod journal;
mod moving;
mod opening;
mod postgres_store;
mod schema;
mod state;
mod text;

pub use config::PostgresConfig;
pub use health::Standby;
pub use postgres_store::PostgresStore;
