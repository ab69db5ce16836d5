//! Runs a scenario and renders its log.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use definition::{AdapterSpec, Catalog, ResourceSet, no_settings_check};
use engine::record::{
    CancelRequested, ChildEnded, Choice, Ended, Failure, Held, MessageBody, Record, StartMessage,
    TaskKey, TaskKind,
};
use engine::view::RecordView;
use engine::{
    Answer, Authority, Command, Context, Decided, Effect, Entropy, Id, Instance, Outstanding,
    Payload, Plans, Signal, SignalKey, StepOrder, StepVerb, TaskOutcome, TimerKey,
};

mod events;
mod past;

use crate::detail::detail;

/// Runs `script` on the workflow (its `steps` and what else follows its name) and compares the log.
///
/// Script lines: `start JSON`, `start-at MS JSON`, `pause [REASON]`, `resume [REASON]`,
/// `turn` (it comes), `no-turn` (there is no room), `step skip|complete|fail|retry [LANE/]STEP [JSON or TYPE]`, `STEP ok JSON`, `STEP fails TYPE [unknown] [permanent]`,
/// `STEP kept JSON` (an output that another instance kept), `STEP accepted +MS`, `child ok JSON`, `child fails TYPE`, `child undone`, `clock +MS`, `cancel`,
/// `retry [REASON]`, `restore SEQ [compensate]`, `migrate VERSION [OLD=NEW ...]`, `replay STEP` (what follows is about the
/// new instance), `decide CHOICE`, `answer WHO CHOICE [COMMENT] [JSON]`, `delegate WHO TO`, `signal NAME[#KEY] [JSON]`, `event N [JSON]` (comes to all steps that wait for one), `too-many` (wait for such), `again`
/// (repeats the last result). Log lines: a record's type, step
/// and what matters of it; `> ` what is asked of the outside; at the end the status and output.
#[track_caller]
pub fn check(workflow: &str, script: &str, expected: &str) {
    check_under("", workflow, script, expected);
}

/// As [`check`], under these policies and environments (the environment is `test`).
#[track_caller]
pub fn check_under(policies: &str, workflow: &str, script: &str, expected: &str) {
    let mut run = Run::new(workflow);
    run.apply(policies);
    check_run(run, script, expected);
}

/// As [`check`], with this definition as version 1.1.0 beside it.
#[track_caller]
pub fn check_versions(workflow: &str, next: &str, script: &str, expected: &str) {
    let mut run = Run::new(workflow);
    run.add_version("1.1.0", next);
    check_run(run, script, expected);
}

#[track_caller]
fn check_run(mut run: Run, script: &str, expected: &str) {
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        run.line(line);
        run.crash();
    }
    run.finish();
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let log: Vec<&str> = run.log.lines().map(str::trim_end).collect();
    assert_eq!(log, expected, "\nthe log was:\n{}", run.log);
}

struct Run {
    catalog: Catalog,
    instance: Option<Instance>,
    records: Vec<Record>,
    /// What the effects asked for and has not been answered: an outside that lives through all.
    tasks: BTreeSet<TaskKey>,
    timers: BTreeSet<TimerKey>,
    child: Option<(Id, StartMessage)>,
    now: i64,
    entropy: Entropy,
    plans: Plans,
    last: Option<(TaskKey, TaskOutcome)>,
    actor: String,
    log: String,
}

impl Run {
    fn add_version(&mut self, version: &str, text: &str) {
        let workflow = Arc::new(parsed(version, text));
        let versions = self.catalog.workflows.entry("w".into()).or_default();
        versions.versions.insert(workflow.version.clone(), workflow);
    }

