//! How the embedded store is laid out.

/// Sizes and numbers of the embedded store; the defaults suit production.
#[derive(Clone, Debug)]
pub struct Options {
    /// A journal file is closed at this length, in bytes.
    pub segment_bytes: u64,
    /// How much of the journal's file is laid out when the store opens, in bytes.
    pub first_bytes: u64,
    /// How much time one file of ended instances covers, in milliseconds. It is settled when the
    /// store is made.
    pub bucket_ms: i64,
    /// Ended instances are gathered in memory up to about this many bytes between checkpoints.
    pub recent_bytes: usize,
    /// Threads that answer queries.
    pub readers: usize,
    /// The state may grow to this many pages of 4 KiB; none is no limit but the disk's.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            first_bytes: 4 << 20,
            bucket_ms: 24 * 60 * 60 * 1000,
            recent_bytes: 64 << 20,
            readers: 2,
            max_pages: None,
        }
    }
}
