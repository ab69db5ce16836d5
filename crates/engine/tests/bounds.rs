//! Decisions are cut at their bound, and what is left is found again from the state.

use std::sync::Arc;

use definition::{AdapterSpec, Catalog};
use engine::record::{Body, CancelRequested, StartMessage};
use engine::{
    Command, Context, Decided, Effect, Entropy, Id, Instance, MAX_RECORDS, Payload, Plans, Status,
    TaskOutcome, TimerKind,
};

const WIDE: &str = "
workflow:
  name: wide
  version: 1.0.0
  output: '${ size(steps.each.output) }'
  steps:
    - id: each
      for-each: '${ range(input) }'
      concurrency: 500
      steps: [{ id: one, set: { n: '${ item }' } }, { id: two, set: { n: '${ index }' } }]
";

/// A cut decision may overshoot by what one step writes at once.
const OVERSHOOT: usize = 8;

#[test]
fn a_wide_loop_is_cut_and_goes_on_after_a_crash_at_every_cut() {
    let catalog = catalog_with(WIDE);

    let mut entropy = Entropy::new(1);
    let id = Id::new(1, 0, 0);
    let mut plans = Plans::default();
    let mut context = context(&catalog, &mut plans, &mut entropy, id);
    let input = Some(Payload::from_value(3_000.into()));
    let message = StartMessage {
        workflow: "wide".into(),
        input,
        ..StartMessage::default()
    };
    let (mut instance, mut decided) = engine::start(id, &message, &mut context).expect("starts");
    let mut cuts = 0;
    while goes_on(&decided) {
        cuts += 1;
        assert!(
            decided.records.len() <= MAX_RECORDS + OVERSHOOT,
            "{}",
            decided.records.len()
        );
        instance = restored(&instance);
        decided = instance
            .decide(Command::Continue, &mut context)
            .expect("was cut");
    }
    assert_eq!((instance.status(), cuts > 20), (Status::Completed, true));
    assert_eq!(instance.output().expect("an output").bytes(), "3000");
}

fn catalog_with(text: &str) -> Catalog {
    let workflow = definition::parse_workflow(text).expect("compiles");
    let mut catalog = Catalog::default();
    let versions = catalog.workflows.entry(workflow.name.clone()).or_default();
    versions
        .versions
        .insert(workflow.version.clone(), Arc::new(workflow));
    let adapter = AdapterSpec {
        name: "a".into(),
        kind: "builtin".into(),
        default_action: None,
        retry: None,
        timeout_ms: None,
        concurrency: None,
        breaker: None,
        rate: None,
        actions: std::collections::BTreeMap::new(),
        settings: Arc::new(serde_json::json!({})),
    };
    catalog.adapters.insert("a".into(), Arc::new(adapter));
    catalog
}

fn context<'a>(
    catalog: &'a Catalog,
    plans: &'a mut Plans,
    entropy: &'a mut Entropy,
    command_id: Id,
) -> Context<'a> {
    Context {
        now: 1,
        catalog,
        plans,
        place: 1,
        entropy,
        command_id,
        actor: "",
        cause: "test",
    }
}

fn goes_on(decided: &Decided) -> bool {
    let cut = decided
        .records
        .iter()
        .any(|record| matches!(record.body, Some(Body::DecisionCut(_))));
    let timer = decided
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Timer(timer) if timer.kind == TimerKind::Continue));
    assert_eq!(cut, timer, "a cut decision and its timer go together");
    cut
}

fn restored(instance: &Instance) -> Instance {
    let stored = instance.snapshot();
    assert!(
        stored.chunks.len() <= 3_000 / 256 + 1,
        "lanes are stored in chunks of 256"
    );
    let workflow = |_: &str, _: &str| Some(Arc::clone(instance.workflow()));
    Instance::restore(&stored.head, &stored.chunks, workflow).expect("restores")
}

const CALLS: &str = "
workflow:
  name: wide
  version: 1.0.0
  steps:
    - id: each
      for-each: '${ range(input) }'
      concurrency: 1000
      steps: [{ id: one, adapter: a }, { id: two, adapter: a }]
";

