//! Decisions over crashes, by links, and their log.

use bytes::Bytes;
use engine::record::{Choice, DecisionChained};
use engine::{Authority, Command, Id};
use prost::Message;
use runtime::{DecisionRow, DecisionStatus, LogReport, Runtime};
use store::{Change, PartitionId, Projection, Row, Scan, Store, Table};

use crate::harness::{Answer, World, apply, ended, pass_time, start, until};

const ASKS: &str = r#"
workflow:
  name: asks
  version: 1.0.0
  subject: one
  steps:
    - id: pay
      adapter: crm
      action: pay
      isolate: true
      man-mode: { always: true, notify: [{ adapter: crm, action: tell, input: { go: "${ decision.approve-url }", no: "${ decision.reject-url }" } }] }
    - { id: log, adapter: crm, action: log }
    - { id: mail, adapter: crm, action: mail, input: "${ steps.pay.output }" }
"#;

async fn pending(runtime: &Runtime) -> DecisionRow {
    for _ in 0..100 {
        let waits = Some(DecisionStatus::Pending);
        let page = runtime.decisions(waits, None, 10).await.expect("lists");
        if let Some(question) = page.items.into_iter().next() {
            return question;
        }
        pass_time(std::time::Duration::from_millis(3)).await;
    }
    panic!("expected a decision that waits");
}

fn approve(id: Id) -> Command {
    Command::Decide {
        id,
        answer: engine::Answer::plain(Choice::Approve),
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_and_after_an_answer_changes_nothing() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, ASKS).await;
    let id = start(&runtime, "asks").await.id;
    let decision: Id = pending(&runtime).await.id.parse().expect("an id");
    let script = world.script.clone();
    until("the rest is done", || {
        script.actions().contains(&"log".to_owned())
    })
    .await;
    let runtime = world.crash(runtime).await;
    assert_eq!(pending(&runtime).await.id, decision.to_string());
    assert!(!world.script.actions().contains(&"pay".to_owned()));
    world.script.on("pay", Answer::Gated);
    let answered = runtime.command(id, approve(decision), "ann").await;
    answered.expect("is taken");
    let runtime = world.crash(runtime).await;
    world.script.gate(true);
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.status().as_str(), "completed");
    let second = runtime.command(id, approve(decision), "bob").await;
    assert!(second.is_err(), "a decision is made once");
    let row = runtime.decision(decision).await.expect("reads");
    let answer = row.expect("is there").answer.expect("has one");
    assert_eq!(
        (answer.choice.as_str(), answer.by.as_str()),
        ("approve", "ann")
    );
}

#[tokio::test(start_paused = true)]
async fn a_link_is_made_for_the_call_and_stands_in_no_record() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, ASKS).await;
    let id = start(&runtime, "asks").await.id;
    let decision: Id = pending(&runtime).await.id.parse().expect("an id");
    let script = world.script.clone();
    until("people are told", || {
        script.actions().contains(&"tell".to_owned())
    })
    .await;
    let told = |call: &adapter::Call| call.action.as_deref() == Some("tell");
    let call = world.script.calls().into_iter().find(told).expect("a call");
    let input: serde_json::Value = serde_json::from_slice(&call.input).expect("JSON");
    let url = input["go"].as_str().expect("a link");
    let token = url.rsplit('/').next().expect("a token");
    let link = runtime.decision_link(token).expect("works");
    assert_eq!((link.instance, link.decision), (id, decision));
    assert_eq!((link.choice, link.notice), (Choice::Approve, 1));
    assert_eq!(runtime.decision_link(&token[1..]), None);
    let page = runtime.history(id, 0, 100).await.expect("reads");
    assert!(page.records.len() > 3);
    assert!(!format!("{:?}", page.records).contains(token));

    let by_link = || Command::Decide {
        id: decision,
        answer: engine::Answer {
            authority: Authority::Link(link.notice),
            ..engine::Answer::plain(link.choice)
        },
    };
    runtime
        .command(id, by_link(), "link:1")
        .await
        .expect("is taken");
    let again = runtime.command(id, by_link(), "link:1").await;
    assert!(again.is_err(), "a link works once");
    ended(&runtime, id).await;
}

