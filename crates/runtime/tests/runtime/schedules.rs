//! Schedules: each tick starts once, over crashes, downtime, versions and what people do.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::Id;
use runtime::{
    AuditFilter, Consistency, LiveSchedule, Runtime, ScheduleError, ScheduleName, ScheduleVerb,
};
use store::InstanceFilter;

use crate::harness::{START_MS, World, apply, ended, pass_time};

const MINUTE: i64 = 60_000;
const BY: (&str, &str) = ("ann", "because");

/// A workflow that a schedule starts, and that takes `lasts`.
fn workflow(name: &str, version: &str, trigger: &str, lasts: &str) -> String {
    format!(
        "
workflow:
  name: {name}
  version: {version}
  trigger: {{ type: schedule, id: s, {trigger} }}
  steps: [{{ id: w, wait: {{ for: {lasts} }} }}]
"
    )
}

fn name_of(workflow: &str) -> ScheduleName {
    ScheduleName::new(workflow, "s")
}

async fn shown(runtime: &Runtime, workflow: &str) -> LiveSchedule {
    let name = name_of(workflow);
    runtime.schedule(&name).await.expect("is there")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn ids_of(runtime: &Runtime, workflow: &str) -> Vec<Id> {
    let filter = InstanceFilter {
        workflow: Some(workflow.to_owned()),
        ..InstanceFilter::default()
    };
    let listed = runtime.list(&filter, None, 1_000, Consistency::Fresh).await;
    let rows = listed.expect("lists").page.items.into_iter();
    rows.map(|row| Id::from_bytes(row.id)).collect()
}

/// How many instances each tick has, in minutes after the beginning.
async fn ticks(runtime: &Runtime, workflow: &str) -> BTreeMap<i64, usize> {
    let mut ticks = BTreeMap::new();
    for id in ids_of(runtime, workflow).await {
        let instance = runtime.instance(id).await.expect("reads");
        let event = instance.header().event().value();
        let at = event["scheduled_at"]
            .as_str()
            .expect("a time")
            .parse::<jiff::Timestamp>();
        let minutes = (at.expect("a time").as_millisecond() - START_MS) / MINUTE;
        *ticks.entry(minutes).or_default() += 1;
    }
    ticks
}

/// The instance that a person has started.
async fn started_by_hand(runtime: &Runtime, name: &ScheduleName) -> Id {
    let turned = runtime.turn_schedule(name, ScheduleVerb::Trigger, BY).await;
    let (live, request) = turned.expect("starts");
    let led_to = live.state.expect("it began").request(request).cloned();
    led_to
        .and_then(|led_to| led_to.instance)
        .expect("an instance")
}

/// What the audit has of one schedule, each for the reason that was given.
async fn audited(runtime: &Runtime) -> Vec<String> {
    let audit = runtime.audit(&AuditFilter::default(), None, 100).await;
    let entries = audit.expect("reads").items.into_iter();
    let ours = entries.filter(|entry| entry.data["schedule"] == "tick.s");
    let mut kinds: Vec<String> = ours
        .filter(|entry| entry.reason == BY.1 && entry.who == BY.0)
        .map(|entry| entry.kind)
        .collect();
    kinds.sort_unstable();
    kinds
}

fn once(minutes: impl IntoIterator<Item = i64>) -> BTreeMap<i64, usize> {
    minutes.into_iter().map(|minute| (minute, 1)).collect()
}

#[tokio::test(start_paused = true)]
async fn each_tick_starts_once_over_crashes() {
    let world = World::new();
    let mut runtime = world.open().await;
    apply(&runtime, &workflow("tick", "1.0.0", "every: 1m", "1s")).await;
    // Just before, at, and just after a tick.
    for offset_ms in [59_999, 60_000, 60_001, 59_990, 60_010, 60_000] {
        pass_time(Duration::from_millis(offset_ms)).await;
        runtime = world.crash(runtime).await;
    }
    pass_time(seconds(90)).await;
    assert_eq!(ticks(&runtime, "tick").await, once(1..=7));
    let shown = shown(&runtime, "tick").await;
    let state = shown.state.as_ref().expect("it began");
    assert_eq!((state.started, state.missed, state.skipped), (7, 0, 0));
    assert_eq!(
        shown.upcoming(START_MS + 450_000, 2),
        [START_MS + 480_000, START_MS + 540_000]
    );
    let (id, _) = state.instance.expect("the last one");
    let instance = ended(&runtime, id).await;
    let header = instance.header();
    assert_eq!(header.cause, "schedule:tick/s");
    assert_eq!(header.started.trigger, "s");
    assert_eq!(header.started.correlation_id, id.to_string());
    let meta = header.started.meta.as_ref().expect("attributes").value();
    assert_eq!(meta["type"], "schedule.tick");
    assert_eq!(meta["source"], "/schedules/tick.s");
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_while_nobody_was_there_is_made_up_for_as_the_schedule_says() {
    let world = World::new();
    let runtime = world.open().await;
    for rule in ["none", "last", "all"] {
        let trigger = format!("every: 1m, catch-up: {rule}, overlap: allow");
        apply(&runtime, &workflow(rule, "1.0.0", &trigger, "1s")).await;
    }
    pass_time(seconds(90)).await;
    runtime.abort();
    drop(runtime);
    // Ticks 2 to 6, and back half a minute after the last.
    pass_time(seconds(300)).await;
    let runtime = world.open().await;
    pass_time(seconds(60)).await;
    assert_eq!(ticks(&runtime, "none").await, once([1, 7]));
    assert_eq!(ticks(&runtime, "last").await, once([1, 6, 7]));
    assert_eq!(ticks(&runtime, "all").await, once(1..=7));
    for (rule, missed) in [("none", 5), ("last", 4), ("all", 0)] {
        let state = shown(&runtime, rule).await.state.expect("it began");
        assert_eq!(state.missed, missed, "{rule}");
    }
    assert_eq!(runtime.measures().figures.ticks_missed, 9);
    assert_eq!(runtime.measures().figures.ticks_started, 1 + 2 + 6);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_open_has_the_next_passed_over_wait_or_start_beside_it() {
    let world = World::new();
    let mut runtime = world.open().await;
    for rule in ["skip", "queue", "allow"] {
        let trigger = format!("every: 1m, overlap: {rule}");
        apply(&runtime, &workflow(rule, "1.0.0", &trigger, "145s")).await;
    }
    pass_time(seconds(200)).await;
    let waiting = shown(&runtime, "queue")
        .await
        .state
        .expect("it began")
        .waiting;
    assert_eq!(waiting, Some(START_MS + 2 * MINUTE));
    // What waits is durable, too. The instances of tick 1 end at 205 s.
    runtime = world.crash(runtime).await;
    pass_time(seconds(190)).await;
    assert_eq!(ticks(&runtime, "skip").await, once([1, 4]));
    assert_eq!(ticks(&runtime, "queue").await, once([1, 2, 4]));
    assert_eq!(ticks(&runtime, "allow").await, once(1..=6));
    let state = shown(&runtime, "skip").await.state.expect("it began");
    assert_eq!((state.started, state.skipped), (2, 4));
    let state = shown(&runtime, "queue").await.state.expect("it began");
    // 3 came while 2 waited; 5 while 4 did, and 6 waits.
    assert_eq!((state.started, state.skipped), (3, 2));
    assert_eq!(state.waiting, Some(START_MS + 6 * MINUTE));
}

#[tokio::test(start_paused = true)]
async fn people_hold_trigger_and_make_up_for_and_the_audit_says_so() {
    let world = World::new();
    let mut runtime = world.open().await;
    apply(&runtime, &workflow("tick", "1.0.0", "every: 1m", "1s")).await;
    let name = name_of("tick");
    pass_time(seconds(70)).await;
    let turned = runtime.turn_schedule(&name, ScheduleVerb::Pause, BY).await;
    let held = turned
        .expect("is held")
        .0
        .state
        .and_then(|state| state.held);
    assert!(held.is_some());
    runtime = world.crash(runtime).await;
    pass_time(seconds(180)).await;
    assert_eq!(
        ticks(&runtime, "tick").await,
        once([1]),
        "it is held over the crash"
    );
    assert_eq!(
        shown(&runtime, "tick").await.upcoming(START_MS, 3),
        Vec::<i64>::new()
    );

    let id = started_by_hand(&runtime, &name).await;
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.header().actor, "ann");
    assert_eq!(instance.header().event().value()["by"], "person");

    let span = ScheduleVerb::Backfill(START_MS + 2 * MINUTE, START_MS + 4 * MINUTE);
    runtime
        .turn_schedule(&name, span, BY)
        .await
        .expect("is made up for");
    runtime = world.crash(runtime).await;
    pass_time(seconds(10)).await;
    let made = ticks(&runtime, "tick").await;
    assert_eq!(
        (made.get(&2), made.get(&3)),
        (Some(&1), Some(&1)),
        "{made:?}"
    );
    let state = shown(&runtime, "tick").await.state.expect("it began");
    assert_eq!((state.started, state.backfills.len()), (4, 0));

    runtime
        .turn_schedule(&name, ScheduleVerb::Resume, BY)
        .await
        .expect("goes on");
    // 260 s have passed: the next is tick 5.
    pass_time(seconds(60)).await;
    let all = ticks(&runtime, "tick").await;
    assert_eq!(all.get(&5), Some(&1));
    assert_eq!(all.values().sum::<usize>(), 5);

    let kinds = [
        "schedule-backfilled",
        "schedule-paused",
        "schedule-resumed",
        "schedule-triggered",
    ];
    assert_eq!(audited(&runtime).await, kinds.map(str::to_owned));
}

#[tokio::test(start_paused = true)]
async fn spans_that_cannot_be_made_up_for_are_refused() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, &workflow("tick", "1.0.0", "every: 1m", "1s")).await;
    pass_time(seconds(1)).await;
    let name = name_of("tick");
    let refused = async |from: i64, to: i64| {
        let turned = runtime
            .turn_schedule(&name, ScheduleVerb::Backfill(from, to), BY)
            .await;
        turned.expect_err("a bad span").to_string()
    };
    assert!(
        refused(START_MS, START_MS)
            .await
            .contains("`from` before `to`")
    );
    assert!(
        refused(START_MS, START_MS + MINUTE)
            .await
            .contains("still to come")
    );
    assert!(
        refused(START_MS - 30_000, START_MS - 20_000)
            .await
            .contains("there is none")
    );
    assert!(
        refused(START_MS - 1_001 * MINUTE, START_MS)
            .await
            .contains("at most 1000 ticks")
    );
    let other = name_of("other");
    let missing = runtime.turn_schedule(&other, ScheduleVerb::Pause, BY).await;
    assert_eq!(
        missing.expect_err("no such"),
        ScheduleError::NotFound(other)
    );
}

