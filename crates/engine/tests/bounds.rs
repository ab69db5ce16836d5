//! Decisions are cut at their bound, and what is left is found again from the state.

use std::sync::Arc;

use definition::Catalog;
use engine::record::{Body, StartMessage};
use engine::{
    Command, Context, Decided, Effect, Entropy, Id, Instance, MAX_RECORDS, Payload, Status,
    TimerKind,
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
    let workflow = definition::parse_workflow(WIDE).expect("compiles");
    let mut catalog = Catalog::default();
    let versions = catalog.workflows.entry(workflow.name.clone()).or_default();
    versions
        .versions
        .insert(workflow.version.clone(), Arc::new(workflow));

    let mut entropy = Entropy::new(1);
    let id = Id::new(1, 0, 0);
    let mut context = Context {
        now: 1,
        catalog: &catalog,
        entropy: &mut entropy,
        command_id: id,
        actor: "",
        cause: "test",
    };
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
