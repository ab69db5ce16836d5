//! How much is taken at once.

use super::layers::{Layers, SettingsError};

/// Bounds of the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Bytes of a batch.
    pub batch_bytes: usize,
    /// Bytes of a set of definitions.
    pub set_bytes: usize,
    /// Connections at once.
    pub connections: usize,
    /// Event streams at once.
    pub streams: usize,
    /// Bytes of the journal that may wait for the archive; past them nothing new is started, for what waits is kept.
    pub archive_lag_bytes: u64,
    /// How long a stopping server waits for requests under way, in milliseconds.
    pub grace_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            batch_bytes: 16 << 20,
            set_bytes: 8 << 20,
            connections: 10_000,
            streams: 2_000,
            archive_lag_bytes: 4 << 30,
            grace_ms: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn load(layers: &mut Layers<'_>) -> Result<Self, SettingsError> {
        let defaults = Self::default();
        let body_bytes = size(layers, "limits.body", "1MiB")?;
        let body_bytes = usize::try_from(body_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            body_bytes,
            archive_lag_bytes: size(layers, "limits.archive-lag", "4GiB")?,
            batch_bytes: defaults.batch_bytes.max(body_bytes),
            set_bytes: defaults.set_bytes.max(body_bytes),
            connections: layers.value("limits.connections", "10000")?,
            streams: layers.value("limits.streams", "2000")?,
            ..defaults
        })
    }
}

fn size(layers: &mut Layers<'_>, name: &'static str, unset: &str) -> Result<u64, SettingsError> {
    let written: String = layers.value(name, unset)?;
    let bytes = expression::size::parse(&written);
    bytes.map_err(|error| SettingsError::value(name, error.to_string()))
}
