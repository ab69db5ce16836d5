//! The engine's behaviour as text: a workflow, a script, and the log that must come of it.
//!
//! The harness puts a crash after every line by itself: state is restored from its snapshot, and
//! folded anew from all records; both must equal the state that lived on, and the tasks and
//! timers computed from it must equal those that the effects asked for.

#![expect(
    clippy::unwrap_used,
    reason = "a scenario that does not parse is a broken test"
)]

mod blocks;
mod children;
mod decisions;
mod detail;
mod events;
mod failures;
mod harness;
mod kept;
mod left_to_people;
mod loops;
mod migrated;
mod overruled;
mod replayed;
mod restored;
mod retried;
mod sagas;
mod signals;
mod steps;
mod times;
mod turns;
mod undo_approvals;

use harness::check;
