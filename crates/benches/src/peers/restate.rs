//! Restate: its server, and a service in Node that it calls. The load goes to its ingress, with the client that ours
//! is measured with.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::install::install;
use super::{PeerRun, node, script};
use crate::http::{Connection, post};
use crate::load::{Requests, Until, closed_loop};
use crate::served::free_address;
use crate::service::Service;
use crate::spread::Latency;

/// Requests that the load takes turns with.
const VARIANTS: usize = 64;
/// How long it may take until it takes calls.
const PATIENCE: Duration = Duration::from_secs(60);

/// Server and service, running.
pub(crate) struct Restate {
    server: Service,
    service: Service,
    /// What the server says it is.
    pub(crate) version: String,
    /// Its store; it goes after the server.
    _folder: TempDir,
}

impl Restate {
    /// Installs it where it is missing, and starts it on a fresh store in `data`.
    pub(crate) async fn start(peers: &Path, data: &Path) -> Result<Self> {
        let (node, home) = (node(peers)?, peers.join("restate"));
        let program = install("restate/install", &home)?;
        let version = Command::new(&program).arg("--version").output()?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        let folder = tempfile::tempdir_in(data)?;
        let (ingress, admin) = (free_address()?, free_address()?);
        let mut command = Command::new(&program);
        command
            .args([
                "--no-logo",
                "--listen-mode",
                "tcp",
                "--bind-ip",
                "127.0.0.1",
            ])
            .args(["--bind-port", &free_address()?.port().to_string()])
            .arg("--base-dir")
            .arg(folder.path().canonicalize()?)
            .env("RESTATE_INGRESS__BIND_ADDRESS", ingress.to_string())
            .env("RESTATE_ADMIN__BIND_ADDRESS", admin.to_string())
            .env("RESTATE_DISABLE_TELEMETRY", "true")
            .env("DO_NOT_TRACK", "1");
        let server = Service::start(command, ingress).await?;
        let listen = free_address()?;
        let mut command = Command::new(node);
        command
            .arg(script("restate/service.mjs")?)
            .arg(listen.port().to_string())
            .current_dir(home);
        let service = Service::start(command, listen).await?;
        let begun = Instant::now();
        while let Err(error) = register(admin, &service).await {
            if begun.elapsed() > PATIENCE {
                return Err(error.context("expected Restate to take the service"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(Self {
            server,
            service,
            version,
            _folder: folder,
        })
    }

    /// Load with so many in flight, one request each, which is answered with the result.
    pub(crate) async fn run(
        &self,
        in_flight: usize,
        (warming, lasting): (Duration, Duration),
    ) -> Result<PeerRun> {
        let request = |value: usize| {
            let body = format!(r#"{{"order":"o-{value:08}","value":{value}}}"#);
            post("/bench/three", "application/json", body.as_bytes())
        };
        let requests = Requests::to_peer((0..VARIANTS).map(request).collect());
        let over = |time| closed_loop(self.server.address, in_flight, &requests, Until::Over(time));
        over(warming).await?;
        let (before, begun) = (self.cpu_ms(), Instant::now());
        let loaded = over(lasting).await?;
        let (seconds, count) = (begun.elapsed().as_secs_f64(), loaded.count as f64);
        let used = self.cpu_ms().zip(before).map(|(now, before)| now - before);
        Ok(PeerRun {
            per_second: count / seconds,
            latency: Latency::of(loaded.latency),
            cpu_ms: used.map(|used| used / count),
        })
    }

    fn cpu_ms(&self) -> Option<f64> {
        Some(self.server.process().tree_cpu_ms()? + self.service.process().tree_cpu_ms()?)
    }
}

async fn register(admin: std::net::SocketAddr, service: &Service) -> Result<()> {
    let body = format!(r#"{{"uri":"http://{}"}}"#, service.address);
    let request = post("/deployments", "application/json", body.as_bytes());
    let mut connection = Connection::open(admin).await?;
    let answer = connection.exchange(&request).await?;
    if !answer.is_success() {
        bail!("{}", String::from_utf8_lossy(answer.body));
    }
    Ok(())
}

/// A service in Node for our own HTTP steps, that computes what Restate's service computes.
pub(crate) async fn steps_service(peers: &Path) -> Result<Service> {
    let listen = free_address()?;
    let mut command = Command::new(node(peers).context("a service in Node needs Node")?);
    command
        .arg(script("restate/steps.mjs")?)
        .arg(listen.port().to_string());
    Service::start(command, listen).await
}
