//! Streams of committed records: none missed, none twice.

use engine::record::Record;

use crate::error::StreamError;

/// A record as a stream gives it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The partition that journaled it.
    pub partition: u16,
    /// Its batch's position there; 0 when it was read from an instance's history.
    pub position: u64,
    /// The record.
    pub record: Record,
    /// Where a stream of all goes on after it; empty for a stream of one instance, which goes on
    /// from the record's `seq`.
    pub cursor: String,
}

/// A stream of committed records. Dropping it ends it.
pub struct Subscription {}

impl Subscription {
    /// The next record; waits for it. None when the runtime shuts down.
    ///
    /// # Errors
    /// When the stream cannot go on without a gap.
    pub async fn next(&mut self) -> Option<Result<Published, StreamError>> {
        None
    }
}

/// Where a stream of all records begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StreamFrom {
    /// With what is committed from now on.
    #[default]
    Now,
    /// Behind a record that was given before.
    Cursor(String),
}
