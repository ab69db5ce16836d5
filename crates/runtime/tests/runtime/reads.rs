//! Reads are not stale.

use engine::Command;
use engine::record::{CancelRequested, Choice};
use runtime::{AuditFilter, CommandError, Consistency, DecisionRow, DecisionStatus, Runtime};
use serde_json::json;
use store::{CountBy, HistorySegment, InstanceFilter, Store};

use crate::harness::{Answer, World, apply, ended, pass_time, start, start_of};

#[tokio::test(start_paused = true)]
async fn a_list_after_a_start_has_it() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for _ in 0..50 {
        let id = start(&runtime, "waits").await.id;
        let filter = InstanceFilter::default();
        let listed = runtime
            .list(&filter, None, 1000, Consistency::Fresh)
            .await
            .expect("lists");
        assert!(listed.page.items.iter().any(|row| row.id == id.bytes()));
        assert!(listed.incomplete.is_empty());
    }
    let counted = runtime
        .count(
            &InstanceFilter::default(),
            CountBy::Status,
            Consistency::Fresh,
        )
        .await;
    assert_eq!(counted.expect("counts").counts[0].count, 50);
}

#[tokio::test(start_paused = true)]
async fn a_list_needs_no_projection_and_a_count_that_cannot_catch_up_says_so() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let filter = InstanceFilter::default();
    runtime
        .list(&filter, None, 10, Consistency::Fresh)
        .await
        .expect("lists");
    world.store.let_projections(false);
    start(&runtime, "waits").await;
    let listed = runtime
        .list(&filter, None, 10, Consistency::Fresh)
        .await
        .expect("lists");
    assert!(listed.incomplete.is_empty());
    assert_eq!(listed.page.items.len(), 1);
    let counted = runtime
        .count(&filter, CountBy::Nothing, Consistency::Fresh)
        .await
        .expect("counts");
    assert_eq!(counted.incomplete.len(), 1);
    assert!(
        counted.incomplete[0].behind_ms >= 2_000,
        "{:?}",
        counted.incomplete
    );
    let listed = runtime
        .list(&filter, None, 10, Consistency::Eventual)
        .await
        .expect("lists");
    assert!(listed.incomplete.is_empty() && listed.page.items.is_empty());
}

#[tokio::test(start_paused = true)]
async fn history_and_earlier_states_are_there() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = start(&runtime, "three").await.id;
    let instance = ended(&runtime, id).await;
    let all = runtime.history(id, 0, 1000).await.expect("reads");
    assert_eq!(
        (all.records.len() as u64, all.more),
        (instance.seq(), false)
    );
    let part = runtime.history(id, 2, 3).await.expect("reads");
    let seqs: Vec<u64> = part.records.iter().map(|record| record.seq).collect();
    assert_eq!((seqs, part.more), (vec![3, 4, 5], true));
    for seq in 1..=instance.seq() {
        let then = runtime.state_at(id, seq).await.expect("folds");
        assert_eq!(then.seq(), seq);
    }
    let nobody = engine::Id::new(1, 7, 9);
    assert_eq!(
        runtime.instance(nobody).await.unwrap_err(),
        CommandError::NotFound(nobody)
    );
    assert_eq!(
        runtime.history(nobody, 0, 1).await.unwrap_err(),
        CommandError::NotFound(nobody)
    );
}

const ROUNDS: &str = "
workflow:
  name: rounds
  version: 1.0.0
  steps:
    - id: again
      repeat: { max: 1000, delay: 1s, until: 'iteration + 1 >= input' }
      steps: [{ id: note, set: { n: '${ iteration }' } }]
    - { id: last, wait: { for: 1h } }
";

#[tokio::test(start_paused = true)]
async fn a_state_of_a_long_history_is_folded_from_one_that_lies_near_before() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, ROUNDS).await;
    let submit = start_of("rounds", json!(700));
    let id = runtime.submit(submit).await.expect("starts").id;
    pass_time(std::time::Duration::from_secs(720)).await;
    states_of_a_long_history(&world, &runtime, id).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_long_instance_did_since_the_last_write_is_written_in_several_segments() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, ROUNDS).await;
    world.store.let_projections(false);
    let submit = start_of("rounds", json!(700));
    let id = runtime.submit(submit).await.expect("starts").id;
    pass_time(std::time::Duration::from_secs(720)).await;
    world.store.let_projections(true);
    let segments = states_of_a_long_history(&world, &runtime, id).await;
    let lengths: Vec<u64> = segments
        .iter()
        .map(|segment| segment.last_seq + 1 - segment.first_seq)
        .collect();
    assert!(lengths.iter().all(|length| *length < 1_000), "{lengths:?}");
    let long = lengths.iter().filter(|length| **length >= 500).count();
    assert!(long > 3, "they were written at once: {lengths:?}");
}

