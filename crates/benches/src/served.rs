//! The real server as a process of its own.

use std::ffi::OsString;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Client;
use crate::http::{Connection, get};
use crate::process::Process;

/// How long the server may take to be ready, and to end in order.
const PATIENCE: Duration = Duration::from_secs(120);
/// What nodes of one database know each other by.
const SECRET: &str = "the secret of the benchmark's nodes";
/// Between two looks at something that is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What a server is started with.
#[derive(Clone, Debug)]
pub(crate) struct Serve {
    /// The server's binary.
    pub(crate) binary: PathBuf,
    /// A folder for its store and its log.
    pub(crate) folder: PathBuf,
    /// Partitions of a store that is made anew in the folder; a database has as many as the server makes by itself.
    pub(crate) partitions: u16,
    /// A store elsewhere than in the folder.
    pub(crate) database: Option<Database>,
    /// Further arguments.
    pub(crate) further: Vec<String>,
}

/// A PostgreSQL database as the store, and the name of the node on it.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    /// Its URL.
    pub(crate) url: String,
    /// The node's name, its own among those that share the database.
    pub(crate) node: String,
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Served {
    child: Child,
    serve: Serve,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first `200` of `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serve {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(&self) -> Result<Served> {
        let address = free_address()?;
        std::fs::create_dir_all(&self.folder)?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("server.log"))?;
        let mut command = Command::new(&self.binary);
        command
            .args(["serve", "--listen", &address.to_string()])
            .args(["--log-level", "warn"])
            .args(self.store())
            .args(&self.further)
            .env("ORCHESTRATOR_OUTBOUND_ALLOW", "127.0.0.0/8")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let begun = Instant::now();
        let child = command.spawn();
        let child = child.with_context(|| format!("starting {}", self.binary.display()))?;
        let mut served = Served {
            child,
            serve: self.clone(),
            address,
            ready_after: Duration::ZERO,
        };
        served.until_ready(begun).await?;
        served.ready_after = begun.elapsed();
        Ok(served)
    }

    /// The folder of the store.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn store(&self) -> Vec<OsString> {
        match &self.database {
            Some(Database { url, node }) => [
                "--database",
                url,
                "--node",
                node,
                "--cluster-secret",
                SECRET,
            ]
            .map(OsString::from)
            .into(),
            None => vec![
                "--partitions".into(),
                self.partitions.to_string().into(),
                "--data".into(),
                self.data().into(),
            ],
        }
    }
}

impl Served {
    /// Its process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Questions and commands to it.
    pub(crate) const fn client(&self) -> Client {
        Client(self.address)
    }

    /// Ends it in order, which also checkpoints the store.
    pub(crate) fn stop(mut self) -> Result<Serve> {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &process]).status()?;
        ensure!(sent.success(), "expected to be able to end the server");
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            if begun.elapsed() > PATIENCE {
                bail!("expected the server to end within {PATIENCE:?}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(self.serve.clone())
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(self) -> Serve {
        self.serve.clone()
    }

    async fn until_ready(&mut self, begun: Instant) -> Result<()> {
        while !is_ready(self.address).await {
            if let Some(status) = self.child.try_wait()? {
                let log = self.serve.folder.join("server.log");
                let log = std::fs::read_to_string(log).unwrap_or_default();
                bail!("the server ended ({status}) before it was ready: {log}");
            }
            if begun.elapsed() > PATIENCE {
                bail!("expected the server to be ready within {PATIENCE:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else {
        return false;
    };
    let answer = connection.exchange(&get("/readyz")).await;
    answer.is_ok_and(|answer| answer.is_success())
}

/// An address of this machine that nothing listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The server's binary beside this program, where one build puts both.
pub(crate) fn binary_beside_this() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let binary = here.with_file_name(format!("orchestrator{}", std::env::consts::EXE_SUFFIX));
    ensure!(
        Path::exists(&binary),
        "expected the server at {}, but it is not built: cargo build --release -p orchestrator",
        binary.display()
    );
    Ok(binary)
}
