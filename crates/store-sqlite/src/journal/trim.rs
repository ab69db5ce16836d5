//! Lets go of files whose batches are all behind the state. It stands beside the commits: no commit
//! waits for it.

use store::StoreError;

use super::index::{INTACT, SharedIndex, segment_name};
use crate::failure::io_failure;
use crate::files::Files;

/// Removes segments, oldest first, each removal durable before the next, so that a loss of power
/// leaves no hole. One that is gone already is passed over.
pub(crate) fn remove(
    files: &dyn Files,
    index: &SharedIndex,
    segments: &[u64],
) -> Result<(), StoreError> {
    for number in segments {
        if !index.write().expect(INTACT).remove_segment(*number) {
            continue;
        }
        let name = segment_name(*number);
        let removed = files.remove(&name).and_then(|()| files.sync_folder());
        removed.map_err(|error| io_failure(&format!("removing journal/{name}"), error))?;
    }
    Ok(())
}
