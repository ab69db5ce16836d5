//! What is durable, folded as it becomes so: whatever the runtime shows is held against this.

mod open;

use std::collections::{BTreeMap, BTreeSet};

use adapter::Call;
use bytes::Bytes;
use definition::Catalog;
use engine::codec::decode_batch;
use engine::record::{
    Body, KeyTaken, MessageSent, MessageTaken, OperationTaken, OperationWorked, Record, SlotBody,
    TaskKey, TaskKind,
};
use engine::{Id, Instance, StepStatus};
use store::{Append, PartitionId, Position};

use crate::check::{Events, History, Intentions, Ledger, Outputs, Rates, Turns, same_state};
use crate::coverage::Coverage;
use crate::finding::{Finding, demand};

/// For so long a node may keep what it may begin by an adapter's rate, in milliseconds.
const TOKENS_MS: i64 = 1_000;

/// The messages of one pair of slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks {
    sent: u64,
    taken: u64,
    acknowledged: u64,
}

/// A call that was made.
#[derive(Clone, Debug)]
struct Made {
    id: Id,
    task: TaskKey,
    key: String,
}

/// Everything durable, and everything found.
pub(super) struct Truth {
    pub(super) histories: BTreeMap<Id, History>,
    pub(super) coverage: Coverage,
    pub(super) finding: Option<Finding>,
    pub(super) digest: blake3::Hasher,
    /// Instances whose start was answered.
    pub(super) answered: Vec<Id>,
    /// The number of the last step of each operation.
    steps: BTreeMap<Bytes, u64>,
    /// By window: its last fact.
    windows: BTreeMap<Bytes, u64>,
    /// Operations that were answered.
    pub(super) operations: Vec<Id>,
    /// Idempotency keys of starts, and what they stand for.
    keys: BTreeMap<String, Id>,
    catalog: Catalog,
    heads: BTreeMap<PartitionId, Position>,
    pairs: BTreeMap<(u32, u32), Marks>,
    /// The number of the last decision of each slot.
    chains: BTreeMap<u32, u64>,
    pub(super) ledger: Ledger,
    /// How far each instance was when it was shown to somebody.
    seen: BTreeMap<Id, u64>,
    /// Streams of one instance that somebody follows.
    pub(super) streams: BTreeMap<u64, Followed>,
    intentions: Intentions,
    made: Vec<Made>,
    /// Tasks that are out, with their keys.
    out: BTreeMap<Id, BTreeMap<TaskKey, String>>,
    /// Tasks that were out, and until when.
    gone: BTreeMap<(Id, TaskKey), (String, i64)>,
    /// Calls of each process.
    called: BTreeSet<(u64, Id, TaskKey)>,
    /// Keys whose effect has happened.
    pub(super) effects: BTreeMap<String, u64>,
    limits: Limits,
    rates: Rates,
    turns: Turns,
    outputs: Outputs,
    events: Events,
    talk: bool,
}

/// What a run is held to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Of the store.
    pub(super) partitions: u16,
    /// Commands of one batch.
    pub(super) batch_commands: usize,
    /// A call may already be on its way when a callback answers it, or wait with a node that does
    /// not know that it is another's by now: for so long, in milliseconds.
    pub(super) on_its_way_ms: i64,
    /// A process may make a call again: it lost the partition meanwhile, and has it again.
    pub(super) calls_repeat: bool,
}

/// A stream of one instance as its follower has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    /// The instance.
    pub(super) id: Id,
    /// The process that gives it.
    pub(super) process: u64,
    /// Records that came.
    pub(super) got: u64,
}

impl Truth {
    pub(super) fn new(catalog: Catalog, limits: Limits, talk: bool) -> Self {
        Self {
            catalog,
            limits,
            rates: Rates::default(),
            turns: Turns::default(),
            outputs: Outputs::default(),
            events: Events::default(),
            talk,
            histories: BTreeMap::new(),
            coverage: Coverage::default(),
            finding: None,
            digest: blake3::Hasher::new(),
            answered: Vec::new(),
            operations: Vec::new(),
            steps: BTreeMap::new(),
            windows: BTreeMap::new(),
            keys: BTreeMap::new(),
            heads: BTreeMap::new(),
            pairs: BTreeMap::new(),
            chains: BTreeMap::new(),
            ledger: Ledger::default(),
            seen: BTreeMap::new(),
            streams: BTreeMap::new(),
            intentions: Intentions::default(),
            made: Vec::new(),
            out: BTreeMap::new(),
            gone: BTreeMap::new(),
            called: BTreeSet::new(),
            effects: BTreeMap::new(),
        }
    }

