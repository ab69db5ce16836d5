//! Reading an absent instance, off the partition's task.

use std::time::Duration;

use definition::Catalog;
use engine::{Id, Instance, Payload};
use store::{Store, StoreError, StoredInstance};

use crate::history::{fold, read_history};

/// First pause before a read that the store could not answer is repeated.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Repeats a read for as long as the store is out of reach.
pub(crate) async fn patiently<T, F>(mut read: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut pause = FIRST_PAUSE;
    loop {
        match read().await {
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(%reason, "the store does not answer; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            answer => return answer,
        }
    }
}

/// An instance as it was loaded.
pub(crate) struct Loaded {
    pub(crate) instance: Instance,
    /// Its bytes in the store: about what it weighs in memory.
    pub(crate) weight: usize,
}

/// An instance as the state has it, its blobs supplied.
pub(crate) async fn load_instance(
    store: &dyn Store,
    catalog: &Catalog,
    id: Id,
) -> Result<Option<Loaded>, StoreError> {
    let read = || store.instance(id.slot(), id.bytes());
    let Some(stored) = patiently(read).await? else {
        return Ok(None);
    };
    let instance = if stored.row.snapshot.is_empty() {
        fold_stored(store, catalog, id).await?
    } else {
        restore(catalog, id, &stored)?
    };
    supply_blobs(store, &instance).await?;
    let chunks: usize = stored.chunks.iter().map(|(_, bytes)| bytes.len()).sum();
    Ok(Some(Loaded {
        instance,
        weight: stored.row.snapshot.len() + chunks,
    }))
}

fn restore(catalog: &Catalog, id: Id, stored: &StoredInstance) -> Result<Instance, StoreError> {
    let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
    Instance::restore(&stored.row.snapshot, &stored.chunks, find)
        .map_err(|error| damaged(id, &error.to_string()))
}

/// An instance that ran through in a moment is kept as its history alone.
async fn fold_stored(store: &dyn Store, catalog: &Catalog, id: Id) -> Result<Instance, StoreError> {
    let records = patiently(|| read_history(store, id, 0, usize::MAX)).await?;
    fold(catalog, &records).ok_or_else(|| damaged(id, "its history or its workflow is missing"))
}

/// Supplies the payloads that an instance only knows by their hash.
pub(crate) async fn supply_blobs(store: &dyn Store, instance: &Instance) -> Result<(), StoreError> {
    for blob in instance.missing_blobs() {
        let bytes = patiently(|| store.blob(blob.hash)).await?;
        let bytes =
            bytes.ok_or_else(|| damaged(instance.id(), "a blob that it names is not there"))?;
        instance.supply_blob(blob.hash, &bytes);
    }
    Ok(())
}

/// Reads the bytes of a payload that is only known by its hash; where the store has none it stays as it is.
pub(crate) async fn supply_payload(store: &dyn Store, payload: &Payload) -> Result<(), StoreError> {
    if let Some(missing) = payload.missing()
        && let Some(bytes) = store.blob(missing.hash).await?
    {
        payload.supply(bytes);
    }
    Ok(())
}

fn damaged(id: Id, detail: &str) -> StoreError {
    StoreError::Corrupt {
        place: format!("instance {id}"),
        detail: detail.to_owned(),
    }
}
