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
            grace_ms: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn load(layers: &mut Layers<'_>) -> Result<Self, SettingsError> {
        let defaults = Self::default();
        let body: String = layers.value("limits.body", "1MiB")?;
        let body_bytes = expression::size::parse(&body)
            .map_err(|error| SettingsError::value("limits.body", error.to_string()))?;
        let body_bytes = usize::try_from(body_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            body_bytes,
            batch_bytes: defaults.batch_bytes.max(body_bytes),
            set_bytes: defaults.set_bytes.max(body_bytes),
            connections: layers.value("limits.connections", "10000")?,
            streams: layers.value("limits.streams", "2000")?,
            ..defaults
        })
    }
}
