//! The journal: a row of append files that all partitions share.
//!
//! A commit is one *block*: one write and one sync, however many batches of however many
//! partitions it holds. A block is there wholly or not at all: it has one checksum. The fence
//! (epoch, head and last batch of each partition) is kept in memory by the one thread that
//! commits, and is rebuilt from the blocks and from the heads written at each file's beginning.

mod block;
mod blocks;
mod commit;
mod holds;
mod index;
mod layout;
mod log;
mod recover;
mod scan;
#[cfg(test)]
mod tests;
mod trim;
mod verify;

pub(crate) use blocks::{Block, BlockCursor, runs};
pub(crate) use commit::Committer;
pub(crate) use holds::{Hold, Holds};
pub(crate) use index::{INTACT, read_batches, read_blob, read_blobs, segment_name};
#[cfg(test)]
use log::Log;
pub(crate) use log::{Answer, JournalOptions, Request};
pub(crate) use recover::recover;
pub(crate) use trim::remove;
pub(crate) use verify::verify;
