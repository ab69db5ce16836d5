//! A moment in the middle of a load is restored from the archive.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::load::{Answered, Load, now_ms};
use super::{address, json, sound};
use crate::DEFINITIONS;
use crate::harness::{Node, text, until};

/// Every instance of a server, and its status.
pub fn instances(node: &Node) -> BTreeMap<String, String> {
    let (mut found, mut cursor) = (BTreeMap::new(), None::<String>);
    loop {
        let mut arguments = vec!["list", "--limit", "1000"];
        if let Some(cursor) = &cursor {
            arguments.extend(["--cursor", cursor]);
        }
        let page = node.json(&arguments);
        for item in page["items"].as_array().unwrap() {
            let word = |key: &str| item[key].as_str().unwrap().to_owned();
            found.insert(word("id"), word("status"));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return found,
        }
    }
}

/// What the server's archive still lacks, in bytes.
fn lag(node: &Node) -> Option<u64> {
    let page = node.page("/metrics");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("orchestrator_archive_lag_bytes "));
    line.map(|value| value.parse().unwrap())
}

/// All that was answered by then is there, as it was answered; nothing is that was asked for later.
pub fn holds(found: &BTreeMap<String, String>, answered: &[Answered], moment: i64) {
    let (before, mut after) = (answered.iter().filter(|a| a.answered_at < moment), 0);
    for known in before {
        let status = found.get(&known.id);
        let status = status.unwrap_or_else(|| panic!("{known:?} was answered before {moment}"));
        assert!(
            !known.completed || status == "completed",
            "{known:?} is {status}"
        );
    }
    for known in answered.iter().filter(|a| a.asked_at > moment) {
        assert!(
            !found.contains_key(&known.id),
            "{known:?} was asked for after {moment}"
        );
        after += 1;
    }
    assert!(after > 0, "the load went on after the moment");
}

fn time(at_ms: i64) -> String {
    api::Time(at_ms).to_string()
}

fn calls(file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs a server with an archive under load, over a kill; answers what was answered and a moment in its middle.
fn run(dir: &Path, archive: &str) -> (Vec<Answered>, i64) {
    let data = dir.join("store");
    let arguments = ["--listen", "127.0.0.1:0", "--archive", archive];
    let node = Node::serve_with(&data, &arguments);
    node.apply(DEFINITIONS);
    let load = Load::begin(&node.url);
    load.until_more(60);
    let mut answered = load.end();
    node.kill_nine();
    let node = Node::serve_with(&data, &arguments);
    let load = Load::begin(&node.url);
    load.until_more(60);
    let moment = now_ms();
    load.until_more(60);
    answered.extend(load.end());
    until("the archive has caught up", || {
        (lag(&node) == Some(0)).then_some(())
    });
    // The archive is whole while the server runs: this machine may be lost now.
    node.kill_nine();
    (answered, moment)
}

#[test]
fn a_moment_in_the_middle_of_a_load() {
    let dir = tempfile::tempdir().unwrap();
    let archive = address(&dir.path().join("archive"));
    let (answered, moment) = run(dir.path(), &archive);
    let verified = json(&["backup", "verify", "--from", &archive, "-o", "json"]);
    assert_eq!(verified["findings"], Value::Array(vec![]), "{verified}");
    // A start makes a further one where the archive has a gap.
    assert!(verified["backups"].as_u64() >= Some(1), "{verified}");

    let back = dir.path().join("back");
    let folder = back.to_str().unwrap();
    let to_time = time(moment);
    let from = ["backup", "restore", "--from", &archive, "-o", "json"];
    let report = json(&[&from[..], &[folder, "--to-time", &to_time]].concat());
    assert_eq!(report["incarnation"], 2);
    assert!(
        report["until"].as_str().unwrap() <= to_time.as_str(),
        "{report}"
    );
    sound(&back);
    let node = Node::serve(&back);
    let found = instances(&node);
    holds(&found, &answered, moment);
    check_calls(&report, &found, &answered, moment);
    wait_until_resumed(&node);
    node.stop();
    sound(&back);

    // Without a moment everything comes back, and what was answered last is there.
    let whole = dir.path().join("whole");
    json(&[&from[..], &[whole.to_str().unwrap()]].concat());
    let node = Node::serve(&whole);
    let found = instances(&node);
    assert!(answered.iter().all(|known| found.contains_key(&known.id)));
    node.stop();
}

/// Each call that was made for a later workflow is listed, and none of one that had completed.
pub fn check_calls(
    report: &Value,
    found: &BTreeMap<String, String>,
    answered: &[Answered],
    moment: i64,
) {
    let listed = calls(report["calls_file"].as_str().unwrap());
    assert!(report["calls_after"].as_u64().unwrap() > 0, "{report}");
    let of = |id: &str| listed.iter().any(|call| call["workflow_id"] == id);
    for later in answered.iter().filter(|known| known.asked_at > moment) {
        assert!(of(&later.id), "{later:?} called");
    }
    let done = answered
        .iter()
        .filter(|known| known.completed && known.answered_at < moment);
    assert!(done.clone().count() > 0);
    for done in done {
        assert!(
            found.contains_key(&done.id) && !of(&done.id),
            "{done:?} had called before"
        );
    }
    assert!(
        listed
            .iter()
            .any(|call| call["adapter"] == "local" && call["action"] == "echo")
    );
}

/// The restored server makes no call and fires no timer until it is told to.
fn wait_until_resumed(node: &Node) {
    assert_eq!(node.json(&["system", "show"])["paused"], true);
    let held = node.submit("greet", r#"{"name": "Bob"}"#);
    let nap = node.submit("nap", r#"{"for": "10ms"}"#);
    let stream = "orchestrator_calls_started_total";
    // A whole look of the partitions at their timers goes by, and more.
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    for id in [&held, &nap] {
        assert_eq!(
            node.json(&["show", id])["status"],
            "running",
            "{id} is held"
        );
    }
    let begun = node.page("/metrics");
    let begun = begun.lines().filter(|line| line.starts_with(stream));
    assert!(
        begun.clone().all(|line| line.ends_with(" 0")),
        "{:?}",
        begun.collect::<Vec<_>>()
    );
    let resumed = node.cli(&["system", "resume", "-o", "json"]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    node.until_status(&held, "completed");
    node.until_status(&nap, "completed");
    assert_eq!(node.json(&["system", "show"])["paused"], false);
}
