//! One running server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs::{Version, is_root, program, run, template};

/// How long anything may take that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a server wrote, and who waits for it.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
    grew: Condvar,
}

/// A running server.
pub struct Server {
    version: Version,
    folder: TempDir,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    process: Option<Child>,
    log: Arc<Log>,
    settings: Vec<String>,
}

impl Server {
    /// A server of its own.
    pub fn start(version: Version) -> Self {
        Self::start_with(version, &[])
    }

    /// A server of its own with more settings (`name=value`).
    pub fn start_with(version: Version, settings: &[&str]) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        run(Command::new("cp")
            .arg("-a")
            .arg(template(version))
            .arg(&data));
        Self::begin(version, folder, free_port(), settings)
    }

    /// A server on a data folder that `prepare` makes at the path it is given.
    pub fn prepared(version: Version, prepare: impl FnOnce(&Path)) -> Self {
        let folder = folder();
        prepare(&folder.path().join("data"));
        Self::begin(version, folder, free_port(), &[])
    }

    fn begin(version: Version, folder: TempDir, port: u16, settings: &[&str]) -> Self {
        let mut server = Self {
            version,
            folder,
            port,
            process: None,
            log: Arc::default(),
            settings: settings.iter().map(ToString::to_string).collect(),
        };
        server.launch();
        server
    }

    /// A standby that follows this server under a name, with the same settings, but that it waits for
    /// no standby itself.
    pub fn standby(&self, name: &str) -> Self {
        self.standby_at(name, free_port())
    }

    /// The same on the port of a server that is gone.
    pub fn standby_at(&self, name: &str, port: u16) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        let source = format!(
            "host=127.0.0.1 port={} user=postgres application_name={name}",
            self.port
        );
        run(program(self.version, "pg_basebackup")
            .args(["--no-sync", "-R", "-c", "fast", "-d", &source, "-D"])
            .arg(&data));
        let settings = self.settings.iter().map(String::as_str);
        let settings = settings.filter(|setting| !setting.starts_with("synchronous_standby_names"));
        Self::begin(self.version, folder, port, &settings.collect::<Vec<_>>())
    }

    /// What a statement answers, as text.
    pub fn sql(&self, statement: &str) -> String {
        let output = program(self.version, "psql")
            .args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--set=ON_ERROR_STOP=1",
            ])
            .args([&self.url(), "--command", statement])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Its folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the process; after [`Server::kill`] on the same port and data.
    pub fn launch(&mut self) {
        assert!(self.process.is_none());
        let mut command = program(self.version, "postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            // Only a loss of power would need it.
            "fsync=off",
            "max_connections=40",
            "shared_buffers=32MB",
            "max_wal_senders=4",
            "wal_keep_size=64",
            "wal_init_zero=off",
            "wal_recycle=off",
        ] {
            command.args(["-c", setting]);
        }
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        self.log.text.lock().unwrap().clear();
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let log = self.log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut text = log.text.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
                log.grew.notify_all();
            }
        });
        self.process = Some(process);
        self.wait_for_log("ready to accept");
    }

    /// Waits until the server has written a text since it was started.
    pub fn wait_for_log(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        let mut log = self.log.text.lock().unwrap();
        while !log.contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "expected the server to write `{text}`, but it wrote\n{log}"
            );
            log = self.log.grew.wait_timeout(log, left).unwrap().0;
        }
    }

    /// What it wrote since it was started.
    pub fn log(&self) -> String {
        self.log.text.lock().unwrap().clone()
    }

    /// Ends the server as `kill -9` of all its processes does, and waits until all are gone: before
    /// that, the data cannot be opened again.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let children = stopped_children(&process);
        send("-KILL", &children);
        process.kill().ok();
        process.wait().unwrap();
        let until = Instant::now() + PATIENCE;
        while children.iter().any(|id| runs(id)) {
            assert!(Instant::now() < until, "expected {children:?} to end");
            std::thread::yield_now();
        }
    }

    /// Sends a signal that stops, or lets go on, to all processes of the server.
    pub fn signal(&self, signal: &str) {
        let Some(process) = &self.process else { return };
        send(signal, &stopped_children(process));
        send(signal, &[process.id().to_string()]);
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        run(program(self.version, "pg_ctl")
            .args(["promote", "-D"])
            .arg(self.data()));
    }

    /// Adds a line before all others of the file that says who may connect how.
    pub fn let_in(&self, line: &str) {
        let file = self.data().join("pg_hba.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{line}\n{text}")).unwrap();
    }

    /// Where it listens, `host:port`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `user:password@` may stand before the host.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.host())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder that servers, and scripts for them, can use.
pub fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    if is_root() {
        run(Command::new("chown")
            .arg("postgres:postgres")
            .arg(folder.path()));
    }
    folder
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The processes that a server started. It stands still from then on, lest it starts others.
fn stopped_children(process: &Child) -> Vec<String> {
    let server = process.id().to_string();
    send("-STOP", std::slice::from_ref(&server));
    let children = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &server])
        .output()
        .unwrap();
    let children = String::from_utf8_lossy(&children.stdout).into_owned();
    children.split_whitespace().map(String::from).collect()
}

fn send(signal: &str, ids: &[String]) {
    // One that has ended meanwhile is no failure.
    Command::new("kill").arg(signal).args(ids).output().unwrap();
}

/// Whether a process is there, and not merely unburied.
fn runs(id: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = status.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with('Z')
}
