//! Records read back, and the states that they fold into.

use definition::Catalog;
use engine::codec::unpack_history;
use engine::record::Record;
use engine::{Id, Instance};
use store::{Store, StoreError};

/// Bytes of history segments read at once.
const HISTORY_BYTES: usize = 1 << 20;

/// An instance's records after `after_seq`, at most `limit`.
pub(crate) async fn read_history(
    store: &dyn Store,
    id: Id,
    after_seq: u64,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let (slot, entity) = (id.slot(), id.bytes());
    let (mut after, mut records) = (after_seq, Vec::new());
    while records.len() < limit {
        let segments = store.history(slot, entity, after, HISTORY_BYTES).await?;
        let Some(last) = segments.last() else { break };
        let up_to = last.last_seq;
        for segment in &segments {
            let unpacked = unpack_history(&segment.bytes).map_err(|error| StoreError::Corrupt {
                place: format!("the history of {id}"),
                detail: error.to_string(),
            })?;
            records.extend(unpacked.into_iter().filter(|record| record.seq > after));
        }
        after = up_to;
    }
    records.truncate(limit);
    Ok(records)
}

/// The state that records from the first on fold into, if their definition is in the catalog.
pub(crate) fn fold(catalog: &Catalog, records: &[Record]) -> Option<Instance> {
    let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
    Instance::fold(records, find)
}
