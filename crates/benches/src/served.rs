//! The real server as a process of its own, and requests to it.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::Value;

use crate::embedded::{INPUT, THREE_STEPS};

/// How long the server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks at something that is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A running server; it is ended when this is dropped.
pub(crate) struct Served {
    child: Child,
    url: String,
    client: Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Starts the binary on a folder and gives it the measured workflow.
    pub(crate) async fn start(binary: &Path, folder: &Path, partitions: u16) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let log = File::create(folder.join("server.log"))?;
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", &address, "--log-level", "warn"])
            .args(["--partitions", &partitions.to_string(), "--data"])
            .arg(folder.join("data"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let client = Client::builder().no_proxy().tcp_nodelay(true).build()?;
        let url = format!("http://{address}");
        let served = Self { child, url, client };
        served.until_ready().await?;
        served.apply().await?;
        Ok(served)
    }

    /// The server's process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    async fn until_ready(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let answer = self.client.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if begun.elapsed() > READY_WITHIN {
                bail!("expected the server to be ready within {READY_WITHIN:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn apply(&self) -> Result<()> {
        let request = self.client.post(format!("{}/api/v1/apply", self.url));
        let request = request.header("content-type", "application/yaml");
        let answer = request.body(THREE_STEPS).send().await?;
        if !answer.status().is_success() {
            bail!("the measured workflow is refused: {}", answer.text().await?);
        }
        Ok(())
    }

    /// Starts one workflow and waits for its end, with one request.
    pub(crate) async fn run_one(&self) -> Result<()> {
        let request = self
            .client
            .post(format!("{}/api/v1/workflows?wait=60s", self.url));
        let request = request.header("content-type", "application/json");
        let answer = request.body(submission()).send().await?;
        let text = answer.error_for_status()?.text().await?;
        let instance: Value = serde_json::from_str(&text)?;
        if instance["status"] != "completed" {
            bail!(
                "expected it to be completed, but it is {}",
                instance["status"]
            );
        }
        Ok(())
    }

    /// Starts so many with one request; as often as it takes while the server has no room.
    pub(crate) async fn run_batch(&self, count: usize) -> Result<()> {
        let items = vec![submission(); count].join(",");
        let body = format!("{{\"items\":[{items}]}}");
        loop {
            let request = self
                .client
                .post(format!("{}/api/v1/workflows/batch", self.url));
            let request = request.header("content-type", "application/json");
            let answer = request.body(body.clone()).send().await?;
            if [429, 503].contains(&answer.status().as_u16()) {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            let text = answer.error_for_status()?.text().await?;
            let taken: Value = serde_json::from_str(&text)?;
            if taken["accepted"].as_u64() != Some(count as u64) {
                bail!(
                    "expected {count} to be taken, but it was {}",
                    taken["accepted"]
                );
            }
            return Ok(());
        }
    }

    /// Waits until so many have completed.
    pub(crate) async fn until_completed(&self, count: usize, within: Duration) -> Result<()> {
        let begun = Instant::now();
        let url = format!("{}/api/v1/workflows/count?status=completed", self.url);
        loop {
            let answer = self.client.get(&url).send().await?.error_for_status()?;
            let counts: Value = serde_json::from_str(&answer.text().await?)?;
            let completed = counts["total"].as_u64().unwrap_or(0);
            if completed >= count as u64 {
                return Ok(());
            }
            if begun.elapsed() > within {
                bail!("expected {count} to complete within {within:?}, but only {completed} did");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn submission() -> String {
    format!("{{\"workflow\":\"three-steps\",\"input\":{INPUT}}}")
}

/// The server's binary beside this program, where one build puts both.
pub(crate) fn beside_this() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let name = format!("orchestrator{}", std::env::consts::EXE_SUFFIX);
    let binary = here.with_file_name(name);
    if !binary.exists() {
        let path = binary.display();
        bail!(
            "expected the server at {path}, but it is not built: cargo build --release -p orchestrator"
        );
    }
    Ok(binary)
}
