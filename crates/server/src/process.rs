//! From settings and a store to a running server, and back to rest.

use std::net::SocketAddr;
use std::sync::Arc;

use adapter::{OutboundPolicy, Registry};
use api::{ApplyReport, Problem};
use definition::{Catalog, ResourceSet};
use runtime::{Begins, Bounds, Config, Membership, OpenError, Runtime, Surroundings, SystemClock};
use store::{Cluster, Node, Store};
use tokio::sync::{mpsc, watch};

use crate::copies::Copies;
use crate::listen::Listening;
use crate::peers::HttpPeers;
use crate::routes::{apply_failed, router};
use crate::secrets::SecretSources;
use crate::sets::{plan, report};
use crate::settings::Settings;
use crate::state::Door;

/// Why a server could not start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is not to be had.
    #[error("expected to listen on {address}, but: {source}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Storage failed, or something that should not be possible happened.
    #[error("the process has to end: {0}")]
    Fatal(String),
}

/// A server that listens.
pub struct Server {
    runtime: Runtime,
    door: Arc<Door>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    fatal: mpsc::UnboundedReceiver<String>,
    serving: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Listens, opens the store, recovers what it holds, and begins to answer. `copies` says what can be
    /// done with copies of the store.
    ///
    /// # Errors
    /// When the address or the store is not to be had.
    pub async fn start(
        settings: &Settings,
        store: Arc<dyn Store>,
        cluster: Option<Arc<dyn Cluster>>,
        copies: Option<Arc<dyn Copies>>,
        kinds: Registry,
    ) -> Result<Self, ServeError> {
        let address = settings.listen;
        let listening = Listening::on(address)
            .await
            .map_err(|source| ServeError::Address { address, source })?;
        let address = listening.address();
        let settings = &Settings {
            listen: address,
            ..settings.clone()
        };
        let secrets = SecretSources::of_process(settings.secrets_dir.clone());
        let (with, fatal) = surroundings(store, kinds.clone(), secrets.clone());
        let cluster = cluster.and_then(|cluster| membership(settings, cluster));
        let with = Surroundings { cluster, ..with };
        let runtime = Runtime::open(config(settings, address), with).await?;
        let (stop, stopping) = watch::channel(false);
        let door = Door::new(settings, runtime.clone(), secrets, kinds, stopping.clone());
        let door = Arc::new(door.with_copies(copies));
        let routes = router(Arc::clone(&door));
        let serving = tokio::spawn(listening.serve(routes, settings.limits, stopping));
        Ok(Self {
            runtime,
            door,
            address,
            stop,
            fatal,
            serving,
        })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The runtime behind it.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Applies files, as `POST /api/v1/apply` does.
    ///
    /// # Errors
    /// With what speaks against them.
    pub async fn apply(
        &self,
        files: Vec<(String, Vec<u8>)>,
        actor: &str,
        reason: &str,
    ) -> Result<ApplyReport, Problem> {
        let (set, _) = ResourceSet::parse(files);
        let plan = |base: &Catalog| plan(&set, base, &self.door.kinds, &self.door.secrets);
        let change = self.runtime.apply(actor, reason, plan).await;
        change
            .map(|change| report(&change))
            .map_err(|error| apply_failed(error).into_problem())
    }

    /// Runs until `asked` is done, then stops accepting, finishes what is under way, commits, and
    /// leaves.
    ///
    /// # Errors
    /// When storage failed: then nothing is finished, for nothing could be made durable.
    pub async fn run_until(mut self, asked: impl Future<Output = ()>) -> Result<(), ServeError> {
        tokio::select! {
            biased;
            Some(reason) = self.fatal.recv() => return Err(ServeError::Fatal(reason)),
            () = asked => {}
        }
        // The other nodes take over while this one still passes on what it is asked.
        self.runtime.leave().await;
        tracing::info!("stopping: nothing new is taken");
        self.stop.send_replace(true);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "serving ended early");
        }
        self.runtime.shutdown().await;
        match self.fatal.try_recv() {
            Ok(reason) => Err(ServeError::Fatal(reason)),
            Err(_) => Ok(()),
        }
    }
}

/// Brings a store to rest that no server uses: what its journal holds is taken in, nothing goes out.
///
/// # Errors
/// When the store cannot be opened, or something of it is left.
pub async fn settle(
    store: Arc<dyn Store>,
    environment: &str,
    kinds: Registry,
) -> Result<(), ServeError> {
    let (with, mut fatal) = surroundings(store, kinds, SecretSources::of_process(None));
    let config = Config {
        begins: Begins::AtRest,
        ..Config::embedded(environment, 1)
    };
    let runtime = Runtime::open(config, with).await?;
    runtime.shutdown().await;
    let partitions = runtime.health().partitions;
    let behind = partitions
        .iter()
        .find(|partition| partition.reached < partition.head);
    match (fatal.try_recv(), behind) {
        (Ok(reason), _) => Err(ServeError::Fatal(reason)),
        (Err(_), Some(partition)) => Err(ServeError::Fatal(format!(
            "expected partition {} to be taken in up to {}, but it is up to {}",
            partition.id, partition.head, partition.reached
        ))),
        (Err(_), None) => Ok(()),
    }
}

/// What a runtime works with in a process of its own, and where it says why that must end.
fn surroundings(
    store: Arc<dyn Store>,
    kinds: Registry,
    secrets: SecretSources,
) -> (Surroundings, mpsc::UnboundedReceiver<String>) {
    let (tell, fatal) = mpsc::unbounded_channel();
    let with = Surroundings {
        store,
        kinds,
        clock: Arc::new(SystemClock),
        secrets: Arc::new(secrets),
        cluster: None,
        log_filter: crate::logging::filter(),
        seed: seed(),
        // The receiver outlives the runtime unless the process ends anyway.
        on_fatal: Arc::new(move |reason| drop(tell.send(reason))),
    };
    (with, fatal)
}

/// This node among those that share its store.
fn membership(settings: &Settings, store: Arc<dyn Cluster>) -> Option<Membership> {
    let node = Node {
        id: uuid::Uuid::now_v7(),
        name: settings.node_name(),
        zone: settings.zone.clone(),
        region: settings.region.clone(),
        url: settings.own_url(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        format: engine::codec::FORMAT,
        unfit: String::new(),
    };
    Some(Membership {
        store,
        peers: Arc::new(HttpPeers::new(settings.cluster_secret()?)),
        node,
        lease_ms: settings.lease_ms,
    })
}

fn config(settings: &Settings, address: SocketAddr) -> Config {
    let bounds = Bounds::default();
    Config {
        bounds: Bounds {
            // No sooner than a bucket can be over.
            purge_every_ms: bounds.purge_every_ms.min(settings.ended_span.ms.into()),
            // Nothing that is kept in shorter spans needs its blobs for a day.
            blobs_kept_ms: bounds.blobs_kept_ms.min(settings.ended_span.ms.into()),
            ..bounds
        },
        node: settings.node_name(),
        callback_base: Some(settings.own_url()),
        begins: if settings.start_paused {
            Begins::Paused
        } else {
            Begins::AsTheStoreSays
        },
        outbound: OutboundPolicy {
            server_is_loopback: address.ip().is_loopback(),
            allow: settings.outbound_allow.clone(),
        },
        ..Config::embedded(settings.environment.clone(), settings.partitions)
    }
}

/// A seed that no other process has.
fn seed() -> u64 {
    let (time, random) = uuid::Uuid::now_v7().as_u64_pair();
    time ^ random
}
