//! The present catalog, shared by everything that looks things up.

use std::sync::{Arc, PoisonError, RwLock};

use definition::Catalog;
use tokio::sync::watch;

/// The present catalog. A change swaps it whole: from then on every decision sees the new one.
pub(crate) struct CatalogCell {
    present: RwLock<Arc<Catalog>>,
    /// The version of the present one.
    changes: watch::Sender<u64>,
}

impl CatalogCell {
    /// Holds this catalog.
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            changes: watch::Sender::new(catalog.version),
            present: RwLock::new(Arc::new(catalog)),
        }
    }

    /// The present one.
    pub(crate) fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.present.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells whoever listens that there is another one by now.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Swaps it if this one is newer; says whether it was.
    pub(crate) fn set_newer(&self, catalog: Arc<Catalog>) -> bool {
        let mut current = self.present.write().unwrap_or_else(PoisonError::into_inner);
        let newer = catalog.version > current.version;
        if newer {
            self.changes.send_replace(catalog.version);
            *current = catalog;
        }
        newer
    }

    /// Swaps it.
    pub(super) fn set(&self, catalog: Arc<Catalog>) {
        let mut current = self.present.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.send_replace(catalog.version);
        *current = catalog;
    }
}
