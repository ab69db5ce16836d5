//! The scripts for PostgreSQL's own backups and for a second region.

use std::path::{Path, PathBuf};
use std::process::Command;

use postgres_server::{Server, Version, folder, script, script_path};

use super::json as answer;
use super::load::{Load, now_ms};
use super::moments::{check_calls, holds, instances};
use super::moving::OWN;
use crate::DEFINITIONS;
use crate::harness::{Node, text, until};

fn of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy/postgres")
        .join(name)
}

fn run(name: &str, arguments: &[&str]) -> String {
    let output = script(Version::V15, &of(name))
        .args(arguments)
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
    text(&output.stdout)
}

fn refuses(name: &str, arguments: &[&str]) -> String {
    let output = script(Version::V15, &of(name))
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{name} {arguments:?}");
    text(&output.stderr)
}

#[test]
fn a_database_is_restored_to_a_moment_in_the_middle_of_a_load() {
    let dir = folder();
    let place = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (wal, base) = (place("wal"), place("base"));
    let made = as_owner_of(dir.path(), Command::new("mkdir").arg(&wal));
    assert!(made);
    let archive = script_path(&of("archive-wal"));
    let command = format!("archive_command={} \"%p\" \"%f\" {wal}", archive.display());
    let mut database = Server::start_with(Version::V15, &["archive_mode=on", &command]);
    let node = Node::serve_on(&database.url(), &dir.path().join("node"), &[]);
    node.apply(DEFINITIONS);
    let load = Load::begin(&node.url);
    load.until_more(40);
    run("backup", &[&database.url(), &base]);
    load.until_more(40);
    let moment = now_ms();
    load.until_more(40);
    let answered = load.end();
    let last = database.sql("SELECT pg_walfile_name(pg_switch_wal())");
    until("the log is archived", || {
        Path::new(&wal).join(&last).exists().then_some(())
    });
    node.kill_nine();
    database.kill();

    let time = api::Time(moment).to_string();
    let used = refuses("restore", &[&base, &wal, &base]);
    assert!(used.contains("to be new or empty"), "{used}");
    let none = refuses("restore", &[&wal, &wal, &place("x")]);
    assert!(none.contains("backup_manifest"), "{none}");
    let restored = Server::prepared(Version::V15, |data| {
        run("restore", &[&base, &wal, data.to_str().unwrap(), &time]);
    });
    restored.wait_for_log("ready to accept connections");
    assert_eq!(
        run("begin-incarnation", &[&restored.url(), "--paused"]).trim(),
        "incarnation 2"
    );
    // Restored once more, to its end, it tells what was called after the moment.
    let whole = Server::prepared(Version::V15, |data| {
        run("restore", &[&base, &wal, data.to_str().unwrap()]);
    });
    whole.wait_for_log("ready to accept connections");
    let list = place("after.ndjson");
    let both = [&*restored.url(), &*whole.url()];
    let rest = ["--calls", &list, "--cluster-secret", OWN, "-o", "json"];
    let report = answer(&[&["backup", "calls"], &both[..], &rest[..]].concat());
    drop(whole);

    let node = Node::serve_on(&restored.url(), &dir.path().join("back"), &[]);
    let shown = node.json(&["system", "show"]);
    assert_eq!(shown["paused_because"], "it was restored", "{shown}");
    let found = instances(&node);
    holds(&found, &answered, moment);
    check_calls(&report, &found, &answered, moment);
    node.json(&["system", "resume"]);
    let next = node.submit("greet", r#"{"name": "Eve"}"#);
    node.until_status(&next, "completed");
    node.stop();
}

#[test]
fn a_standby_in_another_region_takes_over_by_one_command() {
    let dir = tempfile::tempdir().unwrap();
    let mut east = Server::start(Version::V15);
    let west = east.standby("west");
    let node = Node::serve_on(&east.url(), &dir.path().join("east"), &[]);
    node.apply(DEFINITIONS);
    let load = Load::begin(&node.url);
    load.until_more(60);
    let answered = load.end();
    let open = node.submit("nap", r#"{"for": "2s"}"#);
    let written = east.sql("SELECT pg_current_wal_flush_lsn()");
    until("the other region has it", || {
        let has = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        (west.sql(&has) == "t").then_some(())
    });
    // The region is gone: nothing in it answers any more.
    node.kill_nine();
    east.kill();

    let said = run("promote", &[&west.url()]);
    assert!(
        said.contains("it holds everything up to") && said.contains("incarnation 2"),
        "{said}"
    );
    let again = refuses("promote", &[&west.url()]);
    assert!(again.contains("takes writes already"), "{again}");
    let node = Node::serve_on(&west.url(), &dir.path().join("west"), &[]);
    let found = instances(&node);
    assert!(answered.iter().all(|known| found.contains_key(&known.id)));
    node.until_status(&open, "completed");
    node.stop();
}

/// Runs a command as who owns a folder.
fn as_owner_of(folder: &Path, command: &mut Command) -> bool {
    use std::os::unix::fs::MetadataExt;
    use std::os::unix::process::CommandExt;
    let owner = std::fs::metadata(folder).unwrap();
    command
        .uid(owner.uid())
        .gid(owner.gid())
        .status()
        .unwrap()
        .success()
}
