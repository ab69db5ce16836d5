//! `serve`: the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::{Code, Exit};
use server::{Copies, Flags, ServeError, Server, Settings, SettingsError, Shown};
use store::Cluster;
use store_postgres::{PostgresConfig, PostgresStore};
use store_sqlite::{Options, SqliteStore};
use tokio::signal::unix::{SignalKind, signal};

use super::backup::{Embedded, open_vault};
use crate::args::ServeArgs;
use crate::failure::Failure;
use crate::output::{columns, print};

/// How long tasks may take to end after everything is committed.
const LINGER: Duration = Duration::from_secs(1);

/// Runs the server until it is asked to stop.
pub fn run(args: &ServeArgs) -> Result<Exit, Failure> {
    let loaded = Settings::load(flags(args), |name| std::env::var(name).ok());
    let (settings, shown) = loaded.map_err(|error| wrong_settings(&error))?;
    if args.print_config {
        print(&config_text(&shown))?;
        return Ok(Exit::Well);
    }
    start_logging(&settings)?;
    block_on(async {
        let started = start(&settings).await?;
        announce(&started.server)?;
        until_asked(started).await
    })
}

/// The folder's store.
pub fn open_store(folder: &Path, options: &Options) -> Result<SqliteStore, Failure> {
    let failed = |error: store::StoreError| Failure::new(Code::NO_STORE, error.to_string());
    SqliteStore::open(folder, options).map_err(failed)
}

fn options(settings: &Settings) -> Options {
    Options {
        bucket_ms: settings.ended_span.ms.into(),
        ..Options::default()
    }
}

/// The database's store.
pub async fn open_database(
    url: &str,
    secret: Option<&str>,
    bucket_ms: Option<i64>,
) -> Result<PostgresStore, Failure> {
    let mut config = PostgresConfig::new(url);
    if let Some(bucket_ms) = bucket_ms {
        config.bucket_ms = bucket_ms;
    }
    if let Some(secret) = secret {
        config.cluster_secret = secret.to_owned();
    }
    let opened = PostgresStore::open(config).await;
    opened.map_err(|error| Failure::new(Code::NO_STORE, error.to_string()))
}

/// A server, and what can be done with copies of its store.
pub struct Started {
    /// The server.
    pub server: Server,
    copies: Option<Arc<Embedded>>,
}

/// Opens the store and starts the server.
pub async fn start(settings: &Settings) -> Result<Started, Failure> {
    let Some(url) = &settings.database else {
        let store = Arc::new(open_store(&settings.data, &options(settings))?);
        let copies = Arc::new(open_copies(Arc::clone(&store), settings).await?);
        let known = Arc::clone(&copies) as Arc<dyn Copies>;
        let server = Server::start(settings, store, None, Some(known), adapters::registry()).await;
        let server = server.map_err(|error| failed(&error))?;
        let copies = Some(copies);
        return Ok(Started { server, copies });
    };
    let secret = settings.cluster_secret.as_ref();
    let secret = secret.map(|secret| secret.reveal());
    let bucket_ms = Some(settings.ended_span.ms.into());
    let opened = open_database(url.reveal(), secret, bucket_ms).await?;
    let store = Arc::new(opened);
    let cluster = Arc::clone(&store) as Arc<dyn Cluster>;
    let server = Server::start(settings, store, Some(cluster), None, adapters::registry()).await;
    let server = server.map_err(|error| failed(&error))?;
    let copies = None;
    Ok(Started { server, copies })
}

/// Begins to archive, if the settings say where.
async fn open_copies(store: Arc<SqliteStore>, settings: &Settings) -> Result<Embedded, Failure> {
    let vault = settings.archive.as_deref().map(open_vault).transpose()?;
    let copies = Embedded::new(store, vault).await;
    copies.map_err(|error| Failure::new(Code::BACKUP_UNUSABLE, error.to_string()))
}

/// Prints the line that tells the address: the only one on standard output.
pub fn announce(server: &Server) -> Result<(), Failure> {
    print(&format!("listening on http://{}", server.address()))
}

/// Runs until the process is asked to stop.
pub async fn until_asked(started: Started) -> Result<Exit, Failure> {
    let Started { server, copies } = started;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let asked = async {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let ended = server.run_until(asked).await;
    if let Some(copies) = copies {
        copies.finish().await;
    }
    ended.map_err(|error| failed(&error))?;
    Ok(Exit::Well)
}

/// Runs on all cores; what still lingers at the end is left behind.
pub fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(work);
    runtime.shutdown_timeout(LINGER);
    ended
}

/// Begins to log.
pub fn start_logging(settings: &Settings) -> Result<(), Failure> {
    server::start_logging(&settings.log)
        .map_err(|reason| Failure::new(Code::BAD_CONFIGURATION, reason))
}

fn wrong_settings(error: &SettingsError) -> Failure {
    let code = match error {
        SettingsError::OpenToAll(_) => Code::OPEN_TO_ALL,
        SettingsError::File(_) | SettingsError::Value { .. } => Code::BAD_CONFIGURATION,
    };
    Failure::new(code, error.to_string())
}

fn failed(error: &ServeError) -> Failure {
    let code = match error {
        ServeError::Address { .. } => Code::NO_ADDRESS,
        ServeError::Store(_) => Code::NO_STORE,
        ServeError::Fatal(_) => Code::STORE_FAILED,
    };
    Failure::new(code, error.to_string())
}

fn flags(args: &ServeArgs) -> Flags {
    let start_paused = args.start_paused.then(|| "true".to_owned());
    let given = [
        ("listen", &args.listen),
        ("data", &args.data),
        ("database", &args.database),
        ("cluster-secret", &args.cluster_secret),
        ("archive", &args.archive),
        ("start-paused", &start_paused),
        ("node", &args.node),
        ("zone", &args.zone),
        ("region", &args.region),
        ("lease-ms", &args.lease_ms),
        ("env", &args.env),
        ("config", &args.config),
        ("secrets-dir", &args.secrets_dir),
        ("advertise", &args.advertise),
        ("log-level", &args.log_level),
        ("log-format", &args.log_format),
        ("partitions", &args.partitions),
        ("ended-span", &args.ended_span),
    ];
    let set = given
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.clone()?)));
    set.collect()
}

fn config_text(shown: &[Shown]) -> String {
    let row = |shown: &Shown| vec![shown.key.clone(), shown.value.clone(), shown.origin.clone()];
    columns(&["SETTING", "VALUE", "FROM"], shown.iter().map(row))
}