    fn new(text: &str) -> Self {
        let workflow = parsed("1.0.0", text);
        let mut catalog = Catalog {
            version: 1,
            environment: "test".into(),
            ..Catalog::default()
        };
        for name in ["a", "b", "c", "undo"] {
            catalog
                .adapters
                .insert(name.into(), Arc::new(adapter(name)));
        }
        for definition in [workflow, child_definition()] {
            let versions = catalog
                .workflows
                .entry(definition.name.clone())
                .or_default();
            versions
                .versions
                .insert(definition.version.clone(), Arc::new(definition));
        }
        Self {
            catalog,
            instance: None,
            records: Vec::new(),
            tasks: BTreeSet::new(),
            timers: BTreeSet::new(),
            child: None,
            now: 1_000,
            entropy: Entropy::new(7),
            plans: Plans::default(),
            last: None,
            actor: "ann".into(),
            log: String::new(),
        }
    }

    fn apply(&mut self, policies: &str) {
        let (set, found) = ResourceSet::parse(vec![("p.yaml".into(), policies.into())]);
        assert!(found.is_empty(), "{found:?}");
        let change = set.apply_to(&self.catalog, &no_settings_check);
        self.catalog = change.unwrap_or_else(|errors| panic!("{errors:#?}")).new;
    }

