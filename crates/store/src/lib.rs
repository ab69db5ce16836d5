//! The Store contract: a fenced journal, the state derived from it, and queries over that state.
//!
//! The contract speaks of bytes, slots, positions and filters, never of workflows, so that any
//! ordered, transactional storage can serve. One conformance suite judges every implementation.

mod blobs;
mod cluster;
#[cfg(feature = "conformance")]
#[expect(clippy::unwrap_used, reason = "the suite is a test")]
pub mod conformance;
mod contract;
mod error;
mod filter;
mod gathered;
mod id_map;
mod id_text;
mod journal;
mod memory;
mod movable;
mod parts;
mod query;
mod retention;
mod state;

pub use blobs::{
    Holder, Round, RoundStep, SWEEP_STEP, Swept, UNKNOWN_HOLDER, instance_key, row_key,
};
pub use cluster::{Cluster, Lease, Node, NodeId, SeenNode};
pub use contract::{PartitionHead, Store, StoreSizes};
pub use error::StoreError;
pub use filter::{id_part, names, words};
pub use gathered::{Gathered, Touched};
pub use id_map::{IdHasher, IdHashing, IdMap};
pub use id_text::{id_of_text, id_text};
pub use journal::{Append, Appended, Batch, BatchId, Blob, BlobHash, Epoch, PartitionId, Position};
pub use memory::MemoryStore;
pub use movable::Movable;
pub use parts::Parts;
pub use query::{Count, CountBy, InstanceFilter, ListCursor, Page, Scan};
pub use retention::{Dropped, Expiry, RetentionClass};
pub use state::{
    Change, EntityId, HistorySegment, InstanceRow, Projection, Row, Slot, StoredInstance, Table,
};
