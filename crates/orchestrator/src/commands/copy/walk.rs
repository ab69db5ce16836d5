//! Everything that a store at rest holds, in pieces of bounded size and in a fixed order.

use async_trait::async_trait;
use bytes::Bytes;
use engine::SLOTS;
use store::{
    Blob, HistorySegment, InstanceFilter, InstanceRow, Movable, Row, Scan, Slot, StoreError,
    StoredInstance, Table,
};

/// Bytes of blobs or of one instance's history that are read at once.
const BYTES: usize = 4 << 20;
/// Rows that are read at once.
const ROWS: usize = 1_000;

/// Takes in what a store holds.
#[async_trait]
pub(super) trait Sink: Send {
    async fn blobs(&mut self, blobs: Vec<Blob>) -> Result<(), StoreError>;
    async fn rows(&mut self, table: Table, rows: Vec<Row>) -> Result<(), StoreError>;
    /// Some of an instance's history, in order; the instance itself comes behind it.
    async fn history(
        &mut self,
        row: &InstanceRow,
        segments: Vec<HistorySegment>,
    ) -> Result<(), StoreError>;
    async fn instance(&mut self, instance: StoredInstance) -> Result<(), StoreError>;
}

/// Gives all that is in the store to the sink.
pub(super) async fn walk(store: &dyn Movable, sink: &mut dyn Sink) -> Result<(), StoreError> {
    blobs(store, sink).await?;
    for table in Table::ALL {
        let mut scan = all_of(table);
        loop {
            let rows = store.scan(scan.clone()).await?;
            let Some(last) = rows.last() else { break };
            scan.after = Some((last.key.clone(), last.slot));
            sink.rows(table, rows).await?;
        }
    }
    let mut after = None;
    loop {
        let page = store.list(&InstanceFilter::default(), after, ROWS).await?;
        for row in &page.items {
            instance(store, row, sink).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Whether any keyed table has a row.
pub(super) async fn has_rows(store: &dyn Movable) -> Result<bool, StoreError> {
    for table in Table::ALL {
        if !store.scan(all_of(table)).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn all_of(table: Table) -> Scan {
    let last: Slot = SLOTS - 1;
    Scan {
        table,
        slots: 0..=last,
        after: None,
        prefix: Bytes::new(),
        reverse: false,
        limit: ROWS,
    }
}

async fn blobs(store: &dyn Movable, sink: &mut dyn Sink) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let blobs = store.blobs(after, BYTES).await?;
        let Some(last) = blobs.last() else {
            return Ok(());
        };
        after = Some(last.hash);
        sink.blobs(blobs).await?;
    }
}

async fn instance(
    store: &dyn Movable,
    row: &InstanceRow,
    sink: &mut dyn Sink,
) -> Result<(), StoreError> {
    let mut seq = 0;
    loop {
        let segments = store.history(row.slot, row.id, seq, BYTES).await?;
        let Some(last) = segments.last() else { break };
        seq = last.last_seq;
        sink.history(row, segments).await?;
    }
    let found = store.instance(row.slot, row.id).await?;
    let gone = || StoreError::Corrupt {
        place: format!("instance {}", engine::Id::from_bytes(row.id)),
        detail: "it is listed but not there; `orchestrator doctor` looks for more".into(),
    };
    sink.instance(found.ok_or_else(gone)?).await
}
