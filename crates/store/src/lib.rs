//! The Store contract: a fenced journal, the state derived from it, and queries over that state.
//!
//! The contract speaks of bytes, slots, positions and filters, never of workflows, so that any
//! ordered, transactional storage can serve. One conformance suite judges every implementation.

mod contract;
mod error;
mod journal;
mod query;
mod state;

pub use contract::{PartitionHead, Store};
pub use error::StoreError;
pub use journal::{Append, Appended, Batch, BatchId, Blob, BlobHash, Epoch, PartitionId, Position};
pub use query::{Count, CountBy, InstanceFilter, ListCursor, Page, Scan};
pub use state::{
    Change, EntityId, HistorySegment, InstanceRow, Projection, Row, Slot, StoredInstance, Table,
};