/// Looks at the states of an instance of more than 2,500 records; answers the segments of its history.
async fn states_of_a_long_history(
    world: &World,
    runtime: &Runtime,
    id: engine::Id,
) -> Vec<HistorySegment> {
    let records = runtime.history(id, 0, 10_000).await.expect("reads").records;
    assert!(records.len() > 2_500, "{}", records.len());
    let (catalog, mut kept) = (runtime.catalog(), Vec::new());
    let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
    let segments = world.memory.history(id.slot(), id.bytes(), 0, usize::MAX);
    let segments = segments.await.expect("reads");
    for segment in &segments {
        let state = engine::codec::state_in(&segment.bytes).expect("unpacks");
        kept.extend(state.map(|_| segment.last_seq));
    }
    let thousands: Vec<u64> = kept.iter().map(|seq| seq / 1_000).collect();
    assert_eq!(thousands, [1, 2], "{kept:?}");
    for seq in [
        1,
        999,
        1_000,
        kept[0] - 1,
        kept[0],
        kept[0] + 1,
        1_999,
        2_500,
    ] {
        let then = runtime.state_at(id, seq).await.expect("folds");
        let seq = usize::try_from(seq).expect("a few");
        let folded = engine::Instance::fold(&records[..seq], find).expect("folds");
        assert_eq!(then.snapshot(), folded.snapshot(), "at {seq}");
        let at = runtime
            .seq_at(id, records[seq - 1].at)
            .await
            .expect("reads");
        let same = records
            .iter()
            .rfind(|record| record.at <= records[seq - 1].at);
        assert_eq!(Some(at), same.map(|record| record.seq));
    }
    assert_eq!(runtime.seq_at(id, 0).await.expect("reads"), 0);
    segments
}

/// So that what follows is later than what was before.
async fn a_moment() {
    pass_time(std::time::Duration::from_millis(3)).await;
}

const ASKS: &str = "
workflow:
  name: asks-a-person
  version: 1.0.0
  steps:
    - id: a
      adapter: crm
      action: one
      retry: { max-attempts: 1, on-exhausted: man }
";

#[tokio::test(start_paused = true)]
async fn decisions_and_the_audit_tell_who_did_what() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    a_moment().await;
    apply(&runtime, ASKS).await;
    a_moment().await;
    world.script.on("one", Answer::FailFirst(1));
    let id = start(&runtime, "asks-a-person").await.id;
    let pending = first_question(&runtime).await;
    assert_eq!(pending.workflow_id, id.to_string());
    let decision = pending.id.parse().expect("an id");
    let answer = engine::Answer {
        comment: "try once more".to_owned(),
        ..engine::Answer::plain(Choice::Retry)
    };
    let command = Command::Decide {
        id: decision,
        answer,
    };
    a_moment().await;
    runtime.command(id, command, "bob").await.expect("takes it");
    a_moment().await;
    ended(&runtime, id).await;
    let answered = runtime
        .decision(decision)
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(answered.status, DecisionStatus::Answered);
    assert_eq!(answered.answer.expect("has one").by, "bob");
    let page = runtime
        .decisions(Some(DecisionStatus::Pending), None, 10)
        .await
        .expect("lists");
    assert!(page.items.is_empty());
    cancel_something(&runtime).await;
    check_audit(&runtime).await;
}

/// The first question to a person, as soon as there is one.
async fn first_question(runtime: &Runtime) -> DecisionRow {
    for _ in 0..100 {
        let pending = Some(DecisionStatus::Pending);
        let page = runtime.decisions(pending, None, 10).await.expect("lists");
        if let Some(question) = page.items.into_iter().next() {
            return question;
        }
        pass_time(std::time::Duration::from_millis(10)).await;
    }
    panic!("expected a question");
}

async fn cancel_something(runtime: &Runtime) {
    let other = start(runtime, "waits").await.id;
    let cancel = CancelRequested {
        reason: "no need".into(),
        skip_compensation: false,
    };
    runtime
        .command(other, Command::Cancel(cancel), "ann")
        .await
        .expect("takes it");
}

async fn check_audit(runtime: &Runtime) {
    let audit = runtime
        .audit(&AuditFilter::default(), None, 10)
        .await
        .expect("lists");
    let acts: Vec<(&str, &str)> = audit
        .items
        .iter()
        .map(|entry| (entry.who.as_str(), entry.kind.as_str()))
        .collect();
    let expected = [
        ("ann", "cancel-requested"),
        ("bob", "decision-made"),
        ("ann", "catalog-changed"),
        ("ann", "catalog-changed"),
    ];
    assert_eq!(acts, expected);
    let of_bob = AuditFilter {
        who: Some("bob".into()),
        ..AuditFilter::default()
    };
    assert_eq!(
        runtime
            .audit(&of_bob, None, 10)
            .await
            .expect("lists")
            .items
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn tables_are_paged() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for n in 0..7 {
        let id = runtime
            .submit(start_of("waits", json!(n)))
            .await
            .expect("starts")
            .id;
        let cancel = Command::Cancel(CancelRequested::default());
        runtime.command(id, cancel, "ann").await.expect("takes it");
        a_moment().await;
    }
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = runtime
            .audit(&AuditFilter::default(), after, 3)
            .await
            .expect("lists");
        seen += page.items.len();
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, 8);
}
