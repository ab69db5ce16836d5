//! What is counted is what happened, whatever crashes.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Id;
use runtime::{
    Consistency, FailureGroup, FailurePart, FailureState, Failures, FailuresAsked, Incoming,
    Runtime, StatsAsked, StatsBy, Tally,
};
use serde_json::json;
use store::Table;

use crate::harness::{Answer, START_MS, World, apply, ended, pass_time, start, start_of, until};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// All that was counted since the tests' beginning.
fn all() -> StatsAsked {
    StatsAsked {
        from: START_MS.div_euclid(DAY) * DAY,
        to: START_MS.div_euclid(DAY) * DAY + 3 * DAY,
        limit: 100,
        ..StatsAsked::default()
    }
}

async fn stats(runtime: &Runtime, asked: StatsAsked) -> BTreeMap<String, Tally> {
    let found = runtime.stats(&asked, Consistency::Fresh).await;
    let found = found.expect("answers");
    assert!(found.incomplete.is_empty());
    let series = found.series.into_iter();
    series
        .map(|series| (series.group.join("/"), series.total))
        .collect()
}

async fn by(runtime: &Runtime, by: StatsBy) -> BTreeMap<String, Tally> {
    stats(runtime, StatsAsked { by, ..all() }).await
}

async fn total(runtime: &Runtime) -> Tally {
    let all = by(runtime, StatsBy::Nothing).await;
    all.into_values().next().unwrap_or_default()
}

async fn failures(runtime: &Runtime, by: &[FailurePart]) -> Failures {
    let asked = FailuresAsked {
        from: all().from,
        to: all().to,
        states: vec![FailureState::Failed, FailureState::Open],
        by: by.to_vec(),
        limit: 100,
        ..FailuresAsked::default()
    };
    let found = runtime.failures(&asked, Consistency::Fresh).await;
    found.expect("answers")
}

const EVERY_PART: [FailurePart; 4] = [
    FailurePart::Workflow,
    FailurePart::Step,
    FailurePart::Error,
    FailurePart::Target,
];

const MORE: &str = "
workflow:
  name: loop
  version: 2.0.0
  steps:
    - id: r
      repeat: { state: { n: 0 }, next: { n: '${ state.n + 1 }' }, until: 'state.n >= 8', max: 20 }
      steps: [{ id: inner, adapter: crm, action: one }]
---
workflow:
  name: careful
  version: 1.0.0
  steps:
    - id: a
      adapter: crm
      action: one
      compensation: { action: undo }
    - { id: b, adapter: crm, action: refused }
---
workflow:
  name: asks
  version: 1.0.0
  steps:
    - { id: a, adapter: crm, action: refused, on-error: man }
";

#[tokio::test(start_paused = true)]
async fn instances_steps_and_calls_are_counted() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, MORE).await;
    world.script.on("two", Answer::FailFirst(2));
    world.script.on("refused", Answer::Refuse);
    for workflow in ["three", "three", "loop", "careful"] {
        let id = start(&runtime, workflow).await.id;
        ended(&runtime, id).await;
    }
    let workflows = by(&runtime, StatsBy::Version).await;
    let of = |name: &str| workflows.get(name).cloned().unwrap_or_default();
    let three = of("three/1.0.0");
    assert_eq!((three.started, three.completed, three.failed), (2, 2, 0));
    assert_eq!(three.durations.count(), 2);
    let careful = of("careful/1.0.0");
    assert_eq!((careful.started, careful.compensated), (1, 1));
    let steps = by(&runtime, StatsBy::Step).await;
    let of = |name: &str| steps.get(name).cloned().unwrap_or_default();
    let retried = of("three/b");
    let counts = (retried.completed, retried.attempts, retried.retries);
    assert_eq!(counts, (2, 4, 2));
    assert_eq!(retried.durations.count(), 2);
    // Rounds that the state has let go of count too.
    let inner = of("loop/inner");
    assert!(inner.completed > 5, "{inner:?}");
    assert_eq!(inner.attempts, inner.completed);
    assert_eq!(of("careful/a").compensated, 1);
    assert_eq!((of("careful/b").failed, of("careful/b").attempts), (1, 1));
    let targets = by(&runtime, StatsBy::Target).await;
    let crm = targets.get("crm/").cloned().unwrap_or_default();
    let made = world.script.calls().len() as u64;
    assert_eq!((crm.completed + crm.failed, crm.failed), (made, 3));
    assert_eq!(crm.durations.count(), made);
}

