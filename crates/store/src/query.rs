//! Questions to the state.

use std::ops::RangeInclusive;

use bytes::Bytes;

use crate::{EntityId, Slot, Table};

/// Reads a keyed table in key order.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The table.
    pub table: Table,
    /// Only rows of these slots.
    pub slots: RangeInclusive<Slot>,
    /// Only keys after this one (before it, when `reverse`), exclusive; with equal keys in several
    /// slots the slot decides, so a scan goes on from `(key, slot)`.
    pub after: Option<(Bytes, Slot)>,
    /// Only keys that begin with these bytes.
    pub prefix: Bytes,
    /// Descending order.
    pub reverse: bool,
    /// At most this many rows.
    pub limit: usize,
}

/// Which instances a list or a count is about; all conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceFilter {
    /// Any of these status words; empty means all.
    pub statuses: Vec<String>,
    /// The workflow's name.
    pub workflow: Option<String>,
    /// The workflow's version.
    pub version: Option<String>,
    /// The correlation id.
    pub correlation_id: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The parent.
    pub parent_id: Option<EntityId>,
    /// Attributes with these values.
    pub attributes: Vec<(String, String)>,
    /// Created at or after, milliseconds since the epoch.
    pub created_after: Option<i64>,
    /// Created before, milliseconds since the epoch.
    pub created_before: Option<i64>,
    /// The beginning of an id (8 digits or more), or words, each of which is part of the workflow's
    /// name or a word of the correlation id, the subject or the error's text.
    pub text: Option<String>,
}

/// Where a list goes on: the last row given, in the list's order (newest first by creation, then
/// by id).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCursor {
    /// The row's `created_at`.
    pub created_at: i64,
    /// The row's id.
    pub id: EntityId,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows; an instance's `snapshot` is left empty in lists.
    pub items: Vec<T>,
    /// Where the next page begins, if there is one.
    pub next: Option<ListCursor>,
}

/// What a count is grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountBy {
    /// One number.
    Nothing,
    /// By status.
    Status,
    /// By workflow name.
    Workflow,
    /// By workflow and version.
    Version,
}

/// One group of a count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The group's values, in the order of `CountBy`'s words; empty without grouping.
    pub group: Vec<String>,
    /// How many.
    pub count: u64,
}
