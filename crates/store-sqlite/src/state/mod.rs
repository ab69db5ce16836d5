//! The state derived from the journal.
//!
//! `state.db` holds open instances and the keyed tables, the largest of them as sorted runs (`packed`). Instances that ended lie in three places,
//! each only for a while but the last: a *run* in `state.db` (written in the same transaction as
//! the reached position, so that nothing is ever half moved), the memory that mirrors the runs
//! (what readers ask), and the *bucket* file of the time they ended. They are packed in *blocks*,
//! which a move copies as they are; sorted runs of terms say which block holds what. Runs move to buckets only
//! after a checkpoint made them durable: a bucket never knows more than a state that survives a
//! loss of power, and is never missing what that state has let go.

mod blobs;
mod block;
mod bucket;
mod classes;
mod codec;
mod conditions;
mod count;
mod filed;
mod flush;
mod ids;
mod integrity;
mod kinds;
mod list;
mod lookup;
mod open;
mod packed;
mod project;
mod readers;
mod recent;
mod retention;
mod rows;
mod run;
mod schema;
mod settle;
mod snapshot;
mod tables;
mod term_run;
mod terms;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use blobs::Sweep;
pub(crate) use flush::Synced;
pub(crate) use open::{StateOptions, open};
pub(crate) use readers::{Reader, Readers};
pub(crate) use snapshot::Frozen;
pub(crate) use writer::WriterHandle;