#[tokio::test(start_paused = true)]
async fn the_cursor_outlives_versions_and_another_time_counts_from_when_it_was_applied() {
    let world = World::new();
    let mut runtime = world.open().await;
    let trigger = "every: 1m, catch-up: all, overlap: allow";
    apply(&runtime, &workflow("tick", "1.0.0", trigger, "1s")).await;
    pass_time(seconds(70)).await;
    apply(&runtime, &workflow("tick", "1.1.0", trigger, "2s")).await;
    runtime = world.crash(runtime).await;
    pass_time(seconds(60)).await;
    let state = shown(&runtime, "tick").await.state.expect("it began");
    assert_eq!((state.started, state.missed), (2, 0));
    let (id, _) = state.instance.expect("the last one");
    let instance = runtime.instance(id).await.expect("reads");
    assert_eq!(
        instance.header().started.version,
        "1.1.0",
        "what a start takes"
    );

    let faster = "every: 1s, catch-up: all, overlap: allow";
    apply(&runtime, &workflow("tick", "1.2.0", faster, "1s")).await;
    pass_time(Duration::from_millis(2_500)).await;
    let state = shown(&runtime, "tick").await.state.expect("it began");
    assert!(
        (4..=5).contains(&state.started),
        "no second before it was applied: {}",
        state.started
    );

    let none = "
workflow:
  name: tick
  version: 2.0.0
  steps: [{ id: w, wait: { for: 1s } }]
";
    apply(&runtime, none).await;
    pass_time(seconds(100)).await;
    let before = ids_of(&runtime, "tick").await.len();
    let gone = runtime.schedule(&name_of("tick")).await;
    assert!(matches!(gone, Err(ScheduleError::NotFound(_))));
    apply(&runtime, &workflow("tick", "2.1.0", trigger, "1s")).await;
    pass_time(seconds(61)).await;
    let after = ids_of(&runtime, "tick").await.len();
    assert!(
        (1..=2).contains(&(after - before)),
        "what it was not there for is not made up for"
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_and_a_condition_that_does_not_hold_are_told() {
    let world = World::new();
    let runtime = world.open().await;
    let refused = "
workflow:
  name: refused
  version: 1.0.0
  trigger: { type: schedule, id: s, every: 1m, input: { n: 1 } }
  input: { schema: { type: object, required: [other] } }
  steps: [{ id: w, wait: { for: 1s } }]
";
    apply(&runtime, refused).await;
    let unmet = "every: 1m, condition: meta.type == 'other'";
    apply(&runtime, &workflow("unmet", "1.0.0", unmet, "1s")).await;
    let subject = "
workflow:
  name: elsewhere
  version: 1.0.0
  trigger: { type: schedule, id: s, cron: '*/30 * * * * *', input: { at: '${ event.scheduled_at }' } }
  subject: '${ input.at }'
  steps: [{ id: w, wait: { for: 1s } }]
";
    apply(&runtime, subject).await;
    pass_time(seconds(605)).await;
    let state = shown(&runtime, "refused").await.state.expect("it began");
    let last = state.last.expect("a tick");
    assert_eq!(
        (state.refused, state.started, last.outcome.as_str()),
        (10, 0, "refused")
    );
    assert!(!last.error.expect("why").is_empty());
    let state = shown(&runtime, "unmet").await.state.expect("it began");
    assert_eq!((state.unmet, state.started), (10, 0));
    // These live in the slots of their subjects: they go by message, and once.
    assert_eq!(ids_of(&runtime, "elsewhere").await.len(), 20);
    let manual = runtime
        .turn_schedule(&name_of("unmet"), ScheduleVerb::Trigger, BY)
        .await;
    let (live, request) = manual.expect("is asked");
    let led_to = live
        .state
        .expect("it began")
        .request(request)
        .cloned()
        .expect("an answer");
    assert_eq!(led_to.instance, None);
}