#[tokio::test(start_paused = true)]
async fn durations_are_those_that_passed() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = start(&runtime, "waits").await.id;
    ended(&runtime, id).await;
    let own = total(&runtime).await;
    assert_eq!(own.durations.max_ms(), 3_600_000);
    let steps = by(&runtime, StatsBy::Step).await;
    let wait = steps.get("waits/w").cloned().unwrap_or_default();
    assert_eq!(wait.durations.max_ms(), 3_600_000);
    // The start and the end lie in other minutes, hours and points.
    let asked = StatsAsked {
        step_ms: Some(MINUTE),
        ..all()
    };
    let found = runtime.stats(&asked, Consistency::Fresh).await;
    let found = found.expect("answers");
    let points = &found.series[0].points;
    let starts: Vec<(i64, u64, u64)> = points
        .iter()
        .map(|(at, tally)| (at - START_MS, tally.started, tally.completed))
        .collect();
    assert_eq!(starts, [(0, 1, 0), (HOUR, 0, 1)]);
    let first_hour = StatsAsked {
        from: START_MS,
        to: START_MS + HOUR,
        ..all()
    };
    let first = stats(&runtime, first_hour).await;
    assert_eq!((first[""].started, first[""].completed), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_counted_twice_or_not_at_all_over_crashes_between_writes() {
    let world = World::bounded(|bounds| bounds.projection_gather_ms = 20);
    let mut runtime = world.open_with_catalog().await;
    world.script.on("two", Answer::FailFirst(25));
    *world.script.delays.lock().expect("no holder panicked") = Some(engine::Entropy::new(11));
    let mut ids: Vec<Id> = Vec::new();
    for round in 0..12 {
        let starts = (0..15).map(|n| start_of("three", json!({"n": n})));
        let submitted = runtime.submit_batch(starts.collect()).await;
        ids.extend(submitted.into_iter().map(|one| one.expect("started").id));
        pass_time(Duration::from_millis(7 * round + 3)).await;
        // What was written stays behind now and then: it is projected anew, with what was held back.
        world.store.let_projections(round % 3 != 0);
        pass_time(Duration::from_millis(60)).await;
        world.store.let_projections(true);
        runtime = world.crash(runtime).await;
    }
    for id in &ids {
        ended(&runtime, *id).await;
    }
    let own = total(&runtime).await;
    let all = ids.len() as u64;
    assert_eq!((own.started, own.completed), (all, all));
    assert_eq!(own.durations.count(), all);
    let steps = by(&runtime, StatsBy::Step).await;
    for step in ["three/a", "three/b", "three/c"] {
        assert_eq!(steps[step].completed, all, "{step}");
        let attempts = steps[step].attempts - steps[step].retries;
        assert_eq!(attempts, all, "{step}");
    }
    assert!(steps["three/b"].retries > 0);
}

const ROUTERS: &str = "
router: { name: split, rules: [{ condition: event.n % 2 == 0, destination: even }] }
---
router:
  name: even
  rules:
    - { name: four, condition: event.n % 4 == 0, destination: three }
    - { name: broken, condition: event.n % 4 == 2, destination: three, transform: '${ event.nothing.there }' }
";

#[tokio::test(start_paused = true)]
async fn events_are_counted_once_by_router_and_rule_whatever_crashes() {
    let world = World::bounded(|bounds| bounds.projection_gather_ms = 20);
    let mut runtime = world.open_with_catalog().await;
    apply(&runtime, ROUTERS).await;
    for round in 0..8 {
        let events = (0..12).map(|n| Incoming {
            event_type: "n".to_owned(),
            source: "/test".to_owned(),
            data: engine::Payload::from_value(json!({ "n": n })),
            cause: "events".to_owned(),
            ..Incoming::default()
        });
        for taken in runtime.take_events(events.collect()).await {
            taken.expect("taken");
        }
        world.store.let_projections(round % 3 != 0);
        pass_time(Duration::from_millis(40)).await;
        world.store.let_projections(true);
        runtime = world.crash(runtime).await;
    }
    let told = |tally: &Tally| (tally.started, tally.completed, tally.failed, tally.skipped);
    let routers = by(&runtime, StatsBy::Router).await;
    assert_eq!(routers.len(), 2);
    // A router that leads on has sent nothing itself, and yet its rule took the event.
    assert_eq!(told(&routers["split"]), (96, 48, 0, 48));
    assert_eq!(told(&routers["even"]), (48, 48, 24, 0));
    let rules = by(&runtime, StatsBy::Rule).await;
    assert_eq!(rules.len(), 3);
    assert_eq!(told(&rules["split/0"]), (48, 48, 0, 0));
    assert_eq!(told(&rules["even/four"]), (24, 24, 0, 0));
    assert_eq!(told(&rules["even/broken"]), (24, 0, 24, 0));
}

#[tokio::test(start_paused = true)]
async fn one_version_of_one_workflow_is_told_from_the_others() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    for workflow in ["three", "parent"] {
        let id = start(&runtime, workflow).await.id;
        ended(&runtime, id).await;
    }
    let only = StatsAsked {
        workflow: Some("parent".to_owned()),
        version: Some("1.0.0".to_owned()),
        by: StatsBy::Step,
        ..all()
    };
    let steps = stats(&runtime, only).await;
    let names: Vec<&str> = steps.keys().map(String::as_str).collect();
    assert_eq!(names, ["parent/c", "parent/z"]);
    let crm = StatsAsked {
        adapter: Some("crm".to_owned()),
        by: StatsBy::Workflow,
        ..all()
    };
    let calls = stats(&runtime, crm).await;
    assert_eq!(calls["parent"].completed, 1);
    assert_eq!(calls["three"].completed, 6);
}

