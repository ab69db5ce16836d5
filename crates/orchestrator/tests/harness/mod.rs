//! The real binary under test: started on a free port, asked over HTTP or by its own command
//! line, and ended by its process id.
//!
//! Take it into a test file with `#[path = "harness/mod.rs"] mod harness;` (or `mod harness;`).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary.
pub const BINARY: &str = env!("CARGO_BIN_EXE_orchestrator");

/// A running server; dropping it kills it.
pub struct Node {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// Its log: read it after the end.
    pub log: PathBuf,
    /// What its callers show; empty where it asks for nothing.
    pub token: String,
}

impl Node {
    /// `serve` on this folder and a free port.
    pub fn serve(data: &Path) -> Self {
        Self::serve_with(data, &["--listen", "127.0.0.1:0"])
    }

    /// `serve` on this folder with these arguments.
    pub fn serve_with(data: &Path, arguments: &[&str]) -> Self {
        let data_text = data.display().to_string();
        let mut all = vec!["serve", "--data", &data_text, "--partitions", "2"];
        all.extend_from_slice(arguments);
        Self::start(data, &all)
    }

    /// `serve` on a database and a free port.
    pub fn serve_on(database: &str, log: &Path, arguments: &[&str]) -> Self {
        Self::serve_on_by(Path::new(BINARY), database, log, arguments)
    }

    /// The same by another binary.
    pub fn serve_on_by(binary: &Path, database: &str, log: &Path, arguments: &[&str]) -> Self {
        let mut all = vec!["serve", "--database", database];
        let own = [
            ("--listen", "127.0.0.1:0"),
            ("--partitions", "2"),
            ("--cluster-secret", "the nodes' own"),
        ];
        for (flag, value) in own.iter().filter(|(flag, _)| !arguments.contains(flag)) {
            all.extend_from_slice(&[flag, value]);
        }
        all.extend_from_slice(arguments);
        let mut command = Command::new(binary);
        command.args(&all);
        let node = Self::launch(log, command);
        until_or_late(|| (node.get("/readyz")["ready"] == true).then_some(())).unwrap_or_else(
            || {
                let log = std::fs::read_to_string(&node.log).unwrap_or_default();
                panic!("the node has not joined its cluster:\n{log}")
            },
        );
        node
    }

    /// The binary with these arguments, once it says where it listens; its log is kept beside
    /// `data`.
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(BINARY);
        command.args(arguments);
        Self::launch(data, command)
    }

    /// The same by a command that leads to the binary (a shell that sets limits first).
    pub fn launch(data: &Path, command: Command) -> Self {
        let log = data.with_extension("log");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut child = clean(command)
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let Some(url) = line.trim().strip_prefix("listening on ").map(str::to_owned) else {
            // Killed here: there is no node yet that would do it.
            child.kill().unwrap();
            child.wait().unwrap();
            panic!(
                "no address: {line:?}; the log says:\n{}",
                std::fs::read_to_string(&log).unwrap()
            );
        };
        Self {
            child,
            url,
            log,
            token: String::new(),
        }
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Ends the process at once, as `kill -9` does.
    pub fn kill_nine(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop, and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        signal(self.child.id(), "TERM");
        let ended = until("the process ends", || self.child.try_wait().unwrap());
        assert!(ended.success(), "{ended}: {}", self.log());
        ended
    }

    /// Waits until the process ends by itself; answers its exit code and its log.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let status = until("the process ends by itself", || {
            self.child.try_wait().unwrap()
        });
        (status.code(), self.log())
    }

    /// What it answers at a path, whatever the status.
    pub fn get(&self, path: &str) -> Value {
        let text = self.page(path);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
    }

    /// What a path answers, as text.
    pub fn page(&self, path: &str) -> String {
        self.ask(|client| client.get(format!("{}{path}", self.url)))
    }

    /// What it answers to JSON, whatever the status.
    pub fn post(&self, path: &str, body: &str) -> Value {
        let text = self.ask(|client| {
            let request = client.post(format!("{}{path}", self.url));
            let request = request.header("content-type", "application/json");
            request.body(body.to_owned())
        });
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
    }

    fn ask(&self, request: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let mut request = request(&client);
            if !self.token.is_empty() {
                request = request.bearer_auth(&self.token);
            }
            let answer = request.send().await;
            answer.unwrap().text().await.unwrap()
        })
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The command line against this server.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        let mut variables = vec![("ORCHESTRATOR_SERVER", self.url.as_str())];
        if !self.token.is_empty() {
            variables.push(("ORCHESTRATOR_TOKEN", &self.token));
        }
        cli_with(arguments, &variables, "")
    }

    /// The command line against this server, whose answer is JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.cli(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", text(&output.stdout)))
    }

    /// Applies a text.
    pub fn apply(&self, definitions: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("set.yaml");
        std::fs::write(&path, definitions).unwrap();
        let applied = self.cli(&["apply", "-f", path.to_str().unwrap()]);
        assert!(applied.status.success(), "{}", text(&applied.stderr));
    }

    /// Starts a workflow and answers its id.
    pub fn submit(&self, workflow: &str, input: &str) -> String {
        let started = self.json(&["submit", workflow, "--input", input]);
        started["id"].as_str().unwrap().to_owned()
    }

    /// An instance, once it has this status.
    pub fn until_status(&self, id: &str, status: &str) -> Value {
        until(&format!("{id} is {status}"), || {
            let shown = self.json(&["show", id]);
            (shown["status"] == status).then_some(shown)
        })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command line without a server.
pub fn cli(arguments: &[&str]) -> Output {
    cli_with(arguments, &[], "")
}

/// The command line with these variables and this standard input.
pub fn cli_with(arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    use std::io::Write;
    let mut child = clean(Command::new(BINARY))
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A command without the settings of whoever runs the tests.
fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ORCHESTRATOR_")) {
        command.env_remove(name);
    }
    command
}

/// Sends a signal.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Asks again and again until there is an answer, within [`PATIENCE`].
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    until_or_late(ask).unwrap_or_else(|| panic!("waited in vain until {what}"))
}

/// The same; none when it took too long.
pub fn until_or_late<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let answer @ Some(_) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Bytes as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A command that runs beside the test.
pub struct Beside {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Beside {
    /// Starts the command line.
    pub fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = clean(Command::new(BINARY))
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            out.lines()
                .map_while(Result::ok)
                .for_each(|line| kept.lock().unwrap().push(line));
        });
        Self {
            child,
            lines,
            reader: Some(reader),
        }
    }

    /// What it printed so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for its end; answers its status and what it printed.
    pub fn finish(mut self) -> (ExitStatus, Vec<String>) {
        let status = until("the command ends", || self.child.try_wait().unwrap());
        self.reader.take().unwrap().join().unwrap();
        (status, self.lines())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