#[test]
fn closing_a_wide_loop_is_cut_too_and_begins_nothing_new() {
    let (catalog, mut entropy) = (catalog_with(CALLS), Entropy::new(1));
    let id = Id::new(1, 0, 0);
    let mut plans = Plans::default();
    let mut context = context(&catalog, &mut plans, &mut entropy, id);
    let input = Some(Payload::from_value(1_000.into()));
    let message = StartMessage {
        workflow: "wide".into(),
        input,
        ..StartMessage::default()
    };
    let (mut instance, mut decided) = engine::start(id, &message, &mut context).expect("starts");
    while goes_on(&decided) {
        decided = instance
            .decide(Command::Continue, &mut context)
            .expect("was cut");
    }
    let out = instance.outstanding().tasks;
    assert_eq!(out.len(), 1_000);

    let cancel = Command::Cancel(CancelRequested::default());
    decided = instance.decide(cancel, &mut context).expect("is open");
    assert!(
        goes_on(&decided),
        "a thousand lanes do not close in one decision"
    );
    for task in out {
        let outcome = TaskOutcome::Completed {
            output: Payload::null(),
            target: String::new(),
            exchange: String::new(),
            kept_by: None,
        };
        let result = Command::Result { task, outcome };
        let late = instance.decide(result, &mut context).expect("is open");
        assert!(
            late.records.len() <= MAX_RECORDS + OVERSHOOT,
            "{}",
            late.records.len()
        );
        let called = |effect: &Effect| matches!(effect, Effect::Dispatch(_));
        assert!(
            !late.effects.iter().any(called),
            "a lane that closes calls nobody"
        );
        instance = restored(&instance);
    }
    while instance.status().is_open() {
        decided = instance
            .decide(Command::Continue, &mut context)
            .expect("was cut");
        assert!(decided.records.len() <= MAX_RECORDS + OVERSHOOT);
    }
    assert_eq!(
        (instance.status(), instance.check()),
        (Status::Cancelled, Vec::new())
    );
}

const LOOP: &str = "
workflow:
  name: loop
  version: 1.0.0
  output: '${ steps.again.output.rounds }'
  steps:
    - id: again
      repeat: { max: 5000, until: iteration >= input }
      steps:
        - id: both
          parallel:
            - [{ id: left, set: { n: '${ iteration }' } }]
            - [{ id: right, set: { n: '${ iteration }' } }]
        - { id: call, adapter: a }
";

/// Runs `loop` up to the call of a round, from 1; answers it with the largest number of lanes there were.
fn looped(catalog: &Catalog, rounds: u64, up_to: u64) -> (Instance, usize) {
    let mut entropy = Entropy::new(1);
    let id = Id::new(1, 0, 0);
    let mut plans = Plans::default();
    let mut context = context(catalog, &mut plans, &mut entropy, id);
    let message = StartMessage {
        workflow: "loop".into(),
        input: Some(Payload::from_value(rounds.into())),
        ..StartMessage::default()
    };
    let (mut instance, _) = engine::start(id, &message, &mut context).expect("starts");
    let mut most = 0;
    for _ in 1..up_to {
        let task = instance.outstanding().tasks[0];
        let outcome = TaskOutcome::Completed {
            kept_by: None,
            output: Payload::null(),
            target: String::new(),
            exchange: String::new(),
        };
        let result = Command::Result { task, outcome };
        instance.decide(result, &mut context).expect("is out");
        assert_eq!(instance.check(), Vec::new());
        most = most.max(instance.lanes().count());
    }
    (instance, most)
}

#[test]
fn a_loop_of_any_length_has_a_state_of_one_size() {
    let catalog = catalog_with(LOOP);
    let (instance, most) = looped(&catalog, 1_000, 1_001);
    assert_eq!(instance.status(), Status::Completed);
    assert_eq!(instance.output().expect("an output").bytes(), "1000");
    // The root, and a hundred rounds with two branches each.
    assert_eq!(most, 301);
    let back = restored(&instance);
    assert_eq!(back.snapshot(), instance.snapshot());
    let undoable = LOOP.replace("adapter: a }", "adapter: a, compensation: undo-it }");
    let (_, all) = looped(&catalog_with(&undoable), 300, 300);
    assert_eq!(all, 901, "what may have to be undone is kept");
}

#[test]
fn a_long_loop_goes_on_when_it_is_retried() {
    let catalog = catalog_with(LOOP);
    let (mut instance, _) = looped(&catalog, 300, 250);
    let (mut plans, mut entropy) = (Plans::default(), Entropy::new(2));
    let mut context = context(&catalog, &mut plans, &mut entropy, Id::new(1, 0, 0));
    let refused = TaskOutcome::Failed {
        error: engine::record::Failure {
            error_type: "http.422".into(),
            ..engine::record::Failure::default()
        },
        retry_after_ms: None,
        target: String::new(),
        exchange: String::new(),
    };
    let task = instance.outstanding().tasks[0];
    let result = Command::Result {
        task,
        outcome: refused,
    };
    instance.decide(result, &mut context).expect("is out");
    assert_eq!(instance.status(), Status::Failed);
    let retry = Command::Retry(engine::record::Held::default());
    instance.decide(retry, &mut context).expect("failed");
    for _ in 250..=300 {
        assert_eq!(instance.check(), Vec::new());
        let task = instance.outstanding().tasks[0];
        let outcome = TaskOutcome::Completed {
            kept_by: None,
            output: Payload::null(),
            target: String::new(),
            exchange: String::new(),
        };
        let result = Command::Result { task, outcome };
        instance.decide(result, &mut context).expect("is out");
    }
    assert_eq!(instance.status(), Status::Completed);
    assert_eq!(instance.output().expect("an output").bytes(), "300");
}