/// A store whose one slot has made three decisions.
async fn decided(world: &World) -> Runtime {
    let runtime = world.open_with_catalog().await;
    apply(&runtime, ASKS).await;
    for _ in 0..3 {
        let id = start(&runtime, "asks").await.id;
        let decision = pending(&runtime).await.id.parse().expect("an id");
        let answered = runtime.command(id, approve(decision), "ann").await;
        answered.expect("is taken");
        ended(&runtime, id).await;
    }
    let untouched = runtime.check_decisions(None).await.expect("reads");
    assert_eq!((untouched.decisions, untouched.findings.len()), (3, 0));
    runtime
}

/// Rows of the decisions' table whose keys begin so.
async fn rows(world: &World, first: u8) -> Vec<Row> {
    let scan = Scan {
        table: Table::Decision,
        slots: 0..=engine::SLOTS - 1,
        after: None,
        prefix: Bytes::copy_from_slice(&[first]),
        reverse: false,
        limit: 100,
    };
    world.memory.scan(scan).await.expect("reads")
}

/// Changes the state behind the runtime's back.
async fn tamper(world: &World, change: Change) {
    let partition = PartitionId(0);
    let reached = world.memory.reached(partition).await.expect("reads");
    let projection = Projection {
        partition,
        reached,
        changes: vec![change],
    };
    world
        .memory
        .project(vec![projection])
        .await
        .expect("writes");
}

fn put(row: &Row, value: impl Into<Bytes>) -> Change {
    Change::Put {
        table: Table::Decision,
        slot: row.slot,
        key: row.key.clone(),
        value: value.into(),
    }
}

fn delete(row: &Row) -> Change {
    Change::Delete {
        table: Table::Decision,
        slot: row.slot,
        key: row.key.clone(),
    }
}

fn link_in(row: &Row) -> DecisionChained {
    DecisionChained::decode(row.value.clone()).expect("a link")
}

#[track_caller]
fn check(report: &LogReport, expected: &str) {
    let first = report.findings.first().map(|found| found.what.as_str());
    let found = first.is_some_and(|what| what.contains(expected));
    assert!(found, "expected {expected:?}, but got {report:?}");
}

#[tokio::test(start_paused = true)]
async fn an_edited_deleted_or_truncated_decision_shows() {
    let world = World::new();
    let runtime = decided(&world).await;
    let report = async || runtime.check_decisions(None).await.expect("reads");
    let links = rows(&world, 2).await;

    let mut edited = link_in(&links[1]);
    edited.told = edited.told.replace("ann", "eve");
    tamper(&world, put(&links[1], edited.encode_to_vec())).await;
    check(&report().await, "edited");
    tamper(&world, put(&links[1], links[1].value.clone())).await;
    assert_eq!(report().await.findings, []);

    let shown = rows(&world, 1).await.swap_remove(0);
    let text = String::from_utf8(shown.value.to_vec()).expect("JSON");
    let forged = text.replace("\"by\":\"ann\"", "\"by\":\"eve\"");
    assert_ne!(forged, text);
    tamper(&world, put(&shown, forged.into_bytes())).await;
    check(&report().await, "was edited");
    tamper(&world, put(&shown, shown.value.clone())).await;

    tamper(&world, delete(&links[1])).await;
    check(&report().await, "deleted");
    tamper(&world, put(&links[1], links[1].value.clone())).await;
    tamper(&world, delete(&links[2])).await;
    check(&report().await, "truncated");
}

#[tokio::test(start_paused = true)]
async fn a_log_written_anew_shows_by_a_kept_head_and_a_crash_keeps_the_chain() {
    let world = World::new();
    let runtime = decided(&world).await;
    let kept = runtime.decision_heads().await.expect("reads");
    assert_eq!(kept.heads[0].number, 3);
    let runtime = world.crash(runtime).await;
    let again = runtime.check_decisions(Some(&kept)).await.expect("reads");
    assert_eq!(again.findings, []);

    // The last decision never happened, says the store, and its head says so as well.
    let (links, heads) = (rows(&world, 2).await, rows(&world, 3).await);
    tamper(&world, delete(&links[2])).await;
    let mut head = 2_u64.to_be_bytes().to_vec();
    head.extend(&link_in(&links[1]).hash);
    tamper(&world, put(&heads[0], head)).await;
    let alone = runtime.check_decisions(None).await.expect("reads");
    assert_eq!(alone.findings, []);
    let report = runtime.check_decisions(Some(&kept)).await;
    check(&report.expect("reads"), "not there any more");
    // Heads that the store did not sign prove nothing.
    let mut forged = kept;
    forged.heads[0].number = 2;
    let report = runtime.check_decisions(Some(&forged)).await;
    check(&report.expect("reads"), "not signed");
}
