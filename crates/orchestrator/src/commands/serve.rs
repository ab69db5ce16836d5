//! `serve`: the server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::{Code, Exit};
use server::{Flags, ServeError, Server, Settings, SettingsError, Shown};
use store::{Cluster, Store};
use store_postgres::{PostgresConfig, PostgresStore};
use store_sqlite::{Options, SqliteStore};
use tokio::signal::unix::{SignalKind, signal};

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
        let server = start(&settings).await?;
        announce(&server)?;
        until_asked(server).await
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
async fn open_database(url: &str, settings: &Settings) -> Result<PostgresStore, Failure> {
    let mut config = PostgresConfig {
        bucket_ms: settings.ended_span.ms.into(),
        ..PostgresConfig::new(url)
    };
    if let Some(secret) = &settings.cluster_secret {
        config.cluster_secret = secret.reveal().to_owned();
    }
    let opened = PostgresStore::open(config).await;
    opened.map_err(|error| Failure::new(Code::NO_STORE, error.to_string()))
}

/// Opens the store and starts the server.
pub async fn start(settings: &Settings) -> Result<Server, Failure> {
    let (store, cluster): (Arc<dyn Store>, Option<Arc<dyn Cluster>>) = match &settings.database {
        Some(url) => {
            let store = Arc::new(open_database(url.reveal(), settings).await?);
            let cluster = Arc::clone(&store);
            (store, Some(cluster))
        }
        None => (
            Arc::new(open_store(&settings.data, &options(settings))?),
            None,
        ),
    };
    let started = Server::start(settings, store, cluster, adapters::registry()).await;
    started.map_err(|error| failed(&error))
}

/// Prints the line that tells the address: the only one on standard output.
pub fn announce(server: &Server) -> Result<(), Failure> {
    print(&format!("listening on http://{}", server.address()))
}

/// Runs until the process is asked to stop.
pub async fn until_asked(server: Server) -> Result<Exit, Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let asked = async {
        tokio::select! {
            biased;
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    server
        .run_until(asked)
        .await
        .map_err(|error| failed(&error))?;
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
    let given = [
        ("listen", &args.listen),
        ("data", &args.data),
        ("database", &args.database),
        ("cluster-secret", &args.cluster_secret),
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
