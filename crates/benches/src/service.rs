//! Programs beside the server that are measured or called: started, awaited, and ended by their process.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::net::TcpStream;

use crate::process::Process;
use crate::served::free_address;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to end in order.
const ENDING: Duration = Duration::from_secs(10);
/// Between two looks at something that is awaited.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A program that listens; it is ended when this is dropped.
pub(crate) struct Service {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let process = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &process]).status();
        let begun = Instant::now();
        while begun.elapsed() < ENDING && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    /// Starts the echo service of this program.
    pub(crate) async fn echo() -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["echo", &address.to_string()]);
        Self::start(command, address).await
    }

    /// Starts the service of this program that keeps what comes in a journal and does nothing else.
    pub(crate) async fn bare(folder: &Path) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", &address.to_string()]).arg(folder);
        Self::start(command, address).await
    }

    /// Starts a program and waits until it listens there.
    pub(crate) async fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn();
        let child = child.with_context(|| format!("starting {:?}", command.get_program()))?;
        let mut service = Self { child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = service.child.try_wait()? {
                bail!(
                    "{:?} ended ({status}) before it listened",
                    command.get_program()
                );
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "expected a service to listen at {address}"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(service)
    }

    /// Its process.
    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }
}
