//! The runtime on the in-memory store with scripted adapters, time paused.

mod action_limits;
mod back_pressure;
mod chaos;
mod cluster;
mod cluster_limits;
mod commit;
mod dead_letters;
mod decisions;
mod determinism;
mod harness;
mod holds;
mod idempotency;
mod limits;
mod meetings;
mod messages;
mod operations;
mod outputs;
mod progress;
mod proof;
mod reads;
mod recovery;
mod retention;
mod schedules;
mod signals;
mod streams;
mod turns;