    /// Adds a line to the run's log.
    pub(super) fn line(&mut self, now: i64, line: impl FnOnce() -> String) {
        let line = format!("{now} {}", line());
        self.digest.update(line.as_bytes());
        if self.talk {
            println!("{line}");
        }
    }

    /// A batch became durable.
    pub(super) fn committed(&mut self, now: i64, append: &Append) -> Result<(), Finding> {
        self.digest.update(&append.body);
        let read = decode_batch(&append.body);
        let (header, records) = read.map_err(|error| Finding(error.to_string()))?;
        let partition = append.partition;
        let head = self.heads.entry(partition).or_default();
        demand(header.position == *head + 1, || {
            format!("{partition:?}: position {} follows {head}", header.position)
        })?;
        *head = header.position;
        let position = header.position;
        self.line(now, || {
            format!("{partition:?} at {position}: {} records", records.len())
        });
        let commands = records
            .iter()
            .filter(|record| record.seq > 0 && record.origin.is_some())
            .count();
        let bound = self.limits.batch_commands;
        demand(commands <= bound, || {
            format!("{partition:?}: a batch of {commands} commands, where {bound} may be")
        })?;
        let mut touched = BTreeSet::new();
        let mut decision: BTreeMap<Id, usize> = BTreeMap::new();
        for record in records.iter() {
            touched.extend(self.fold(record, &mut decision)?);
        }
        for id in touched {
            self.histories[&id].check()?;
            self.note_out(id, now)?;
        }
        Ok(())
    }

    fn note_out(&mut self, id: Id, now: i64) -> Result<(), Finding> {
        let fold = &self.histories[&id].fold;
        let keyed = |task: TaskKey| Some((task, fold.call(task)?.idempotency_key));
        let out: BTreeMap<TaskKey, String> = fold
            .outstanding()
            .tasks
            .into_iter()
            .filter_map(keyed)
            .collect();
        for (task, key) in &out {
            self.intentions.note(fold, *task, key)?;
        }
        let before = self.out.insert(id, out.clone()).unwrap_or_default();
        let gone = before
            .into_iter()
            .filter(|(task, _)| !out.contains_key(task));
        self.gone
            .extend(gone.map(|(task, key)| ((id, task), (key, now))));
        Ok(())
    }

    fn fold(
        &mut self,
        record: &Record,
        decision: &mut BTreeMap<Id, usize>,
    ) -> Result<Option<Id>, Finding> {
        match &record.body {
            Some(Body::Slot(fact)) => {
                if let Some(fact) = &fact.body {
                    self.fact(fact)?;
                }
                return Ok(None);
            }
            Some(Body::OwnerOpened(_) | Body::CatalogChanged(_) | Body::InstanceDeleted(_))
            | None => {
                self.coverage.record(record);
                return Ok(None);
            }
            Some(_) => {}
        }
        let id = record.entity;
        if id.is_nil() {
            return Err(Finding("a record without an instance".to_owned()));
        }
        self.tell(record, id);
        if let Some(Body::InstanceStarted(started)) = &record.body {
            let version = started.version.parse().ok();
            let workflow = self.catalog.workflow(&started.workflow, version.as_ref());
            let workflow = workflow
                .cloned()
                .ok_or_else(|| Finding(format!("{id} runs an unknown workflow")))?;
            let history = History::begin(record, workflow, &mut self.coverage)?;
            let before = self.histories.insert(id, history);
            demand(before.is_none(), || format!("{id} is started twice"))?;
        } else {
            self.check_origin(record, id)?;
            let history = self.histories.get_mut(&id);
            let history =
                history.ok_or_else(|| Finding(format!("{id} has a record, but never started")))?;
            history.add(record, &mut self.coverage)?;
            history.bind(&self.catalog);
        }
        self.turns.note(record, &self.histories[&id].fold)?;
        self.events.note(record)?;
        let count = decision.entry(id).or_default();
        *count = if record.origin.is_none() {
            *count + 1
        } else {
            1
        };
        self.histories[&id].check_bound(*count)?;
        Ok(Some(id))
    }

