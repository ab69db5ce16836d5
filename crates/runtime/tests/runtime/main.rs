//! The runtime on the in-memory store with scripted adapters, time paused.

mod back_pressure;
mod chaos;
mod cluster;
mod commit;
mod decisions;
mod determinism;
mod harness;
mod holds;
mod idempotency;
mod messages;
mod progress;
mod reads;
mod recovery;
mod retention;
mod signals;
mod streams;
