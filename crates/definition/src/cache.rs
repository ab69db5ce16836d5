//! Using a completed output again.

use expression::Template;

/// `cache` of a call: an output that was completed under its key is used instead of calling again.
#[derive(Debug)]
pub struct Cache {
    /// What the output is found by, within the namespace. Null and an empty text: nothing is kept.
    pub key: Template,
    /// How long the output is kept, in milliseconds.
    pub ttl_ms: u64,
}

/// The longest key of a kept output, in bytes.
pub const MAX_CACHE_KEY: usize = 256;

/// How long outputs are kept, in milliseconds.
pub(crate) const CACHE_TTL_MS: std::ops::RangeInclusive<u64> = 1_000..=30 * 86_400_000;
