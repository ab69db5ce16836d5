//! MAN Mode isolates the risk and not the run: what does not depend on a decision always finishes,
//! what does never starts before it, and starts by itself when it is approved.

#![expect(
    clippy::unwrap_used,
    reason = "a run that does not go on is a broken test"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use definition::{AdapterSpec, Catalog};
use engine::record::{Choice, StartMessage};
use engine::{
    Answer, Command, Context, Entropy, Id, Instance, Payload, Plans, Status, StepStatus,
    TaskOutcome,
};
use proptest::prelude::*;

/// One step of a list, as it is drawn.
#[derive(Clone, Debug)]
struct Drawn {
    gated: bool,
    isolated: bool,
    /// Explicit needs: earlier steps, by how far back; none follows the one before.
    needs: Option<Vec<usize>>,
    /// An earlier step whose output its input uses.
    uses: Option<usize>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let needs = proptest::option::weighted(0.4, proptest::collection::vec(1_usize..8, 0..3));
    let uses = proptest::option::weighted(0.3, 1_usize..8);
    (any::<bool>(), any::<bool>(), needs, uses).prop_map(|(gated, isolated, needs, uses)| Drawn {
        gated,
        isolated: isolated && gated,
        needs,
        uses,
    })
}

/// The steps as they are written, and what each waits for, by the language's own words: the step
/// before, unless the list goes on past it; what it needs; an isolated step whose output it uses.
fn written(list: &[Drawn]) -> (String, Vec<BTreeSet<usize>>) {
    let mut text = String::from("workflow:\n  name: w\n  version: 1.0.0\n  steps:\n");
    let mut waits: Vec<BTreeSet<usize>> = Vec::new();
    for (place, step) in list.iter().enumerate() {
        let back = |by: &usize| place.checked_sub(*by);
        let mut own: BTreeSet<usize> = BTreeSet::new();
        match &step.needs {
            Some(needs) => own.extend(needs.iter().filter_map(back)),
            None => own.extend((0..place).rev().find(|before| !list[*before].isolated)),
        }
        let ended = closure(&waits, &own);
        // An output may be used of what has ended by then, or of an isolated step, which is then waited for.
        let uses = step.uses.as_ref().and_then(back);
        let uses = uses.filter(|used| ended.contains(used) || list[*used].isolated);
        own.extend(uses.filter(|used| list[*used].isolated));
        write!(text, "    - {{ id: s{place}, adapter: a").unwrap();
        if let Some(needs) = &step.needs {
            let names: BTreeSet<String> = needs
                .iter()
                .filter_map(back)
                .map(|n| format!("s{n}"))
                .collect();
            let names: Vec<String> = names.into_iter().collect();
            write!(text, ", needs: [{}]", names.join(", ")).unwrap();
        }
        if let Some(used) = uses {
            write!(text, ", input: \"${{ steps.s{used}.output }}\"").unwrap();
        }
        if step.gated {
            text.push_str(", man-mode: true");
        }
        if step.isolated {
            text.push_str(", isolate: true");
        }
        text.push_str(" }\n");
        waits.push(own);
    }
    (text, waits)
}

/// These steps and all that they wait for.
fn closure(waits: &[BTreeSet<usize>], from: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut found = from.clone();
    let mut next: Vec<usize> = from.iter().copied().collect();
    while let Some(step) = next.pop() {
        next.extend(waits[step].iter().copied().filter(|w| found.insert(*w)));
    }
    found
}

struct Run {
    catalog: Catalog,
    plans: Plans,
    entropy: Entropy,
    instance: Option<Instance>,
}

impl Run {
    fn start(text: &str) -> Self {
        let workflow = definition::parse_workflow(text);
        let workflow = workflow.unwrap_or_else(|errors| panic!("{errors:#?}\n{text}"));
        let mut catalog = Catalog {
            version: 1,
            ..Catalog::default()
        };
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
            settings: Arc::default(),
        };
        catalog.adapters.insert("a".into(), Arc::new(adapter));
        let versions = catalog.workflows.entry("w".into()).or_default();
        versions
            .versions
            .insert(workflow.version.clone(), Arc::new(workflow));
        let mut run = Self {
            catalog,
            plans: Plans::default(),
            entropy: Entropy::new(7),
            instance: None,
        };
        let message = StartMessage {
            workflow: "w".into(),
            ..StartMessage::default()
        };
        let id = Id::new(1, 7, 1);
        let (instance, _) = engine::start(id, &message, &mut run.context()).unwrap();
        run.instance = Some(instance);
        run
    }

    fn context(&mut self) -> Context<'_> {
        Context {
            now: 1_000,
            catalog: &self.catalog,
            plans: &mut self.plans,
            place: 1,
            entropy: &mut self.entropy,
            command_id: Id::new(1, 7, 2),
            actor: "ann",
            cause: "test",
        }
    }

    fn decide(&mut self, command: Command) {
        let mut instance = self.instance.take().unwrap();
        instance.decide(command, &mut self.context()).unwrap();
        assert_eq!(instance.check(), []);
        self.instance = Some(instance);
    }

    /// Completes every call until none is out.
    fn run_dry(&mut self) {
        loop {
            let instance = self.instance.as_ref().unwrap();
            let Some(task) = instance.outstanding().tasks.first().copied() else {
                return;
            };
            self.decide(Command::Result {
                task,
                outcome: TaskOutcome::Completed {
                    output: Payload::null(),
                    target: String::new(),
                    exchange: String::new(),
                    kept_by: None,
                },
            });
        }
    }

    fn statuses(&self) -> Vec<StepStatus> {
        let instance = self.instance.as_ref().unwrap();
        let root = instance.lane(0).unwrap();
        root.steps.iter().map(|step| step.status()).collect()
    }

    fn approve_first(&mut self) -> bool {
        let instance = self.instance.as_ref().unwrap();
        let Some(pending) = instance.pending_decisions().first() else {
            return false;
        };
        let id = Id::from_slice(&pending.id).unwrap();
        let answer = Answer::plain(Choice::Approve);
        self.decide(Command::Decide { id, answer });
        true
    }
}

proptest! {
    #[test]
    fn only_what_depends_on_a_decision_waits_for_it(list in proptest::collection::vec(drawn(), 1..9)) {
        let (text, waits) = written(&list);
        let mut run = Run::start(&text);
        let mut approved = BTreeSet::new();
        loop {
            run.run_dry();
            let statuses = run.statuses();
            for (place, status) in statuses.iter().enumerate() {
                let before = closure(&waits, &waits[place]);
                let held = |step: &usize| list[*step].gated && !approved.contains(step);
                let expected = if before.iter().any(&held) {
                    StepStatus::Pending
                } else if held(&place) {
                    StepStatus::Deciding
                } else {
                    StepStatus::Completed
                };
                prop_assert_eq!(*status, expected, "s{}\n{}", place, text);
            }
            let asked: Vec<usize> = (0..list.len())
                .filter(|place| statuses[*place] == StepStatus::Deciding)
                .collect();
            let pending = run.instance.as_ref().unwrap().pending_decisions().to_vec();
            prop_assert_eq!(pending.len(), asked.len());
            if let Some(first) = pending.first() {
                approved.insert(first.task.at.step as usize);
            }
            if !run.approve_first() {
                break;
            }
        }
        prop_assert_eq!(run.instance.unwrap().status(), Status::Completed);
    }
}
