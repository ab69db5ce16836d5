//! The binary as a process of its own, and requests to it.

use std::fs::File;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// How long a server may take to be ready in any test.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks at something that is awaited in another process.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The binary under test, with nothing of the caller's environment that would change what it does.
pub fn orchestrator() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestrator"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ORCHESTRATOR_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command of the binary to its end.
pub fn run(arguments: &[&str]) -> Output {
    orchestrator().args(arguments).output().unwrap()
}

/// What stands in a file below the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// A server's address, and a client.
#[derive(Clone)]
pub struct Door {
    address: SocketAddr,
    client: Client,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub replayed: bool,
    pub body: Value,
}

impl Door {
    fn new(address: SocketAddr) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        Self { address, client }
    }

    /// The server's base.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends; an error means that no answer came.
    pub async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let replayed = answer.headers().contains_key("idempotent-replayed");
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            status,
            replayed,
            body,
        })
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.client.post(format!("{}{path}", self.url()));
        request.json(body)
    }

    /// What a path is answered with, as long as that is 200.
    pub async fn try_get(&self, path: &str) -> reqwest::Result<Value> {
        let request = self.client.get(format!("{}{path}", self.url()));
        let answer = self.try_send(request).await?;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        Ok(answer.body)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.try_get(path).await.unwrap()
    }

    /// Applies definitions.
    pub async fn apply(&self, definitions: &str) {
        let request = self.client.post(format!("{}/api/v1/apply", self.url()));
        let request = request.header("content-type", "application/yaml");
        let sent = self.try_send(request.body(definitions.to_owned())).await;
        let answer = sent.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// How many instances have a status.
    pub async fn count(&self, status: &str) -> u64 {
        let path = format!("/api/v1/workflows/count?status={status}");
        self.get(&path).await["total"].as_u64().unwrap()
    }

    /// The instance when it has this status; fails when it has ended with another.
    pub async fn until_status(&self, id: &str, status: &str) -> Value {
        let path = format!("/api/v1/workflows/{id}");
        until("the instance to end", Duration::from_secs(30), async || {
            let instance = self.get(&path).await;
            let ended = instance.get("ended_at").is_some_and(|at| !at.is_null());
            let right = instance["status"] == status;
            assert!(right || !ended, "expected {status}, but: {instance:#}");
            right.then_some(instance)
        })
        .await
    }
}

/// A running server; it is killed when this is dropped.
pub struct Server {
    door: Door,
    child: Child,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    logs: PathBuf,
}

impl Deref for Server {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// `serve` on a folder and any free port; `logs` gets what it prints.
    pub async fn serve(data: &Path, logs: &Path, variables: &[(&str, &str)]) -> Self {
        let data = data.to_str().unwrap();
        let arguments = ["serve", "--log-level", "warn", "--data", data];
        Self::start(&arguments, logs, variables).await
    }

    /// Any command that serves, on any free port.
    pub async fn start(arguments: &[&str], logs: &Path, variables: &[(&str, &str)]) -> Self {
        std::fs::create_dir_all(logs).unwrap();
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let owned = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        let variables: Vec<_> = variables.iter().map(owned).collect();
        let child = spawn(&arguments, &variables, "127.0.0.1:0", logs);
        let mut server = Self {
            door: Door::new(SocketAddr::from(([127, 0, 0, 1], 0))),
            child,
            arguments,
            variables,
            logs: logs.to_owned(),
        };
        server.door.address = server.announced().await;
        server.until_ready().await;
        server
    }

    /// Ends the process at once, as `kill -9` does.
    pub fn kill(&mut self) {
        // It may have ended by itself; whether it should have shows in what the test finds.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Starts the same again on the same address, without waiting for it.
    pub fn spawn_again(&mut self) {
        let address = self.address.to_string();
        self.child = spawn(&self.arguments, &self.variables, &address, &self.logs);
    }

    /// Starts the same again on the same address; answers how long it took until ready.
    pub async fn start_again(&mut self) -> Duration {
        let begun = Instant::now();
        self.spawn_again();
        self.until_ready().await;
        begun.elapsed()
    }

    async fn until_ready(&mut self) {
        let url = format!("{}/readyz", self.url());
        let (client, child) = (self.client.clone(), &mut self.child);
        let logs = &self.logs;
        until("the server to be ready", READY_WITHIN, async || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}: {}", printed(logs));
            let answer = client.get(&url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// The address on the one line of its standard output.
    async fn announced(&mut self) -> SocketAddr {
        let (out, child) = (self.logs.join("stdout"), &mut self.child);
        let logs = &self.logs;
        until("the server's address", READY_WITHIN, async || {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}: {}", printed(logs));
            let text = std::fs::read_to_string(&out).unwrap();
            let line = text.lines().next()?.to_owned();
            line.strip_prefix("listening on http://")?.parse().ok()
        })
        .await
    }
}

fn spawn(arguments: &[String], variables: &[(String, String)], listen: &str, logs: &Path) -> Child {
    let file = |name: &str| {
        let mut options = File::options();
        let file = options.create(true).append(true).open(logs.join(name));
        file.unwrap()
    };
    let mut command = orchestrator();
    command
        .args(arguments)
        .args(["--listen", listen])
        .envs(variables.iter().cloned())
        .stdout(file("stdout"))
        .stderr(file("stderr"));
    command.spawn().unwrap()
}

/// What a server has printed.
pub fn printed(logs: &Path) -> String {
    let text = |name: &str| std::fs::read_to_string(logs.join(name)).unwrap_or_default();
    format!("{}{}", text("stdout"), text("stderr"))
}

/// Waits until `look` finds something, and no longer than `within`.
pub async fn until<T>(what: &str, within: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        let waited = begun.elapsed();
        assert!(waited < within, "expected {what} within {within:?}");
        pause(LOOK_EVERY).await;
    }
}

/// Lets time pass: between two looks at another process, and until the moment drawn to kill it.
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
