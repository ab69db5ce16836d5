//! The catalog: journaled in a partition of its own, held as one immutable value.

mod cell;
mod journal;
mod recover;
mod rows;

pub(crate) use cell::CatalogCell;
pub(crate) use journal::{ADAPTER_CALLED, CatalogJournal, SystemAct, change_catalog, note_act};
pub(crate) use recover::{RecoveredCatalog, read_catalog, recover_catalog, shared_catalog};
pub(crate) use rows::StoreSettings;
