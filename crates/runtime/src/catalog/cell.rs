//! The present catalog, shared by everything that looks things up.

use std::sync::{Arc, PoisonError, RwLock};

use definition::Catalog;

/// The present catalog. A change swaps it whole: from then on every decision sees the new one.
pub(crate) struct CatalogCell(RwLock<Arc<Catalog>>);

impl CatalogCell {
    /// Holds this catalog.
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self(RwLock::new(Arc::new(catalog)))
    }

    /// The present one.
    pub(crate) fn current(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Swaps it if this one is newer; says whether it was.
    pub(crate) fn set_newer(&self, catalog: Arc<Catalog>) -> bool {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let newer = catalog.version > current.version;
        if newer {
            *current = catalog;
        }
        newer
    }

    /// Swaps it.
    pub(super) fn set(&self, catalog: Arc<Catalog>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }
}
