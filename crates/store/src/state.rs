//! The state that is derived from the journal: rows, and the changes that a projector writes.

use bytes::Bytes;

use crate::{BlobHash, Holder, PartitionId, Position, RetentionClass};

/// One of the 4,096 units of placement; every state row is keyed by slot, never by partition.
pub type Slot = u16;

/// An instance's id (UUIDv7; its lowest 12 bits are its slot).
pub type EntityId = [u8; 16];

/// Keyed tables beside the instances. Rows are opaque; keys are ordered bytewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Open tasks: instance id + task key.
    Task,
    /// Timers: due time (8 bytes, big endian) first, so that the next due are read first.
    Timer,
    /// Waits for events and signals.
    Wait,
    /// Idempotency keys and event ids.
    Key,
    /// Messages to other slots that are not acknowledged yet.
    Outbox,
    /// The last message number taken, per sending slot.
    InboxMark,
    /// Concurrency limits and their holders.
    Limit,
    /// Schedules and their cursors.
    Schedule,
    /// Decisions asked of people: time-ordered key.
    Decision,
    /// Operations kept for reprocessing: time-ordered key.
    DeadLetter,
    /// Bulk operations.
    Operation,
    /// Definitions, adapters, policies: kind, name, version.
    Catalog,
    /// Who changed what: time-ordered key.
    Audit,
    /// Events: by id, which is ordered by time.
    Event,
    /// What events are found by: kind, hash of the value, id.
    EventIndex,
    /// Counts and latencies by span of time: what kind of span, its time, who counted.
    Rollup,
    /// Windows of triggers: what they are, what came to them, and which window each event came to.
    Window,
}

impl Table {
    /// Every table, in a fixed order.
    pub const ALL: [Self; 17] = [
        Self::Task,
        Self::Timer,
        Self::Wait,
        Self::Key,
        Self::Outbox,
        Self::InboxMark,
        Self::Limit,
        Self::Schedule,
        Self::Decision,
        Self::DeadLetter,
        Self::Operation,
        Self::Catalog,
        Self::Audit,
        Self::Event,
        Self::EventIndex,
        Self::Rollup,
        Self::Window,
    ];

    /// Whether its rows may name blobs: those that do are said with [`Change::NameBlobs`].
    pub const fn may_name_blobs(self) -> bool {
        matches!(self, Self::Key | Self::Outbox | Self::Event | Self::Window)
    }

    /// The table's name in storage.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Timer => "timer",
            Self::Wait => "wait",
            Self::Key => "key",
            Self::Outbox => "outbox",
            Self::InboxMark => "inbox_mark",
            Self::Limit => "limit",
            Self::Schedule => "schedule",
            Self::Decision => "decision",
            Self::DeadLetter => "dead_letter",
            Self::Operation => "operation",
            Self::Catalog => "catalog",
            Self::Audit => "audit",
            Self::Event => "event",
            Self::EventIndex => "event_index",
            Self::Rollup => "rollup",
            Self::Window => "window",
        }
    }
}

/// An instance as lists see it, and its snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceRow {
    /// Its slot.
    pub slot: Slot,
    /// Its id.
    pub id: EntityId,
    /// `default` until namespaces come.
    pub namespace: String,
    /// The workflow's name.
    pub workflow: String,
    /// The workflow's version.
    pub version: String,
    /// A status word of the API (`running`, `completed` ...).
    pub status: String,
    /// Persists over everything that one cause set in motion.
    pub correlation_id: String,
    /// Whom it is about.
    pub subject: Option<String>,
    /// The instance that started it.
    pub parent_id: Option<EntityId>,
    /// `low`, `normal`, `high` or `critical`.
    pub priority: String,
    /// Searchable attributes, by name.
    pub attributes: Vec<(String, String)>,
    /// The error's type and message, searched by `q`.
    pub error: Option<String>,
    /// Decisions that wait for a person.
    pub pending_decisions: u32,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    /// Milliseconds since the epoch.
    pub updated_at: i64,
    /// Set when it ended: the row and its family then live in that time's bucket.
    pub ended_at: Option<i64>,
    /// The last record that the snapshot holds; replay skips records at or below it.
    pub seq: u64,
    /// The encoded head of the instance's state.
    pub snapshot: Bytes,
    /// Under which rule it is kept once it has ended. A store files it by that, and does not tell:
    /// a row that was read has the default here.
    pub class: RetentionClass,
}

/// A run of one instance's records, packed, in the original bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySegment {
    /// The first record's seq.
    pub first_seq: u64,
    /// The last record's seq.
    pub last_seq: u64,
    /// The packed records.
    pub bytes: Bytes,
}

/// An instance's row and the chunks of its lanes, as loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInstance {
    /// The row.
    pub row: InstanceRow,
    /// `(chunk number, bytes)` in order.
    pub chunks: Vec<(u32, Bytes)>,
}

/// A row of a keyed table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its slot.
    pub slot: Slot,
    /// Its key.
    pub key: Bytes,
    /// Its value.
    pub value: Bytes,
}

/// One change that a projector writes.
#[derive(Clone, Debug)]
pub enum Change {
    /// Writes an instance's row. With `ended_at` set, its whole family (row, chunks, history)
    /// moves to, or is written at once into, the bucket of that time; without it, an instance
    /// that had ended moves back (it was reopened).
    PutInstance(Box<InstanceRow>),
    /// Writes one chunk of an instance's lanes.
    PutChunk {
        /// The instance's slot.
        slot: Slot,
        /// The instance.
        id: EntityId,
        /// The chunk's number.
        chunk: u32,
        /// Its bytes.
        bytes: Bytes,
    },
    /// Appends to an instance's history; a segment that is already there is left as it is.
    AppendHistory {
        /// The instance's slot.
        slot: Slot,
        /// The instance.
        id: EntityId,
        /// The records.
        segment: HistorySegment,
    },
    /// Says that something names blobs, beside those that it named before. They are kept until it goes.
    /// It comes in the transaction that writes an instance's or a keyed table's row, or after it.
    NameBlobs {
        /// What names them.
        by: Holder,
        /// Their hashes.
        blobs: Vec<BlobHash>,
    },
    /// Removes an ended instance with all its family.
    DeleteInstance {
        /// The instance's slot.
        slot: Slot,
        /// The instance.
        id: EntityId,
    },
    /// Writes a row of a keyed table.
    Put {
        /// The table.
        table: Table,
        /// The row's slot.
        slot: Slot,
        /// The row's key.
        key: Bytes,
        /// The row's value.
        value: Bytes,
    },
    /// Removes a row of a keyed table; one that is not there is no error.
    Delete {
        /// The table.
        table: Table,
        /// The row's slot.
        slot: Slot,
        /// The row's key.
        key: Bytes,
    },
}

/// What one step of a projector writes, atomically together with the position it reached.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Whose journal was projected.
    pub partition: PartitionId,
    /// All records up to and including this position are in the state.
    pub reached: Position,
    /// The changes, applied in order.
    pub changes: Vec<Change>,
}
