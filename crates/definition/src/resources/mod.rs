//! Files of resources, what they change in a catalog, and the stored form that a catalog is rebuilt from.

mod adapter;
mod apply;
mod callback;
mod change;
mod difference;
mod draft;
mod environment;
mod key;
mod routing;
mod set;
mod stored;
mod uses;

pub use adapter::{SettingsCheck, SettingsError, no_settings_check};
pub use change::{CatalogChange, ChangeAction, ResourceChange};
pub use key::{ResourceKey, ResourceKind};
pub use set::ResourceSet;
pub use stored::{StoredChange, StoredResource};