    fn line(&mut self, line: &str) {
        writeln!(self.log, "- {line}").unwrap();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "start" => self.start(rest, 0),
            "start-at" => {
                let (at, input) = rest.split_once(' ').unwrap();
                self.start(input, at.parse().unwrap());
            }
            "clock" => self.clock(rest.trim_start_matches('+').parse().unwrap()),
            "cancel" => self.command(Command::Cancel(CancelRequested {
                reason: "test".into(),
                skip_compensation: rest == "none",
            })),
            "decide" => self.answer("ann", rest),
            "answer" => {
                let (who, rest) = rest.split_once(' ').unwrap();
                self.answer(who, rest);
            }
            "delegate" => self.delegate(rest),
            "signal" => self.signal(rest),
            "step" => self.overrule(rest),
            "event" => self.event(rest),
            "too-many" => self.refuse_waits(),
            "retry" => self.command(Command::Retry(held(rest))),
            "restore" => self.restore(rest),
            "replay" => self.replay(rest),
            "migrate" => self.migrate(rest),
            "pause" => self.command(Command::Pause(held(rest))),
            "resume" => self.command(Command::Resume(held(rest))),
            "turn" => self.command(Command::TakeTurn),
            "no-turn" => self.command(Command::RefuseTurn),
            "child" => self.child(rest),
            "compensate" => self.command(Command::Compensate),
            "again" => {
                let (task, outcome) = self.last.clone().unwrap();
                self.command(Command::Result { task, outcome });
            }
            step => self.result(step, rest),
        }
    }

    fn start(&mut self, input: &str, start_at: i64) {
        self.begin(StartMessage {
            workflow: "w".into(),
            version: "1.0.0".into(),
            input: Some(payload(input)),
            start_at,
            ..StartMessage::default()
        });
    }

    fn begin(&mut self, message: StartMessage) {
        let id = Id::new(self.now, 7, 1);
        let mut context = Context {
            now: self.now,
            catalog: &self.catalog,
            plans: &mut self.plans,
            place: 1,
            entropy: &mut self.entropy,
            command_id: id,
            actor: "ann",
            cause: "api",
        };
        let (instance, decided) = engine::start(id, &message, &mut context).unwrap();
        self.instance = Some(instance);
        self.take(decided);
    }

    fn command(&mut self, command: Command) {
        let mut context = Context {
            now: self.now,
            catalog: &self.catalog,
            plans: &mut self.plans,
            place: 1,
            entropy: &mut self.entropy,
            command_id: Id::new(self.now, 7, 2),
            actor: &self.actor,
            cause: "test",
        };
        let instance = self.instance.as_mut().unwrap();
        match instance.decide(command, &mut context) {
            Ok(decided) => self.take(decided),
            Err(refusal) => writeln!(self.log, "refused: {refusal}").unwrap(),
        }
    }

    fn take(&mut self, decided: Decided) {
        let instance = self.instance.as_ref().unwrap();
        for record in &decided.records {
            let view = RecordView::new(record, instance);
            let step = view.step.map_or_else(String::new, |step| match view.lane {
                Some(lane) => format!(" {lane}/{step}"),
                None => format!(" {step}"),
            });
            writeln!(self.log, "{}{step}{}", view.kind, detail(record)).unwrap();
        }
        self.records.extend(decided.records);
        for effect in decided.effects {
            self.effect(effect);
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Dispatch(task) => {
                self.tasks.insert(task);
                let call = self.instance.as_ref().unwrap().call(task).unwrap();
                let action = call
                    .action()
                    .map(|action| format!("/{action}"))
                    .unwrap_or_default();
                let key = call.idempotency_key.split_once('/').unwrap().1.to_owned();
                let input = String::from_utf8(call.input.bytes().to_vec()).unwrap();
                let kept = call.plan.cache.as_ref();
                let kept = kept.map_or_else(String::new, |cache| format!(" kept as {}", cache.key));
                writeln!(
                    self.log,
                    "> call {}{action} {key} {input}{kept}",
                    call.adapter()
                )
                .unwrap();
            }
            Effect::Timer(timer) => {
                self.timers.insert(timer);
            }
            Effect::Send { to, body } => self.send(to, *body),
        }
    }

    fn send(&mut self, to: Id, body: MessageBody) {
        let text = match body {
            MessageBody::Start(start) => {
                let input = start.input.clone().unwrap_or_default();
                let text = format!("start {} {input:?}", start.workflow);
                self.child = Some((to, start));
                text
            }
            MessageBody::CancelChild(_) => "cancel child".to_owned(),
            MessageBody::CompensateChild(_) => "undo child".to_owned(),
            MessageBody::StartRefused(_) => "start refused".to_owned(),
            MessageBody::Emit(_)
            | MessageBody::WaitPlaced(_)
            | MessageBody::WaitWithdrawn(_)
            | MessageBody::EventOffered(_)
            | MessageBody::EventCame(_)
            | MessageBody::WaitRefused(_) => events::told(&body),
            MessageBody::ChildEnded(ended) => format!("tell parent {:?}", ended.how()),
            MessageBody::ChildCompensated(ended) => format!("tell parent undone {:?}", ended.how()),
            MessageBody::WindowOffered(offered) => format!("offer to {}", offered.workflow),
        };
        writeln!(self.log, "> {text}").unwrap();
    }

    /// Advances the time and fires what is due, one after the other.
    fn clock(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some(timer) = self
            .timers
            .first()
            .copied()
            .filter(|timer| timer.due_at <= until)
        {
            self.timers.remove(&timer);
            self.now = self.now.max(timer.due_at);
            self.command(Command::Timer(timer));
        }
        self.now = until;
    }

    /// `who` is a user with roles (`bob+finance`), or `link:N`; without a `+` the permission to
    /// decide is there.
    fn answer(&mut self, who: &str, rest: &str) {
        let (word, data) = rest.split_once(' ').unwrap_or((rest, ""));
        let (comment, data) = match data.split_once('{') {
            Some((comment, data)) => (comment.trim(), Some(payload(&format!("{{{data}")))),
            None => (data, None),
        };
        let authority = self.authority(who);
        let choice = Choice::of_word(word).unwrap_or_else(|| panic!("no choice {word}"));
        let answer = Answer {
            choice,
            comment: comment.to_owned(),
            data,
            authority,
        };
        let id = self.decision();
        self.command(Command::Decide { id, answer });
        self.actor = "ann".to_owned();
    }

    fn delegate(&mut self, rest: &str) {
        let (who, to) = rest.split_once(' ').unwrap();
        let by = self.authority(who);
        let (id, to, comment) = (self.decision(), to.to_owned(), String::new());
        self.command(Command::Delegate {
            id,
            to,
            comment,
            by,
        });
        self.actor = "ann".to_owned();
    }

    fn overrule(&mut self, rest: &str) {
        let mut words = rest.splitn(3, ' ');
        let (verb, step) = (words.next().unwrap(), words.next().unwrap());
        let more = words.next().unwrap_or("");
        let verb = match verb {
            "skip" => StepVerb::Skip,
            "complete" => StepVerb::Complete(payload(more)),
            "fail" => StepVerb::Fail(failure(more)),
            "retry" => StepVerb::Retry,
            other => panic!("no verb {other}"),
        };
        let (lane, step) = match step.rsplit_once('/') {
            Some((lane, step)) => (Some(lane.to_owned()), step),
            None => (None, step),
        };
        let order = StepOrder::plain(step, verb);
        self.command(Command::Step(StepOrder { lane, ..order }));
    }

    fn signal(&mut self, rest: &str) {
        let (name, data) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, key) = match name.split_once('#') {
            Some((name, key)) => (name, Some(key.to_owned())),
            None => (name, None),
        };
        let key = key.map(|key| SignalKey {
            key: key.into(),
            digest: data.to_owned().into(),
        });
        let (name, data) = (name.to_owned(), payload(data));
        self.command(Command::Signal(Signal { name, data, key }));
    }

    fn authority(&mut self, who: &str) -> Authority {
        if let Some(place) = who.strip_prefix("link:") {
            return Authority::Link(place.parse().unwrap());
        }
        let (user, roles) = who.split_once('+').unwrap_or((who, ""));
        self.actor = user.to_owned();
        let roles: Vec<String> = roles.split('+').map(str::to_owned).collect();
        Authority::Caller {
            may_decide: !who.contains('+'),
            roles,
        }
    }

    /// The oldest decision that waits, else the last that was made.
    fn decision(&self) -> Id {
        let instance = self.instance.as_ref().unwrap();
        let pending = instance
            .pending_decisions()
            .first()
            .map(|decision| decision.id.clone());
        let answered = instance
            .answered_decisions()
            .last()
            .map(|made| made.id.clone());
        Id::from_slice(&pending.or(answered).unwrap()).unwrap()
    }

    fn child(&mut self, rest: &str) {
        let (_, start) = self.child.clone().unwrap();
        let parent = start.parent.unwrap();
        let kind = if parent.undo {
            TaskKind::Undo
        } else {
            TaskKind::Run
        } as i32;
        let (generation, attempt) = (parent.generation, parent.attempt);
        let task = TaskKey {
            at: parent.at.unwrap(),
            kind,
            generation,
            attempt,
        };
        let (word, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let ended = |how: Ended| ChildEnded {
            task,
            how: how as i32,
            output: None,
            error: None,
        };
        match word {
            "ok" => self.command(Command::ChildEnded(ChildEnded {
                output: Some(payload(value)),
                ..ended(Ended::Completed)
            })),
            "fails" => self.command(Command::ChildEnded(ChildEnded {
                error: Some(failure(value)),
                ..ended(Ended::Failed)
            })),
            "cancelled" => self.command(Command::ChildEnded(ended(Ended::Cancelled))),
            "undone" => self.command(Command::ChildCompensated(ended(Ended::Compensated))),
            other => panic!("no child line {other}"),
        }
    }

    fn result(&mut self, step: &str, rest: &str) {
        let task = self.find_task(step);
        let (word, value) = rest.split_once(' ').unwrap_or((rest, ""));
        let (target, exchange) = (String::new(), String::new());
        let outcome = match word {
            "ok" | "kept" => TaskOutcome::Completed {
                output: payload(value),
                target,
                exchange,
                kept_by: (word == "kept").then(|| Id::new(1, 2, 3)),
            },
            "accepted" => {
                let ms: i64 = value.trim_start_matches('+').parse().unwrap();
                TaskOutcome::Accepted {
                    expires_at: self.now + ms,
                }
            }
            "fails" => {
                let (error, retry_after_ms) = (failure(value), None);
                TaskOutcome::Failed {
                    error,
                    retry_after_ms,
                    target,
                    exchange,
                }
            }
            other => panic!("no result {other}"),
        };
        if word != "accepted" {
            self.tasks.remove(&task);
        }
        self.last = Some((task, outcome.clone()));
        self.command(Command::Result { task, outcome });
    }

    /// The task that is out (or was accepted) for the step with this id or path.
    fn find_task(&self, step: &str) -> TaskKey {
        let instance = self.instance.as_ref().unwrap();
        let named = |task: &&TaskKey| {
            if step == "notice" || task.kind() == TaskKind::Notify {
                return step == "notice" && task.kind() == TaskKind::Notify;
            }
            let path = instance.path(instance.lane(task.at.lane).unwrap(), task.at);
            path == step || instance.step_name(task.at) == step
        };
        let found = self.tasks.iter().rev().find(named);
        *found.unwrap_or_else(|| panic!("{step} is not out; the log so far:\n{}", self.log))
    }

    /// A crash: what comes back from disk must be what lived.
    fn crash(&mut self) {
        let living = self.instance.take().unwrap();
        let violations = living.check();
        assert!(
            violations.is_empty(),
            "{violations:?}\nafter:\n{}",
            self.log
        );

        let workflow = |_: &str, _: &str| Some(Arc::clone(living.workflow()));
        let stored = living.snapshot();
        let restored = Instance::restore(&stored.head, &stored.chunks, workflow).unwrap();
        let mut folded =
            Instance::from_record(&self.records[0], Arc::clone(living.workflow())).unwrap();
        self.records[1..]
            .iter()
            .for_each(|record| folded.apply(record));
        folded.bind(workflow);
        assert_eq!(
            restored.snapshot(),
            living.snapshot(),
            "after:\n{}",
            self.log
        );
        assert_eq!(folded.snapshot(), living.snapshot(), "after:\n{}", self.log);

        let out = living.outstanding();
        let tasks: Vec<TaskKey> = self
            .tasks
            .iter()
            .copied()
            .filter(|task| living.call(*task).is_some())
            .collect();
        let set = living.outstanding().timers;
        let timers = self
            .timers
            .iter()
            .copied()
            .filter(|timer| set.contains(timer))
            .collect();
        assert_eq!(out, Outstanding { tasks, timers }, "after:\n{}", self.log);
        self.instance = Some(restored);
    }

    fn finish(&mut self) {
        let instance = self.instance.as_ref().unwrap();
        let output = instance.output().map(|output| format!(" {output:?}"));
        let error = instance
            .error()
            .map(|error| format!(" ({})", error.error_type));
        writeln!(
            self.log,
            "= {}{}{}",
            instance.status().as_str(),
            error.unwrap_or_default(),
            output.unwrap_or_default()
        )
        .unwrap();
    }
}

