//! Instances as rows.

use bytes::Bytes;
use store::InstanceRow;
use tokio_postgres::Row;
use uuid::Uuid;

use super::buckets::uuid;
use super::kinds::Kind;
use crate::text::{self, Terms};

/// The columns that [`read`] wants, in its order. The snapshot, or nothing in its stead, is last.
pub(super) const COLUMNS: &str = "created_at, updated_at, ended_at, seq, slot, kind, pending_decisions, \
     id, parent_id, correlation_id, subject, error, terms, attributes";

/// Rows column by column, for one statement that writes them all.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) created_at: Vec<i64>,
    pub(super) updated_at: Vec<i64>,
    pub(super) ended_at: Vec<Option<i64>>,
    pub(super) seq: Vec<i64>,
    pub(super) slot: Vec<i32>,
    pub(super) pending_decisions: Vec<i32>,
    pub(super) id: Vec<Uuid>,
    pub(super) parent_id: Vec<Option<Uuid>>,
    pub(super) correlation_id: Vec<Option<String>>,
    pub(super) subject: Vec<Option<String>>,
    pub(super) error: Vec<Option<String>>,
    pub(super) terms: Vec<Option<String>>,
    pub(super) attributes: Vec<Option<String>>,
    pub(super) snapshot: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(rows: impl Iterator<Item = &'a InstanceRow>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.push(row);
        }
        columns
    }

    fn push(&mut self, row: &'a InstanceRow) {
        let written = |text: &String| text::written(text).into_owned();

        self.created_at.push(row.created_at);
        self.updated_at.push(row.updated_at);
        self.ended_at.push(row.ended_at);
        self.seq.push(row.seq as i64);
        self.slot.push(i32::from(row.slot));
        self.pending_decisions.push(row.pending_decisions as i32);
        self.id.push(uuid(&row.id));
        self.parent_id.push(row.parent_id.as_ref().map(uuid));
        let other = Some(&row.correlation_id).filter(|_| !row.is_own_correlation());
        self.correlation_id.push(other.map(written));
        self.subject.push(row.subject.as_ref().map(written));
        self.error.push(row.error.as_ref().map(written));
        let terms = Terms::of(row);
        self.terms.push(terms.terms);
        self.attributes.push(terms.attributes);
        self.snapshot.push(&row.snapshot);
    }
}

/// A row of [`COLUMNS`]; its kind's number is the sixth.
pub(super) fn read(row: &Row, kind: &Kind) -> InstanceRow {
    let id: Uuid = row.get(7);
    let correlation_id: Option<String> = row.get(9);
    let (terms, attributes): (Option<Vec<&str>>, Option<&str>) = (row.get(12), row.get(13));
    let mut read = InstanceRow {
        created_at: row.get(0),
        updated_at: row.get(1),
        ended_at: row.get(2),
        seq: row.get::<_, i64>(3) as u64,
        slot: row.get::<_, i32>(4) as u16,
        pending_decisions: row.get::<_, i32>(6) as u32,
        id: id.into_bytes(),
        parent_id: row.get::<_, Option<Uuid>>(8).map(Uuid::into_bytes),
        correlation_id: correlation_id.map_or_else(|| id.hyphenated().to_string(), text::read),
        subject: row.get::<_, Option<String>>(10).map(text::read),
        error: row.get::<_, Option<String>>(11).map(text::read),
        attributes: text::read_attributes(terms, attributes),
        snapshot: Bytes::new(),
        ..InstanceRow::default()
    };
    kind.put_into(&mut read);
    read
}

/// The number of the row's kind.
pub(super) fn kind(row: &Row) -> i32 {
    row.get(5)
}
