//! DBOS: a library in Node on PostgreSQL.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::install::install;
use super::{PeerRun, Postgres, node, script};
use crate::process::Process;
use crate::spread::Latency;

/// What the library needs beside PostgreSQL.
pub(crate) struct Dbos {
    node: PathBuf,
    home: PathBuf,
    /// Of the library.
    pub(crate) version: String,
}

/// What the program prints.
#[derive(Deserialize)]
struct Printed {
    lasted_s: f64,
    cpu_ms: f64,
    timed_ms: Vec<f64>,
}

impl Dbos {
    /// Installs it where it is missing.
    pub(crate) fn install(peers: &Path) -> Result<Self> {
        let node = node(peers)?;
        let home = install("dbos/install", &peers.join("dbos"))?;
        let version = version(&home)?;
        Ok(Self {
            node,
            home,
            version,
        })
    }

    /// Load with so many in flight, in the process that also executes the workflows.
    pub(crate) fn run(
        &self,
        postgres: &Postgres,
        in_flight: usize,
        (warming, lasting): (Duration, Duration),
    ) -> Result<PeerRun> {
        let mut command = Command::new(&self.node);
        command
            .arg(script("dbos/app.mjs")?)
            .args([postgres.url("bench"), in_flight.to_string()])
            .args([warming, lasting].map(|time| time.as_secs().to_string()))
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().context("starting DBOS")?;
        let printed = read(&mut child, postgres.process());
        let status = child.wait()?;
        let (printed, database_ms) = printed?;
        ensure!(status.success(), "DBOS ended with {status}");
        let count = printed.timed_ms.len() as f64;
        let nanos = printed.timed_ms.iter().map(|ms| (ms * 1e6) as u64);
        Ok(PeerRun {
            per_second: count / printed.lasted_s,
            latency: Latency::of(nanos.collect()),
            cpu_ms: database_ms.map(|ms| (ms + printed.cpu_ms) / count),
        })
    }
}

/// What it printed, and what the database used of the processor from `begin` to the result.
fn read(child: &mut Child, database: Process) -> Result<(Printed, Option<f64>)> {
    let output = child.stdout.take().context("its output is piped")?;
    let mut lines = BufReader::new(output).lines();
    let begins = |line: &std::io::Result<String>| line.as_ref().is_ok_and(|line| line == "begin");
    ensure!(
        lines.any(|line| begins(&line)),
        "DBOS ended before it began"
    );
    let before = database.tree_cpu_ms();
    let line = lines.next().context("DBOS ended before its result")??;
    let used = database
        .tree_cpu_ms()
        .zip(before)
        .map(|(now, before)| now - before);
    Ok((serde_json::from_str(&line)?, used))
}

fn version(home: &Path) -> Result<String> {
    #[derive(Deserialize)]
    struct Package {
        version: String,
    }
    let package = home.join("node_modules/@dbos-inc/dbos-sdk/package.json");
    let package: Package = serde_json::from_slice(&std::fs::read(package)?)?;
    Ok(format!("DBOS {}", package.version))
}
