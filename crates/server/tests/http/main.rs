//! The API through its router, over a runtime on a store in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod adapter_calls;
mod adapters;
mod apply;
mod backups;
mod bad_input;
mod callbacks;
mod callers;
mod dashboard;
mod dead_letters;
mod decision_log;
mod decisions;
mod event_refusals;
mod events;
mod genealogy;
mod holds;
mod hooks;
mod log_levels;
mod man_mode;
mod metrics;
mod openapi;
mod operations;
mod reads;
mod routers;
mod schedules;
mod signals;
mod site;
mod stats;
mod steps;
mod streams;
mod submit;
