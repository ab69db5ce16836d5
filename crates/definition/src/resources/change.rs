use std::sync::Arc;

use serde_json::Value;

use super::{ResourceKey, StoredChange, StoredResource};
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;

/// What applying a set of resources would make of a catalog.
#[derive(Clone, Debug)]
pub struct CatalogChange {
    /// The catalog afterwards; the same version when nothing changed.
    pub new: Catalog,
    /// One entry per resource that was given, in the order of the files.
    pub changes: Vec<ResourceChange>,
    /// What is valid but likely to hurt.
    pub warnings: Vec<Diagnostic>,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceChange {
    /// Which one.
    pub key: ResourceKey,
    /// What happens to it.
    pub action: ChangeAction,
    /// Its stored form before; none when it is new.
    pub before: Option<Arc<Value>>,
    /// Its stored form afterwards; none when it is removed.
    pub after: Option<Arc<Value>>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeAction {
    /// It is new.
    Created,
    /// It has another content.
    Changed,
    /// It is there already with this content.
    Unchanged,
    /// It is gone.
    Removed,
}

impl ResourceChange {
    pub(super) fn new(
        key: ResourceKey,
        before: Option<Arc<Value>>,
        after: Option<Arc<Value>>,
    ) -> Self {
        let action = match (&before, &after) {
            (None, Some(_)) => ChangeAction::Created,
            (_, None) => ChangeAction::Removed,
            (before, after) if before == after => ChangeAction::Unchanged,
            _ => ChangeAction::Changed,
        };
        Self {
            key,
            action,
            before,
            after,
        }
    }
}

impl CatalogChange {
    /// What has to be journaled: everything that is not as it was.
    #[must_use]
    pub fn stored(&self) -> Vec<StoredChange> {
        let changed = self
            .changes
            .iter()
            .filter(|change| change.action != ChangeAction::Unchanged);
        let stored = |change: &ResourceChange| match &change.after {
            Some(document) => StoredChange::Put(StoredResource {
                key: change.key.clone(),
                document: document.clone(),
            }),
            None => StoredChange::Remove(change.key.clone()),
        };
        changed.map(stored).collect()
    }
}
