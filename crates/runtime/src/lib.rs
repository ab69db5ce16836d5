//! The runtime: partitions that decide, commit and only then act.
//!
//! A [`Runtime`] owns partitions of a store. Each partition is one task that decides commands on
//! in-memory state, makes the records durable in batches, and releases replies, effects and
//! published records only after the commit of everything they saw. Behind it a projector writes
//! what changed. The runtime names no concrete store and no concrete adapter.

mod blob_names;
mod catalog;
mod clock;
mod cluster;
mod config;
mod dead_letter;
mod decision_log;
mod dispatch;
mod error;
mod events;
mod fair;
mod handle;
mod health;
mod histogram;
mod history;
mod level;
mod lifecycle;
mod limits;
mod logging;
mod measures;
mod one_step;
mod operation;
mod partition;
mod placement;
mod projector;
mod proof;
mod reads;
mod recovery;
mod retention;
mod rollup;
mod schedules;
mod shared;
mod sizes;
mod slot_of_start;
mod submit;
mod subscribe;
mod tasks;
mod turns;
mod windows;

pub use blob_names::{named_by_history, named_by_row};
pub use clock::{Clock, SystemClock, TokioClock};
pub use cluster::{Connection, Membership, NodeView, Peers};
pub use config::{Begins, Bounds, Config, OnFatal, Surroundings};
pub use dead_letter::{
    DeadLetter, LetterAttempt, LetterError, LetterFilter, LetterRefused, LetterSettled,
    LetterStatus,
};
pub use decision_log::{ChainHead, KeptHeads, LogFinding, LogReport, check_decision_log};
pub use dispatch::DecisionLink;
pub use error::{
    ApplyError, CallbackError, CommandError, DrainError, OpenError, ReadError, ReplayError,
    StreamError, SubmitError, Unavailable,
};
pub use events::{Accepted, Event, EventError, EventFilter, EventLink, Incoming};
pub use handle::{
    AdapterOrder, CallOrder, CallRefused, LiveSchedule, LogFilter, LogLevelsError, NodeLog,
    ReplayOrder, RestoreOutlook, Runtime, ScheduleVerb, SwitchRefused,
};
pub use health::{Figures, Health, PartitionHealth, Stats};
pub use histogram::{DURATIONS_US, Histogram, Spread};
pub use limits::{AdapterStanding, BreakerState, HeldTask, TargetStanding};
pub use measures::{AdapterLoad, Measures};
pub use operation::{
    Action, Asked, Finding, OneStep, Operation, OperationError, OperationSet, OperationStatus,
    Rate, Turn,
};
pub use projector::decision_after;
pub use proof::{
    OnTheWay, Proven, Unproven, messages_ahead, missing_children, missing_rows, missing_waits,
};
pub use reads::{
    AuditEntry, AuditFilter, Behind, Consistency, Counted, DecisionAnswer, DecisionRow,
    DecisionStatus, DecisionsWaiting, Delegation, HistoryPage, Listed, NoticeRow, TablePage,
};
pub use rollup::{
    FailureGroup, FailurePart, FailureState, Failures, FailuresAsked, Latencies, OTHER,
    ROLLUPS_KEPT_MS, RollupError, StatsAbout, StatsAsked, StatsBy, StatsFound, StatsSeries, Tally,
};
pub use schedules::{
    Backfill, Held, LastTick, Request, ScheduleError, ScheduleName, ScheduleState,
};
pub use submit::{Idempotency, Submit, Submitted};
pub use subscribe::{Published, StreamFrom, Subscription};
pub use windows::{WindowEntry, WindowState};
