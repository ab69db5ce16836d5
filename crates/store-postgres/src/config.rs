//! How the store reaches its database, and the bounds it keeps.

use std::fmt;
use std::time::Duration;

/// Where the database is, and every bound; [`PostgresConfig::new`] has what suits production.
#[derive(Clone)]
pub struct PostgresConfig {
    /// `postgres://user:password@host:port,host:port/database?options`.
    ///
    /// Several hosts are tried in order; only one that takes writes is used, so the URL may name
    /// a primary and its standbys. `sslmode` is `disable`, `prefer` (the default: encrypted when
    /// the server can), `require` (encrypted, whoever answers) or `verify-full` (encrypted, and
    /// the certificate must be of that host and signed by a root from `sslrootcert`, a PEM file,
    /// or else by one that the system trusts).
    pub url: String,
    /// The schema that holds the tables; made if it is missing. Lower-case letters, digits and
    /// `_`, at most 40 of them.
    pub schema: String,
    /// What the nodes of one cluster share. A database that was made under another one is
    /// refused; only a fingerprint of it is stored. It should be random and long.
    pub cluster_secret: String,
    /// Whether an older schema is brought up to date; else it is refused.
    pub migrate: bool,
    /// Connections that append. Each commits the batches of its share of the partitions together.
    pub lanes: usize,
    /// Connections for the projection and take-overs. (Three more serve heartbeats, leases,
    /// checkpoints and retention.)
    pub writers: usize,
    /// Connections for queries.
    pub readers: usize,
    /// How long one host may take to accept a connection and its credentials.
    pub connect_timeout: Duration,
    /// How long a call waits for a free connection before it answers `Unavailable`.
    pub wait_timeout: Duration,
    /// How long one statement may take. A whole call may take a quarter more; past it the
    /// connection is closed.
    pub statement_timeout: Duration,
    /// How long an append may take, the wait for a standby included. Past it the connection is
    /// closed, and the outcome is `Unknown`.
    pub append_timeout: Duration,
    /// How long a statement of a checkpoint or of retention may take (a bucket's indexes).
    pub maintenance_timeout: Duration,
    /// A table of the journal takes no more batches at about this length, in bytes.
    pub segment_bytes: u64,
    /// How much time one table of ended instances covers, in milliseconds. It is settled when
    /// the store is made.
    pub bucket_ms: i64,
}

impl PostgresConfig {
    /// A configuration for production at this URL, without a cluster secret.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: "orchestrator".into(),
            cluster_secret: String::new(),
            migrate: true,
            lanes: 2,
            writers: 4,
            readers: 4,
            connect_timeout: Duration::from_secs(3),
            wait_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            append_timeout: Duration::from_secs(5),
            maintenance_timeout: Duration::from_secs(600),
            segment_bytes: 64 << 20,
            bucket_ms: 24 * 60 * 60 * 1000,
        }
    }
}

/// Without the URL, which may hold a password, and without the secret.
impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresConfig")
            .field("schema", &self.schema)
            .field("lanes", &self.lanes)
            .field("writers", &self.writers)
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}