    fn tell(&self, record: &Record, id: Id) {
        if let (true, Some(body)) = (self.talk, &record.body) {
            let kind = engine::view::record_type(body);
            println!("    {id} {} {kind} {body:?}", record.seq);
        }
    }

    /// A name stands for one thing only.
    fn name(&mut self, key: &str, id: &[u8]) -> Result<(), Finding> {
        let id = Id::from_slice(id).unwrap_or_default();
        self.coverage.hit("key taken");
        let known = *self.keys.entry(key.to_owned()).or_insert(id);
        demand(known == id, || {
            format!("the key {key} stands for {known} and for {id}")
        })
    }

    /// An operation takes one step after the other.
    fn went_on(&mut self, id: &Bytes, step: u64) -> Result<(), Finding> {
        let last = self.steps.entry(id.clone()).or_default();
        *last += 1;
        let expected = *last;
        self.coverage.hit("operation went on");
        demand(step == expected, || {
            format!("step {step} of an operation, but {expected} is the next")
        })
    }

    fn sent(&mut self, message: &MessageSent) -> Result<(), Finding> {
        let pair = (message.from_slot, message.to_slot);
        let marks = self.pairs.entry(pair).or_default();
        marks.sent += 1;
        let (expected, number) = (marks.sent, message.number);
        self.coverage.hit("message sent");
        demand(number == expected, || {
            format!("message {number} was sent, but {expected} is the next")
        })
    }

    /// A window takes one step after the other.
    fn window(&mut self, id: &Bytes, number: u64) -> Result<(), Finding> {
        let last = self.windows.entry(id.clone()).or_default();
        *last += 1;
        let expected = *last;
        self.coverage.hit("window went on");
        demand(number == expected, || {
            format!("step {number} of a window, but {expected} is the next")
        })
    }

    fn fact(&mut self, fact: &SlotBody) -> Result<(), Finding> {
        match fact {
            SlotBody::KeyTaken(KeyTaken { key, id, .. }) => self.name(key, id),
            SlotBody::EventTaken(_)
            | SlotBody::EventOffered(_)
            | SlotBody::EventRefused(_)
            | SlotBody::WaitPlaced(_)
            | SlotBody::WaitWithdrawn(_) => self.event_fact(fact),
            SlotBody::WindowTook(took) => self.window(&took.window, took.number),
            SlotBody::WindowReleased(released) => self.window(&released.window, released.number),
            SlotBody::WindowClosed(closed) => self.window(&closed.window, closed.number),
            SlotBody::KeyReleased(released) => {
                self.keys.remove(&released.key);
                Ok(())
            }
            SlotBody::MessageSent(message) => self.sent(message),
            SlotBody::DecisionChained(link) => {
                let last = self.chains.entry(link.slot).or_default();
                *last += 1;
                let (expected, number) = (*last, link.number);
                self.coverage.hit("decision chained");
                demand(number == expected, || {
                    format!("decision {number} was chained, but {expected} is the next")
                })
            }
            SlotBody::OperationTaken(OperationTaken { id, step, .. })
            | SlotBody::OperationWorked(OperationWorked { id, step, .. }) => {
                self.went_on(id, *step)
            }
            SlotBody::OutputKept(kept) => {
                self.outputs.note(kept);
                self.coverage.hit("output kept");
                Ok(())
            }
            SlotBody::OperationMade(_)
            | SlotBody::OperationTurned(_)
            | SlotBody::ScheduleTicked(_)
            | SlotBody::ScheduleTurned(_)
            | SlotBody::DeadLetterSettled(_) => Ok(()),
            SlotBody::MessageTaken(taken) => {
                let marks = self.marks(taken);
                marks.taken += 1;
                let (marks, number) = (*marks, taken.number);
                self.coverage.hit("message taken");
                let well = number == marks.taken && number <= marks.sent;
                demand(well, || {
                    format!("message {number} was taken, where {marks:?}")
                })
            }
            SlotBody::MessageAcknowledged(taken) => {
                let marks = self.marks(taken);
                let rises = taken.number > marks.acknowledged && taken.number <= marks.taken;
                marks.acknowledged = taken.number;
                let marks = *marks;
                self.coverage.hit("message acknowledged");
                demand(rises, || {
                    format!("{taken:?} was acknowledged, where {marks:?}")
                })
            }
        }
    }

