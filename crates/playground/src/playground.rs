//! Starting and stopping all services.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::gate::behind_gate;
use crate::index;
use crate::port::{Port, Power, PowerChange, bind};
use crate::service::Service;
use crate::services::SERVICES;

/// The index page's port by default; the services have the ones after it, in the order crm, billing, email, chat,
/// stock, carrier-swift, carrier-steady.
pub const DEFAULT_FIRST_PORT: u16 = 9_000;

/// The name of the index page among the URLs.
const INDEX: &str = "index";

/// Where the playground keeps its files and where it listens (always on the loopback address).
#[derive(Clone, Debug)]
pub struct PlaygroundOptions {
    /// The folder for the services' files; it is made when it is missing.
    pub dir: PathBuf,
    /// The index page's port, the services having the ones after it; 0 gives each any free port.
    pub first_port: u16,
}

impl PlaygroundOptions {
    /// On the default ports, which the adapters of the examples name.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            first_port: DEFAULT_FIRST_PORT,
        }
    }

    /// On any free ports; [`Playground::urls`] tells which.
    #[must_use]
    pub fn on_free_ports(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            first_port: 0,
        }
    }

    fn port(&self, place: u16) -> u16 {
        match self.first_port {
            0 => 0,
            first => first.saturating_add(place),
        }
    }
}

/// Why the playground could not start.
#[derive(Debug, thiserror::Error)]
pub enum PlaygroundError {
    /// The folder could not be made.
    #[error("expected a folder at {dir}, but it could not be made: {source}")]
    Folder {
        /// The folder of the options.
        dir: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A port is not to be had; most likely another playground runs.
    #[error("expected port {port} to be free for {service}, but: {source}")]
    Port {
        /// The service that needs it.
        service: &'static str,
        /// The port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The database file of `billing` is not usable.
    #[error("expected a usable database for {service} in the playground's folder, but: {source}")]
    Database {
        /// The service that owns it.
        service: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

/// The running services. Dropping it ends them at once.
#[derive(Debug)]
pub struct Playground {
    /// Base URLs by service name, without a slash at the end; `index` is the page that lists them.
    pub urls: BTreeMap<String, String>,
    services: Vec<Arc<Service>>,
    /// Kept because a port ends when nobody can reach it any more.
    index_power: mpsc::Sender<PowerChange>,
    ports: JoinSet<()>,
}

impl Playground {
    /// Starts all services and the index page; when this returns they answer.
    ///
    /// # Errors
    /// When the folder, a port or the database is not to be had; nothing is left running then.
    pub async fn start(options: PlaygroundOptions) -> Result<Self, PlaygroundError> {
        let dir = options.dir.clone();
        std::fs::create_dir_all(&dir).map_err(|source| PlaygroundError::Folder { dir, source })?;
        let mut ports = JoinSet::new();
        let mut services = Vec::with_capacity(SERVICES.len());
        for (place, (name, make)) in (1..).zip(SERVICES) {
            let database = |source| PlaygroundError::Database {
                service: name,
                source,
            };
            let own = make(&options.dir).map_err(database)?;
            let opened = Opened::at(name, options.port(place))?;
            let service = Service::new(name, opened.url.clone(), opened.power.clone());
            opened.serve(behind_gate(own, &service), &mut ports)?;
            services.push(service);
        }
        let opened = Opened::at(INDEX, options.port(0))?;
        let index_power = opened.power.clone();
        let mut urls = urls_of(&services);
        urls.insert(INDEX.to_owned(), opened.url.clone());
        opened.serve(index::routes(&services), &mut ports)?;
        Ok(Self {
            urls,
            services,
            index_power,
            ports,
        })
    }

    /// The base URL of a service, without a slash at the end.
    #[must_use]
    pub fn url(&self, service: &str) -> Option<&str> {
        self.urls.get(service).map(String::as_str)
    }

    /// Stops listening, cuts what is open, and returns when all ports are free again.
    pub async fn shutdown(mut self) {
        let powers = self.services.iter().map(|service| service.power());
        for power in powers.chain([&self.index_power]) {
            let (done, answer) = oneshot::channel();
            let to = Power::Off { asker: None };
            if power.send(PowerChange { to, done }).await.is_ok() {
                // Closed or gone: both are what is wanted.
                let _ = answer.await;
            }
        }
        self.ports.shutdown().await;
    }
}

fn urls_of(services: &[Arc<Service>]) -> BTreeMap<String, String> {
    let pairs = services
        .iter()
        .map(|service| (service.name.to_owned(), service.url.clone()));
    pairs.collect()
}

/// A port that listens, before it is known what answers on it.
struct Opened {
    service: &'static str,
    port: u16,
    url: String,
    listener: TcpListener,
    power: mpsc::Sender<PowerChange>,
    changes: mpsc::Receiver<PowerChange>,
}

impl Opened {
    fn at(service: &'static str, port: u16) -> Result<Self, PlaygroundError> {
        let failed = |source| PlaygroundError::Port {
            service,
            port,
            source,
        };
        let listener = bind(port).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (power, changes) = mpsc::channel(1);
        Ok(Self {
            service,
            port: address.port(),
            url: format!("http://{address}"),
            listener,
            power,
            changes,
        })
    }

    fn serve(self, app: Router, ports: &mut JoinSet<()>) -> Result<(), PlaygroundError> {
        let Self { service, port, .. } = self;
        let running = Port::new(self.listener, app, self.changes).map_err(|source| {
            PlaygroundError::Port {
                service,
                port,
                source,
            }
        })?;
        ports.spawn(running.run());
        Ok(())
    }
}
