//! What becomes of a breaker is kept with the catalog: it survives a restart, holds wherever the home
//! goes next, and stands in the audit.

use std::sync::Arc;
use std::time::Duration;

use definition::OpenBreaker;

use crate::catalog::change_catalog;
use crate::shared::Shared;

/// Who changes a breaker that nobody switches.
const ACTOR: &str = "circuit-breaker";
/// Before a second try.
const AGAIN: Duration = Duration::from_millis(500);

/// Keeps changes as long as the runtime goes.
pub(crate) async fn keep_changes(shared: Arc<Shared>) {
    loop {
        let changes = shared.homes.take_changes();
        if changes.is_empty() {
            shared.homes.changed.notified().await;
            continue;
        }
        for ((adapter, target), open) in changes {
            if let Err(reason) = keep_one(&shared, &adapter, &target, open.as_ref()).await {
                tracing::warn!(adapter, target, %reason, "a breaker's change is not kept yet");
                shared.homes.put_back((adapter, target), open);
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

async fn keep_one(
    shared: &Arc<Shared>,
    adapter: &str,
    target: &str,
    open: Option<&OpenBreaker>,
) -> Result<(), String> {
    let reason = match open {
        Some(open) => format!("{adapter} at {target} opened: {}", open.why),
        None => format!("{adapter} at {target} closed"),
    };
    match open {
        Some(open) => tracing::warn!(adapter, target, why = open.why, "a circuit breaker opened"),
        None => tracing::info!(adapter, target, "a circuit breaker closed"),
    }
    let plan = |catalog: &definition::Catalog| catalog.with_breaker(adapter, target, open.cloned());
    let changed = change_catalog(shared, ACTOR, &reason, plan).await;
    changed.map(drop).map_err(|error| format!("{error:?}"))
}
