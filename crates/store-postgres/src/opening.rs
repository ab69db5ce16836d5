//! Opens the store: checks the server, brings the schema forward, and starts the lanes.

use std::io;
use std::sync::Arc;

use store::StoreError;
use tokio::sync::{Mutex, mpsc};

use crate::PostgresStore;
use crate::config::PostgresConfig;
use crate::connection::{Connector, Pool, Purpose, Session};
use crate::failure::{Trouble, io_refusal};
use crate::identity::{Identity, check_server, identify};
use crate::journal::{Lane, Request, Segments};
use crate::schema;
use crate::state::{BucketSpan, Epochs};

/// Appends that wait for one lane; each partition has one at a time.
const WAITING: usize = 1024;

/// Connections for heartbeats and leases.
const CONTROL: usize = 2;

impl PostgresStore {
    /// Opens the store at the configuration's URL, making its tables if they are missing. It must
    /// be called, and the store be used, within one tokio runtime.
    ///
    /// # Errors
    /// `Unavailable` when no host answers that takes writes: it may be tried again. `Io`, which
    /// says what to mend, when the credentials, the certificate, the server, the schema's version
    /// or the cluster's secret are not as they must be.
    pub async fn open(config: PostgresConfig) -> Result<Self, StoreError> {
        check(&config)?;
        let connector = Arc::new(Connector::new(&config)?);
        let segments = Arc::new(Segments::new(config.segment_bytes));
        let session = connector.connect_once(Purpose::Maintain).await?;
        let limit = config.maintenance_timeout;
        let prepared = tokio::time::timeout(limit, prepare(&session, &config, &segments)).await;
        let prepared = prepared.unwrap_or(Err(Trouble::Late(limit)));
        session.close();
        let identity = prepared.map_err(|trouble| trouble.refusal("opening the store"))?;
        tracing::info!(
            place = connector.place(),
            schema = config.schema,
            cluster = %identity.cluster_id,
            "the store is open"
        );
        Ok(Self::start(&config, connector, segments, identity))
    }

    fn start(
        config: &PostgresConfig,
        connector: Arc<Connector>,
        segments: Arc<Segments>,
        identity: Identity,
    ) -> Self {
        let pool = |purpose, size, statement: std::time::Duration| {
            // The server's own answer, that a statement took too long, comes first.
            let bounds = (config.wait_timeout, statement + statement / 4);
            Arc::new(Pool::new(connector.clone(), purpose, size, bounds))
        };
        let writers = pool(Purpose::Write, config.writers, config.statement_timeout);
        let lane = |_| {
            let (requests, queue) = mpsc::channel::<Request>(WAITING);
            let lane = Lane::new(
                connector.clone(),
                segments.clone(),
                config.append_timeout,
                queue,
            );
            tokio::spawn(lane.run());
            requests
        };
        let maintenance = pool(Purpose::Maintain, 1, config.maintenance_timeout);
        Self {
            lanes: (0..config.lanes.max(1)).map(lane).collect(),
            ahead: keep_ahead(segments.clone(), writers.clone()),
            readers: pool(Purpose::Read, config.readers, config.statement_timeout),
            writers,
            control: pool(Purpose::Write, CONTROL, config.statement_timeout),
            maintenance,
            segments,
            epochs: Epochs::default(),
            span: BucketSpan(identity.bucket_ms),
            identity,
            checkpointing: Mutex::default(),
        }
    }
}

fn check(config: &PostgresConfig) -> Result<(), StoreError> {
    let ours = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let name = &config.schema;
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && name.len() <= 40 && name.chars().all(ours) {
        return Ok(());
    }
    let detail = format!(
        "expected a schema's name of lower-case letters, digits and `_`, at most 40, but it is `{name}`"
    );
    let kind = io::ErrorKind::InvalidInput;
    Err(io_refusal(
        "opening the store",
        kind,
        detail,
        "choose such a name",
    ))
}

async fn prepare(
    session: &Session,
    config: &PostgresConfig,
    segments: &Segments,
) -> Result<Identity, Trouble> {
    check_server(&session.client).await?;
    // Another node may be at it, and take long.
    session
        .client
        .batch_execute("SET lock_timeout TO 0")
        .await?;
    schema::migrate(&session.client, &config.schema, config.migrate).await?;
    let identity = identify(&session.client, config).await?;
    segments.pick(session).await?;
    Ok(identity)
}

/// Makes each next segment before it is needed. Should it fail, batches go on into the full one,
/// and it is tried again with the next of them.
fn keep_ahead(segments: Arc<Segments>, writers: Arc<Pool>) -> tokio::task::AbortHandle {
    let keep = async move {
        loop {
            segments.wanted().await;
            if let Err(error) = make_next(&segments, &writers).await {
                tracing::warn!(%error, "the journal's next segment could not be made yet");
            }
        }
    };
    tokio::spawn(keep).abort_handle()
}

async fn make_next(segments: &Segments, writers: &Pool) -> Result<(), StoreError> {
    let what = "making a segment of the journal";
    crate::connection::with_session!(writers, what, |session| segments.make_next(session))
}