fn parsed(version: &str, text: &str) -> definition::Workflow {
    let yaml = format!("workflow:\n  name: w\n  version: {version}\n{text}");
    let parsed = definition::parse_workflow(&yaml);
    parsed.unwrap_or_else(|errors| panic!("{errors:#?}\n{yaml}"))
}

fn held(reason: &str) -> Held {
    let reason = reason.to_owned();
    Held { reason }
}

fn failure(text: &str) -> Failure {
    let mut words = text.split(' ');
    let error_type = words.next().unwrap().to_owned();
    let rest: Vec<&str> = words.collect();
    Failure {
        message: format!("{error_type} happened"),
        error_type,
        retryable: !rest.contains(&"permanent"),
        effect_unknown: rest.contains(&"unknown"),
        ..Failure::default()
    }
}

fn payload(text: &str) -> Payload {
    let text = if text.is_empty() { "null" } else { text };
    Payload::from_value(serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}")))
}

fn adapter(name: &str) -> AdapterSpec {
    AdapterSpec {
        name: name.into(),
        kind: "builtin".into(),
        default_action: None,
        retry: None,
        timeout_ms: None,
        concurrency: None,
        breaker: None,
        rate: None,
        actions: std::collections::BTreeMap::new(),
        settings: Arc::new(serde_json::json!({})),
    }
}

fn child_definition() -> definition::Workflow {
    let text = "workflow:\n  name: kid\n  version: 1.2.0\n  steps:\n    - { id: k, adapter: a }\n";
    definition::parse_workflow(text).unwrap()
}
