//! The runtime: partitions that decide, commit and only then act.
//!
//! A [`Runtime`] owns partitions of a store. Each partition is one task that decides commands on
//! in-memory state, makes the records durable in batches, and releases replies, effects and
//! published records only after the commit of everything they saw. Behind it a projector writes
//! what changed. The runtime names no concrete store and no concrete adapter.

mod clock;
mod config;
mod error;
mod handle;
mod health;
mod instance_seam;
mod reads;
mod submit;
mod subscribe;

pub use clock::{Clock, SystemClock, TokioClock};
pub use config::{Bounds, Config, OnFatal, Surroundings};
pub use error::{
    ApplyError, CallbackError, CommandError, OpenError, ReadError, StreamError, SubmitError,
    Unavailable,
};
pub use handle::{CatalogPlan, Runtime};
pub use health::{Figures, Health, PartitionHealth, Stats};
pub use instance_seam::Instance;
pub use reads::{
    AuditEntry, AuditFilter, Behind, Consistency, Counted, DecisionAnswer, DecisionRow,
    DecisionStatus, HistoryPage, Listed, TablePage,
};
pub use submit::{Idempotency, Submit, Submitted};
pub use subscribe::{Published, StreamFrom, Subscription};