#[tokio::test(start_paused = true)]
async fn roll_ups_go_after_thirty_days() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let id = start(&runtime, "three").await.id;
    ended(&runtime, id).await;
    total(&runtime).await;
    assert!(world.rows(Table::Rollup) > 0);
    pass_time(Duration::from_secs(29 * 24 * 3_600)).await;
    assert!(world.rows(Table::Rollup) > 0);
    pass_time(Duration::from_secs(4 * 24 * 3_600)).await;
    until("no roll-up", || world.rows(Table::Rollup) == 0).await;
    drop(runtime);
}

#[tokio::test(start_paused = true)]
async fn what_stands_as_failed_is_grouped_and_what_was_mended_is_not() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, MORE).await;
    world.script.on("refused", Answer::Refuse);
    world.script.on("two", Answer::Refuse);
    let mut ids = Vec::new();
    for workflow in ["three", "three", "asks"] {
        ids.push(start(&runtime, workflow).await.id);
    }
    for id in &ids[..2] {
        ended(&runtime, *id).await;
    }
    until("the call that is refused", || {
        world
            .script
            .actions()
            .iter()
            .any(|action| action == "refused")
    })
    .await;
    pass_time(Duration::from_secs(1)).await;
    let found = failures(&runtime, &EVERY_PART).await;
    let facts = |group: &FailureGroup| {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let facts = [
            &group.workflow,
            &group.step,
            &group.error_type,
            &group.adapter,
        ];
        (facts.map(part).join(" "), group.failed, group.open)
    };
    assert_eq!(
        found.groups.iter().map(facts).collect::<Vec<_>>(),
        [
            ("three b http.422 crm".to_owned(), 2, 0),
            ("asks a http.422 crm".to_owned(), 0, 1),
        ]
    );
    assert_eq!((found.total, found.groups[0].message.as_str()), (3, "no"));
    assert_eq!(found.groups[0].samples.len(), 2);
    let together = failures(&runtime, &[FailurePart::Error]).await;
    assert_eq!(together.groups.len(), 1);
    assert_eq!((together.groups[0].failed, together.groups[0].open), (2, 1));
    // One is taken up again and ends well, one is deleted, the third is cancelled.
    world.script.on("two", Answer::Echo);
    let retried = runtime.retry(ids[0], "mended", "ann").await;
    retried.expect("goes on");
    ended(&runtime, ids[0]).await;
    let found = failures(&runtime, &EVERY_PART).await;
    let of_three = |group: &&FailureGroup| group.workflow.as_deref() == Some("three");
    let three = found
        .groups
        .iter()
        .find(of_three)
        .expect("one still stands");
    assert_eq!((three.failed, found.total), (1, 2));
    assert_eq!(three.samples, [ids[1]]);
    runtime.delete(ids[1], "ann", "old").await.expect("deletes");
    let found = failures(&runtime, &EVERY_PART).await;
    assert_eq!((found.total, found.groups.len()), (1, 1));
    let runtime = world.crash(runtime).await;
    let found = failures(&runtime, &EVERY_PART).await;
    assert_eq!((found.total, found.groups[0].open), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_much_to_be_told_apart_counts_together() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    let workflow = |n: usize| {
        format!(
            "workflow: {{ name: w{n}, version: 1.0.0, steps: [{{ id: a, adapter: crm, action: one }}] }}"
        )
    };
    let texts: Vec<String> = (0..205).map(workflow).collect();
    apply(&runtime, &texts.join("\n---\n")).await;
    for n in 0..205 {
        let id = start(&runtime, &format!("w{n}")).await.id;
        ended(&runtime, id).await;
    }
    let asked = StatsAsked {
        by: StatsBy::Workflow,
        limit: 1_000,
        ..self::all()
    };
    let workflows = stats(&runtime, asked).await;
    assert_eq!(workflows.len(), 201);
    let other = workflows.get(runtime::OTHER).cloned().unwrap_or_default();
    assert_eq!((other.started, other.completed), (5, 5));
    assert_eq!(total(&runtime).await.completed, 205);
    // One of each kind of span.
    assert!(runtime.health().figures.rollups_beyond >= 5 * 3);
}