    fn event_fact(&mut self, fact: &SlotBody) -> Result<(), Finding> {
        match fact {
            SlotBody::EventTaken(taken) => {
                self.coverage.hit("event taken");
                self.events.taken(taken)?;
                match taken.key.as_str() {
                    "" => Ok(()),
                    key => self.name(key, &taken.id),
                }
            }
            SlotBody::EventOffered(offered) => {
                self.coverage.hit("event offered");
                self.events.offered(offered)
            }
            _ => Ok(()),
        }
    }

    fn marks(&mut self, taken: &MessageTaken) -> &mut Marks {
        self.pairs
            .entry((taken.from_slot, taken.to_slot))
            .or_default()
    }

    /// A step's output must come from a call of the attempt that it completes.
    fn check_origin(&self, record: &Record, id: Id) -> Result<(), Finding> {
        let Some(Body::StepCompleted(body)) = &record.body else {
            return Ok(());
        };
        let step = self
            .histories
            .get(&id)
            .and_then(|history| history.fold.step(body.at));
        if !body.kept_by.is_empty() {
            let plan = step.and_then(|step| step.plan.as_deref());
            let cache = plan.and_then(|plan| plan.cache.as_ref());
            let late_ms = self.limits.on_its_way_ms;
            return self.outputs.check(cache, body, record.at, late_ms);
        }
        let called = |step: &&engine::StepState| {
            matches!(step.status(), StepStatus::Out | StepStatus::Accepted)
        };
        let (Some(step), Some(output)) = (step.filter(called), &body.output) else {
            return Ok(());
        };
        let number = output.value()["call"]
            .as_u64()
            .and_then(|number| usize::try_from(number).ok());
        let Some(made) = number.and_then(|number| self.made.get(number)) else {
            return Ok(());
        };
        let task = TaskKey {
            at: body.at,
            kind: TaskKind::Run as i32,
            generation: step.generation,
            attempt: step.attempt,
        };
        demand(made.id == id && made.task == task, || {
            format!("{id}: {task:?} took the result of {:?}", made.task)
        })?;
        demand(self.effects.contains_key(&made.key), || {
            format!("{id}: {task:?} completed without its effect")
        })
    }

    /// A call arrives at an adapter: answers its number.
    pub(super) fn called(&mut self, now: i64, process: u64, call: &Call) -> Result<usize, Finding> {
        let id: Id = call
            .instance_id
            .parse()
            .map_err(|error| Finding(format!("a call: {error}")))?;
        let early = || {
            Finding(format!(
                "{id}: the call {}#{} was made before it was durable",
                call.idempotency_key, call.attempt
            ))
        };
        let fold = &self.histories.get(&id).ok_or_else(early)?.fold;
        let is_it =
            |task: &TaskKey, key: &str| task.attempt == call.attempt && key == call.idempotency_key;
        let out = self.out.get(&id).into_iter().flatten();
        let out = out
            .filter(|(task, key)| is_it(task, key))
            .map(|(task, _)| *task)
            .next();
        let gone = || {
            let mut gone = self.gone.iter().filter(|((of, _), (_, until))| {
                *of == id && now - until <= self.limits.on_its_way_ms
            });
            gone.find(|((_, task), (key, _))| is_it(task, key))
                .map(|((_, task), _)| *task)
        };
        let task = out.or_else(gone).ok_or_else(early)?;
        let before_ms = self.limits.on_its_way_ms + TOKENS_MS;
        self.rates
            .note(&self.catalog, &call.adapter, now, before_ms)?;
        let once = self.called.insert((process, id, task));
        if !once && self.limits.calls_repeat {
            self.coverage.hit("cluster: a call made again");
        }
        demand(once || self.limits.calls_repeat, || {
            format!("{id}: {task:?} was handed to its adapter twice")
        })?;
        let correlation = &fold.header().started.correlation_id;
        demand(*correlation == call.correlation_id, || {
            format!("{id}: a call bears another correlation id")
        })?;
        self.made.push(Made {
            id,
            task,
            key: call.idempotency_key.clone(),
        });
        Ok(self.made.len() - 1)
    }

