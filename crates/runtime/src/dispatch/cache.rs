//! Outputs that are used again: asked for at the slot of their key before a call is made, kept there before
//! the call's own result is taken. A home that does not answer only costs a call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::record::{CacheUse, OutputKept, TaskKey};
use engine::{Id, Payload, Slot, TaskOutcome};
use tokio::sync::oneshot;

use super::calls::send_outcome;
use crate::cluster::{Routed, Trip};
use crate::error::Unavailable;
use crate::partition::{Internal, MAX_OUTPUT, OutputAsked, scoped_output, slot_of_output};
use crate::shared::Shared;

/// How long the home of a key is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The output that is kept under a key, as what came of the call.
pub(super) async fn kept_output(shared: &Arc<Shared>, cache: &CacheUse) -> Option<TaskOutcome> {
    let key = scoped_output(&cache.key);
    let found = tokio::time::timeout(PATIENCE, find(shared, &key)).await;
    let kept = match found {
        Ok(Ok(found)) => found?,
        Ok(Err(error)) => {
            tracing::warn!(%error, "a kept output cannot be looked up; the call is made");
            return None;
        }
        Err(_) => return None,
    };
    crate::health::add(&shared.stats.outputs_reused, 1);
    Some(TaskOutcome::Completed {
        output: Payload::from_bytes(kept.output),
        target: String::new(),
        exchange: String::new(),
        kept_by: Id::from_slice(&kept.instance),
    })
}

/// Keeps what a call of an instance came to, if it ended well and is not too large.
pub(crate) async fn keep_output(
    shared: &Arc<Shared>,
    id: Id,
    cache: &CacheUse,
    outcome: &TaskOutcome,
) {
    let TaskOutcome::Completed { output, .. } = outcome else {
        return;
    };
    let output = output.bytes();
    if output.len() > MAX_OUTPUT {
        return;
    }
    let now = shared.clock.now_ms();
    let kept = OutputKept {
        key: scoped_output(&cache.key),
        instance: Bytes::copy_from_slice(&id.bytes()),
        expires_at: now.saturating_add_unsigned(cache.ttl_ms),
        output,
        instead_of: Vec::new(),
    };
    match tokio::time::timeout(PATIENCE, keep(shared, kept)).await {
        Ok(Ok(())) => crate::health::add(&shared.stats.outputs_kept, 1),
        Ok(Err(error)) => tracing::warn!(%error, "an output cannot be kept"),
        Err(_) => tracing::warn!("an output cannot be kept in time"),
    }
}

/// A kept output ends the wait of a call that has no room yet.
pub(super) fn look_while_it_waits(shared: &Arc<Shared>, id: Id, task: TaskKey, cache: CacheUse) {
    let owned = Arc::clone(shared);
    shared.tasks.spawn(async move {
        let Some(outcome) = kept_output(&owned, &cache).await else {
            return;
        };
        // Where it began meanwhile it asks for itself.
        if owned.dispatcher.take_out(&owned, id, task).is_some() {
            send_outcome(&owned, id, task, outcome);
        }
    });
}

async fn find(shared: &Arc<Shared>, key: &str) -> Result<Option<OutputKept>, Unavailable> {
    let mut trip = Trip::to(shared, slot_of_output(key));
    loop {
        let outcome = match trip.next().await? {
            Routed::Here => trip.here(find_output_here(shared, key)).await,
            Routed::There(there) => there.find_output(key).await,
        };
        if let Some(settled) = trip.settled(outcome) {
            return settled;
        }
    }
}

async fn keep(shared: &Arc<Shared>, kept: OutputKept) -> Result<(), Unavailable> {
    let mut trip = Trip::to(shared, slot_of_output(&kept.key));
    loop {
        let outcome = match trip.next().await? {
            Routed::Here => trip.here(keep_output_here(shared, kept.clone())).await,
            Routed::There(there) => there.keep_output(&kept).await,
        };
        if let Some(settled) = trip.settled(outcome) {
            return settled;
        }
    }
}

/// The output under a scoped key whose slot is in this process.
pub(crate) async fn find_output_here(
    shared: &Shared,
    key: &str,
) -> Result<Option<OutputKept>, Unavailable> {
    let (reply, answer) = oneshot::channel();
    let key = key.to_owned();
    let slot = slot_of_output(&key);
    ask(shared, slot, OutputAsked::Find { key, reply })?;
    Ok(answer.await.map_err(|_| Unavailable::Closed)??)
}

/// Keeps an output whose slot is in this process.
pub(crate) async fn keep_output_here(shared: &Shared, kept: OutputKept) -> Result<(), Unavailable> {
    let (reply, answer) = oneshot::channel();
    let slot = slot_of_output(&kept.key);
    ask(shared, slot, OutputAsked::Keep { kept, reply })?;
    Ok(answer.await.map_err(|_| Unavailable::Closed)??)
}

fn ask(shared: &Shared, slot: Slot, asked: OutputAsked) -> Result<(), Unavailable> {
    let port = shared.port(slot);
    if !port.is_open() {
        return Err(Unavailable::Closed);
    }
    port.notify(Internal::Output(Box::new(asked)));
    Ok(())
}
