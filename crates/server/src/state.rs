//! What every route works with.

use std::sync::Arc;

use adapter::Registry;
use runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use api::{Code, Time};

use crate::audit_key::AuditKey;
use crate::callers::{Place, Roster};
use crate::copies::Copies;
use crate::door::{Refusal, of_unavailable};
use crate::metrics::Traffic;
use crate::openapi;
use crate::peers::ClusterSecret;
use crate::secrets::SecretSources;
use crate::settings::{Limits, Settings};

/// The runtime, and everything that stands between it and the outside.
pub struct Door {
    /// The runtime.
    pub runtime: Runtime,
    /// The callers.
    pub(crate) roster: Roster,
    /// The names and pages that requests may come by.
    pub(crate) place: Place,
    /// Bounds.
    pub(crate) limits: Limits,
    /// Where secrets come from: an apply asks whether they are there.
    pub(crate) secrets: SecretSources,
    /// The kinds of adapters: an apply asks them about settings.
    pub(crate) kinds: Registry,
    /// The node's name.
    pub(crate) node: String,
    /// The environment that it runs as.
    pub(crate) environment: String,
    /// What the nodes of its cluster share; none: it is alone.
    pub(crate) cluster_secret: Option<ClusterSecret>,
    /// Seals heads of the log of decisions, if there is a key for that.
    pub(crate) audit_key: Option<AuditKey>,
    /// When the process started.
    pub(crate) started_at: Time,
    /// Its requests, counted.
    pub(crate) traffic: Traffic,
    /// What can be done with copies of the store, if anything.
    pub(crate) copies: Option<Arc<dyn Copies>>,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

impl Door {
    /// A door before this runtime; streams end when `stopping` turns true.
    pub fn new(
        settings: &Settings,
        runtime: Runtime,
        secrets: SecretSources,
        kinds: Registry,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let Settings {
            limits,
            tokens,
            hosts,
            origins,
            ..
        } = settings;
        Self {
            runtime,
            roster: Roster::new(tokens, settings.without_token.as_deref()),
            place: Place::new(hosts, origins, settings.advertise.as_deref()),
            limits: *limits,
            secrets,
            kinds,
            node: settings.node_name(),
            cluster_secret: settings.cluster_secret(),
            // It was looked at when the settings were read.
            audit_key: settings.audit_key().ok().flatten(),
            environment: settings.environment.clone(),
            started_at: now(),
            traffic: Traffic::to(openapi::routes()),
            copies: None,
            streams: Arc::new(Semaphore::new(limits.streams)),
            stopping,
        }
    }

    /// The same door to a server that can copy its store.
    #[must_use]
    pub fn with_copies(mut self, copies: Option<Arc<dyn Copies>>) -> Self {
        self.copies = copies;
        self
    }

    /// Whether something new may be started: not while the archive or the state is too far behind. It is asked when a body
    /// was taken off the wire, so that its sender reads the refusal, and before it is parsed, which costs more than all
    /// else of a refusal.
    ///
    /// # Errors
    /// When one of them is.
    pub(crate) fn may_start(&self) -> Result<(), Refusal> {
        self.archive_follows()?;
        let room = self.runtime.check_lag();
        room.map_err(|outage| of_unavailable(&outage))
    }

    /// Not so while too much of the journal waits for an archive that is away, since that would fill the disk.
    ///
    /// # Errors
    /// When the archive is too far behind.
    pub(crate) fn archive_follows(&self) -> Result<(), Refusal> {
        let most = self.limits.archive_lag_bytes;
        let archive = self.copies.as_ref().and_then(|copies| copies.archive());
        let Some(archive) = archive.filter(|archive| archive.lag_bytes > most) else {
            return Ok(());
        };
        let detail = format!(
            "expected the archive to be at most {most} bytes behind, but it is {} bytes and {} s behind",
            archive.lag_bytes,
            archive.lag_ms / 1_000
        );
        Err(Refusal::new(Code::ARCHIVE_BEHIND, detail).retry_after(30_000))
    }

    /// A place among the streams, held as long as the stream runs.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn stream_slot(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let most = self.limits.streams;
        let full = |_| {
            let detail =
                format!("expected at most {most} event streams at once, but there are as many");
            Refusal::new(Code::TOO_MANY_STREAMS, detail).retry_after(5_000)
        };
        Arc::clone(&self.streams).try_acquire_owned().map_err(full)
    }

    /// Turns true when the server stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.clone()
    }
}

/// Waits until the server stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Without a sender the server is gone: that is a stop as well.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

/// The present time.
pub(crate) fn now() -> Time {
    use runtime::Clock;
    Time(runtime::SystemClock.now_ms())
}
