//! Schedules of the real binary, over kill -9.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Node, until};

const WORKFLOWS: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: all
  version: 1.0.0
  timeout: 1h
  trigger: { type: schedule, id: s, every: 1s, catch-up: all, overlap: allow }
  steps: [{ id: say, adapter: local, action: echo }]
---
workflow:
  name: none
  version: 1.0.0
  timeout: 1h
  trigger: { type: schedule, id: s, cron: "* * * * * *", time-zone: Europe/Berlin, overlap: allow }
  steps: [{ id: say, adapter: local, action: echo }]
"#;
const KILLS: usize = 3;
/// How long nobody is there.
const DOWN: Duration = Duration::from_millis(3_500);

/// The ticks that started something, each as often as it did, in seconds since some moment.
fn ticks(node: &Node, workflow: &str) -> Vec<i64> {
    let page = node.get(&format!("/api/v1/workflows?workflow={workflow}&limit=1000"));
    let items = page["items"].as_array().unwrap().iter();
    let ids = items.map(|item| item["id"].as_str().unwrap().to_owned());
    let tick = |id: String| {
        let instance = node.get(&format!("/api/v1/workflows/{id}"));
        let at = instance["input"]["scheduled_at"].as_str().unwrap();
        at.parse::<api::Time>().unwrap().0 / 1_000
    };
    let mut ticks: Vec<i64> = ids.map(tick).collect();
    ticks.sort_unstable();
    ticks
}

fn schedule(node: &Node, workflow: &str) -> Value {
    node.get(&format!("/api/v1/schedules/{workflow}.s"))
}

#[test]
fn no_tick_starts_twice_and_what_was_missed_is_made_up_for_over_kills() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("store");
    let mut node = Node::serve(&data);
    node.apply(WORKFLOWS);
    for _ in 0..KILLS {
        let before = schedule(&node, "all")["started"].as_u64().unwrap();
        until("it ticks", || {
            let started = schedule(&node, "all")["started"].as_u64().unwrap();
            (started >= before + 2).then_some(())
        });
        node.kill_nine();
        let begun = Instant::now();
        until("it was down over ticks", || {
            (begun.elapsed() > DOWN).then_some(())
        });
        node = Node::serve(&data);
    }
    until("it ticks again", || {
        let last = &schedule(&node, "none")["last"];
        (last["outcome"] == "started").then_some(())
    });
    let held = node.cli(&["schedules", "pause", "all.s", "--reason", "enough"]);
    assert!(held.status.success());
    assert!(node.cli(&["schedules", "pause", "none.s"]).status.success());
    let all = ticks(&node, "all");
    let (first, last) = (all[0], all[all.len() - 1]);
    assert_eq!(
        all,
        (first..=last).collect::<Vec<_>>(),
        "each once, and none is left out"
    );
    let none = ticks(&node, "none");
    let distinct: BTreeSet<&i64> = none.iter().collect();
    assert_eq!(distinct.len(), none.len(), "none twice");
    let shown = schedule(&node, "none");
    let missed = shown["missed"].as_u64().unwrap();
    assert!(missed >= 2 * KILLS as u64, "{shown}");
    let passed = none[none.len() - 1] - none[0] + 1;
    assert_eq!(none.len() as u64 + missed, passed.unsigned_abs(), "{shown}");
    assert_eq!(schedule(&node, "all")["paused"]["reason"], "enough");
    let listed = String::from_utf8(node.cli(&["schedules", "list"]).stdout).unwrap();
    assert!(
        listed.contains("all.s") && listed.contains("paused"),
        "{listed}"
    );
}
