//! The catalog's rows and journaled changes as JSON.

use bytes::Bytes;
use definition::{ResourceKey, StoredChange, StoredResource};
use serde::{Deserialize, Serialize};
use store::{Change, Row, Table};

/// The key of the row that holds the store's own settings.
const SETTINGS_KEY: &[u8] = b"$store";
/// The catalog belongs to no slot.
const SLOT: store::Slot = 0;

/// What a store is made with and keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoreSettings {
    /// How many partitions share its slots.
    pub(crate) partitions: u16,
    /// Signs callback tokens.
    pub(crate) callback_key: [u8; 32],
}

/// One journaled change: of the store's settings, or of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Journaled {
    /// The settings that the store was made with.
    Settings {
        /// They.
        store: StoreSettings,
    },
    /// A resource.
    Resource(StoredChange),
}

/// The row of the settings and of the catalog's version.
#[derive(Serialize, Deserialize)]
struct SettingsRow {
    store: StoreSettings,
    version: u64,
}

/// What the rows hold.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) settings: Option<StoreSettings>,
    pub(super) version: u64,
    pub(super) resources: Vec<StoredResource>,
}

impl Rows {
    /// Takes a row in.
    pub(super) fn add(&mut self, row: &Row) -> Result<(), serde_json::Error> {
        if row.key == SETTINGS_KEY {
            let found: SettingsRow = serde_json::from_slice(&row.value)?;
            self.settings = Some(found.store);
            self.version = found.version;
        } else {
            self.resources.push(serde_json::from_slice(&row.value)?);
        }
        Ok(())
    }
}

/// What the projector writes for a change that made this version.
pub(super) fn changes(
    settings: &StoreSettings,
    version: u64,
    journaled: &[Journaled],
) -> Vec<Change> {
    let row = SettingsRow {
        store: settings.clone(),
        version,
    };
    let mut changes = vec![put(Bytes::from_static(SETTINGS_KEY), &row)];
    changes.extend(journaled.iter().filter_map(|change| match change {
        Journaled::Settings { .. } => None,
        Journaled::Resource(StoredChange::Put(resource)) => {
            Some(put(key_of(&resource.key), resource))
        }
        Journaled::Resource(StoredChange::Remove(key)) => Some(Change::Delete {
            table: Table::Catalog,
            slot: SLOT,
            key: key_of(key),
        }),
    }));
    changes
}

fn put(key: Bytes, value: &impl Serialize) -> Change {
    let value = serde_json::to_vec(value).unwrap_or_default().into();
    Change::Put {
        table: Table::Catalog,
        slot: SLOT,
        key,
        value,
    }
}

fn key_of(key: &ResourceKey) -> Bytes {
    let version = key
        .version
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("{}\0{}\0{version}", key.kind.as_str(), key.name).into()
}
