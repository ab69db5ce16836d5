//! One running server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
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
        Self::begin(version, folder, settings)
    }

    fn begin(version: Version, folder: TempDir, settings: &[&str]) -> Self {
        let mut server = Self {
            version,
            folder,
            port: TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port(),
            process: None,
            log: Arc::default(),
            settings: settings.iter().map(ToString::to_string).collect(),
        };
        server.launch();
        server
    }

    /// A standby that follows this server under a name.
    pub fn standby(&self, name: &str) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        let source = format!(
            "host=127.0.0.1 port={} user=postgres application_name={name}",
            self.port
        );
        run(program(self.version, "pg_basebackup")
            .args(["--no-sync", "-R", "-c", "fast", "-d", &source, "-D"])
            .arg(&data));
        Self::begin(self.version, folder, &[])
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

    /// Ends the server as `kill -9` of all its processes does.
    pub fn kill(&mut self) {
        self.signal("-KILL");
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().unwrap();
        }
    }

    /// Sends a signal to all processes of the server, children first.
    pub fn signal(&self, signal: &str) {
        let Some(process) = &self.process else { return };
        let postmaster = process.id().to_string();
        // The postmaster first, lest it starts others.
        let mut ids = vec![postmaster.clone()];
        Command::new("kill")
            .args([signal, &postmaster])
            .output()
            .unwrap();
        let children = Command::new("ps")
            .args(["-o", "pid=", "--ppid", &postmaster])
            .output()
            .unwrap();
        ids.extend(
            String::from_utf8_lossy(&children.stdout)
                .split_whitespace()
                .map(String::from),
        );
        Command::new("kill")
            .arg(signal)
            .args(&ids[1..])
            .output()
            .unwrap();
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

    /// `user:password@` may stand before the host.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    if is_root() {
        run(Command::new("chown")
            .arg("postgres:postgres")
            .arg(folder.path()));
    }
    folder
}
