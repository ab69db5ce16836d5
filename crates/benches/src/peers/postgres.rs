//! A private PostgreSQL with its defaults: the store of DBOS, and of our nodes where they are measured on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::install::install;
use super::script;
use crate::process::Process;
use crate::served::free_address;
use crate::service::Service;

/// PostgreSQL, running on a fresh cluster of databases.
pub(crate) struct Postgres {
    server: Service,
    programs: PathBuf,
    /// What it says it is.
    pub(crate) version: String,
}

impl Postgres {
    /// Installs it where it is missing, and starts it.
    pub(crate) async fn start(peers: &Path) -> Result<Self> {
        let home = peers.join("postgres");
        let programs = install("postgres/install", &home)?;
        let address = free_address()?;
        let mut command = Command::new(script("postgres/run")?);
        command
            .arg(&programs)
            .arg(home.canonicalize()?.join("cluster"))
            .arg(address.port().to_string());
        let server = Service::start(command, address).await?;
        let version = Command::new(programs.join("postgres"))
            .arg("--version")
            .output()?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        Ok(Self {
            server,
            programs,
            version,
        })
    }

    /// A database of this name, new and empty, by its URL. One that had the name is gone.
    pub(crate) fn fresh(&self, name: &str) -> Result<String> {
        self.run("dropdb", &["--if-exists", "--force", name])?;
        self.run("createdb", &[name])?;
        Ok(self.url(name))
    }

    /// Where the database of this name is, or would be made by who connects.
    pub(crate) fn url(&self, name: &str) -> String {
        let port = self.server.address.port();
        format!("postgresql://postgres@127.0.0.1:{port}/{name}")
    }

    /// What a database takes on the disk, without the log of the whole server, in bytes.
    pub(crate) fn bytes(&self, name: &str) -> Result<u64> {
        let sql = format!("SELECT pg_database_size('{name}')");
        let said = self.run("psql", &["-Atc", &sql, name])?;
        said.trim().parse().context("the size of a database")
    }

    /// Its process, with those of its sessions below it.
    pub(crate) fn process(&self) -> Process {
        self.server.process()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.programs.join(program));
        command
            .args(["-h", "127.0.0.1", "-U", "postgres", "-p"])
            .arg(self.server.address.port().to_string())
            .args(arguments);
        let output = command.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} failed: {said}");
        Ok(String::from_utf8(output.stdout)?)
    }
}
