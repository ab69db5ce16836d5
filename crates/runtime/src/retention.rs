//! How long ended instances are kept: under which rule each is filed, and when they go.

use std::sync::Arc;
use std::time::Duration;

use definition::Catalog;
use engine::record::Record;
use store::{Expiry, InstanceRow, RetentionClass, StoreError};

use crate::shared::Shared;

/// What is never dropped: a person still has to decide something about it. (No rule is named so.)
const HELD: &str = "held";

/// Under which rule an instance is kept, once it has ended.
pub(crate) fn class_of(catalog: &Catalog, row: &InstanceRow) -> RetentionClass {
    if row.ended_at.is_none() {
        return RetentionClass::default();
    }
    if row.pending_decisions > 0 {
        return RetentionClass::new(HELD);
    }
    match catalog.retention_rule(&row.workflow, &row.status) {
        Some(rule) => RetentionClass::new(rule),
        None => RetentionClass::default(),
    }
}

/// What is no longer kept at a time. What was filed under a rule that is gone is kept by default.
pub(crate) fn expiry(catalog: &Catalog, now_ms: i64) -> Expiry {
    let before = |keep_ms: u64| now_ms.saturating_sub(i64::try_from(keep_ms).unwrap_or(i64::MAX));
    let rules = catalog.retention_rules.iter();
    let rules = rules.map(|(name, rule)| {
        let class = RetentionClass::new(name.as_str());
        (class, Some(before(rule.keep_ms)))
    });
    Expiry {
        classes: rules.chain([(RetentionClass::new(HELD), None)]).collect(),
        others: catalog.defaults.keep_instances_ms.map(before),
    }
}

/// Whether the instance of a record may have gone already: it could not if it ended since.
pub(crate) fn may_be_purged(shared: &Shared, record: &Record) -> bool {
    let expiry = expiry(&shared.catalog.current(), shared.clock.now_ms());
    expiry.latest().is_some_and(|latest| record.at < latest)
}

/// Between steps of a sweep that has more to do, so that others get their turn.
const BETWEEN_STEPS: Duration = Duration::from_millis(50);

/// Drops what is no longer kept, again and again, beside everything else.
pub(crate) async fn purge_regularly(shared: Arc<Shared>) {
    let every = Duration::from_millis(shared.config.bounds.purge_every_ms);
    loop {
        tokio::time::sleep(every).await;
        purge(&shared).await;
        sweep_blobs(&shared).await;
    }
}

async fn purge(shared: &Shared) {
    let expiry = expiry(&shared.catalog.current(), shared.clock.now_ms());
    if expiry.latest().is_none() {
        return;
    }
    let stats = &shared.stats;
    match shared.store.drop_ended(&expiry).await {
        Ok(dropped) if dropped.buckets == 0 => {}
        Ok(dropped) => {
            crate::health::add(&stats.purged_buckets, dropped.buckets);
            crate::health::add(&stats.purged_instances, dropped.instances);
            crate::health::add(&stats.purged_bytes, dropped.bytes);
            tracing::info!(
                buckets = dropped.buckets,
                instances = dropped.instances,
                bytes = dropped.bytes,
                "ended instances were purged"
            );
        }
        Err(StoreError::Unavailable(reason)) => {
            tracing::warn!(%reason, "ended instances could not be purged; the next round will do");
        }
        // Nobody waits for it, and what could not be dropped is still whole.
        Err(error) => tracing::error!(%error, "ended instances could not be purged"),
    }
}

/// Removes blobs that nothing names any more.
async fn sweep_blobs(shared: &Shared) {
    let (stats, keep_ms) = (&shared.stats, shared.config.bounds.blobs_kept_ms);
    loop {
        match shared
            .store
            .sweep_blobs(shared.clock.now_ms(), keep_ms)
            .await
        {
            Ok(swept) => {
                crate::health::add(&stats.swept_blobs, swept.blobs);
                crate::health::add(&stats.swept_blob_bytes, swept.bytes);
                if !swept.more {
                    return;
                }
            }
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(%reason, "blobs could not be swept; the next round will do");
                return;
            }
            // Nobody waits for it, and what is named is still there.
            Err(error) => {
                tracing::error!(%error, "blobs could not be swept");
                return;
            }
        }
        tokio::time::sleep(BETWEEN_STEPS).await;
    }
}

#[cfg(test)]
mod tests {
    use definition::{ResourceSet, no_settings_check};

    use super::*;

    const POLICIES: &str = "
policies:
  retention: [{ match: { status: failed }, keep: 2h }]
  defaults: { retention: { instances: 1h } }
";
    const HOUR_MS: i64 = 3_600_000;

    fn catalog(text: &str) -> Catalog {
        let (set, _) = ResourceSet::parse(vec![("p.yaml".into(), text.into())]);
        let applied = set.apply_to(&Catalog::default(), &no_settings_check);
        applied.expect("applies").new
    }

    fn is_over_after(status: &str, pending_decisions: u32, hours: i64) -> bool {
        let catalog = catalog(POLICIES);
        let row = InstanceRow {
            status: status.into(),
            pending_decisions,
            ended_at: Some(0),
            ..InstanceRow::default()
        };
        expiry(&catalog, hours * HOUR_MS).is_over(&class_of(&catalog, &row), 0)
    }

    #[test]
    fn each_goes_by_its_rule() {
        assert!(is_over_after("completed", 0, 1));
        assert!(!is_over_after("failed", 0, 1));
        assert!(is_over_after("failed", 0, 2));
    }

    #[test]
    fn what_a_person_has_to_decide_about_stays() {
        assert!(!is_over_after("failed", 1, 1_000_000));
    }

    #[test]
    fn without_rules_nothing_goes() {
        assert_eq!(expiry(&Catalog::default(), i64::MAX).latest(), None);
    }
}
