//! Records read back, and the states that they fold into.

use definition::Catalog;
use engine::codec::{state_in, unpack_history};
use engine::record::Record;
use engine::{Id, Instance};
use store::{Store, StoreError};

/// Bytes of history segments read at once.
const HISTORY_BYTES: usize = 1 << 20;
/// The least that a record takes there, packed among others. What those that were read took is what others are expected
/// to take: of a few records not much more is read than they need.
const RECORD_BYTES: usize = 32;

/// An instance's records after `after_seq`, at most `limit`.
pub(crate) async fn read_history(
    store: &dyn Store,
    id: Id,
    after_seq: u64,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    let (slot, entity) = (id.slot(), id.bytes());
    let (mut after, mut records) = (after_seq, Vec::new());
    let mut record_bytes = RECORD_BYTES;
    while records.len() < limit {
        let left = (limit - records.len()).saturating_mul(record_bytes);
        let segments = store
            .history(slot, entity, after, left.min(HISTORY_BYTES))
            .await?;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            break;
        };
        let up_to = last.last_seq;
        let bytes: usize = segments.iter().map(|segment| segment.bytes.len()).sum();
        let read = usize::try_from(up_to.saturating_sub(first.first_seq) + 1).unwrap_or(usize::MAX);
        record_bytes = bytes.div_ceil(read).max(RECORD_BYTES);
        for segment in &segments {
            let unpacked = unpack_history(&segment.bytes).map_err(|error| damaged(id, &error))?;
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

/// An instance after its record `seq`, or after its last one where it has fewer; none where there is
/// no such instance. It is folded from the state that lies nearest before in its history.
pub(crate) async fn read_state(
    store: &dyn Store,
    catalog: &Catalog,
    id: Id,
    seq: u64,
) -> Result<Option<Instance>, StoreError> {
    let Some(mut state) = kept_state(store, catalog, id, seq).await? else {
        let limit = usize::try_from(seq).unwrap_or(usize::MAX).max(1);
        let records = read_history(store, id, 0, limit).await?;
        return Ok(fold(catalog, &records));
    };
    let more = usize::try_from(seq - state.seq()).unwrap_or(usize::MAX);
    let records = read_history(store, id, state.seq(), more).await?;
    records.iter().for_each(|record| state.apply(record));
    state.bind(|name, version| catalog.recorded_workflow(name, version));
    Ok(Some(state))
}

/// The latest state at or before a record that lies in the history.
async fn kept_state(
    store: &dyn Store,
    catalog: &Catalog,
    id: Id,
    seq: u64,
) -> Result<Option<Instance>, StoreError> {
    for place in Instance::kept_before(seq) {
        let segments = store.history(id.slot(), id.bytes(), place - 1, 1).await?;
        let segment = segments.first().filter(|segment| segment.last_seq <= seq);
        let Some(segment) = segment else { continue };
        let kept = state_in(&segment.bytes).map_err(|error| damaged(id, &error))?;
        let Some(kept) = kept else { continue };
        let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
        let state = Instance::restore(&kept.head, &kept.chunks, find);
        return state.map(Some).map_err(|error| damaged(id, &error));
    }
    Ok(None)
}

fn damaged(id: Id, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Corrupt {
        place: format!("the history of {id}"),
        detail: error.to_string(),
    }
}