    /// How far an instance is; 0 if it has not begun.
    pub(super) fn durable(&self, id: Id) -> u64 {
        let history = self.histories.get(&id);
        history.map_or(0, |history| history.fold.seq())
    }

    /// How far an instance is known to be by somebody; 0 if nobody knows of it.
    pub(super) fn seen(&self, id: Id) -> u64 {
        self.seen.get(&id).copied().unwrap_or(0)
    }

    fn note_seen(&mut self, id: Id, seq: u64) {
        let seen = self.seen.entry(id).or_default();
        *seen = seq.max(*seen);
    }

    /// Whether an instance's records hold one of this kind.
    pub(super) fn holds(&self, id: Id, is_it: impl Fn(&Body) -> bool) -> bool {
        let records = self.histories.get(&id).map(|history| &history.records);
        let bodies = records
            .into_iter()
            .flatten()
            .filter_map(|record| record.body.as_ref());
        bodies.into_iter().any(is_it)
    }

    /// A state was shown to somebody.
    pub(super) fn shown(&mut self, instance: &Instance) -> Result<(), Finding> {
        let id = instance.id();
        self.note_seen(id, instance.seq());
        let history = self.histories.get(&id);
        let history =
            history.ok_or_else(|| Finding(format!("{id} was shown before it was durable")))?;
        let (shown, durable) = (instance.seq(), history.fold.seq());
        demand(shown <= durable, || {
            format!("{id} was shown at seq {shown}, but {durable} is durable")
        })?;
        if shown == durable {
            same_state(instance, &history.fold)
        } else {
            Ok(())
        }
    }

    /// Records were shown to somebody.
    pub(super) fn told(&mut self, id: Id, records: &[Record]) -> Result<(), Finding> {
        if let Some(last) = records.last() {
            self.note_seen(id, last.seq);
        }
        let history = self.histories.get(&id);
        let history =
            history.ok_or_else(|| Finding(format!("{id} was shown before it was durable")))?;
        for record in records {
            let place = usize::try_from(record.seq).unwrap_or(0).wrapping_sub(1);
            let same = history.records.get(place) == Some(record);
            demand(same, || {
                format!("{id}: record {} was shown as it never was", record.seq)
            })?;
        }
        Ok(())
    }

    /// A start was answered.
    pub(super) fn submitted(&mut self, key: Option<&str>, id: Id) -> Result<(), Finding> {
        self.answered.push(id);
        demand(self.histories.contains_key(&id), || {
            format!("the start of {id} was answered before it was durable")
        })?;
        let known = key.and_then(|key| self.keys.get(key));
        demand(key.is_none() || known == Some(&id), || {
            format!("the start with {key:?} was answered {id}, but stands for {known:?}")
        })
    }

    /// Each command stands at most once among an instance's records; a result that comes again is
    /// recorded as ignored.
    pub(super) fn check_commands(&self) -> Result<(), Finding> {
        for (id, history) in &self.histories {
            let mut seen = BTreeSet::new();
            for record in &history.records {
                let ignored = matches!(record.body, Some(Body::ResultIgnored(_)));
                let Some(origin) = record.origin.as_ref().filter(|_| !ignored) else {
                    continue;
                };
                let command = origin.command_id;
                demand(seen.insert(command), || {
                    format!("{id}: the command {command} was carried out twice")
                })?;
            }
        }
        Ok(())
    }
}
