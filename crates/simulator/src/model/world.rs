//! Instances, the mail between them, and one clock.

use std::collections::{BTreeMap, VecDeque};

use definition::Catalog;
use engine::codec::RecordBatch;
use engine::record::{ChildEnded, Ended, Failure, MessageBody, StartMessage, TaskKey, TaskKind};
use engine::{Command, Context, Decided, Effect, Entropy, Id, Payload, Plans, Refusal};

use super::actor::Actor;
use crate::check::Intentions;
use crate::coverage::Coverage;
use crate::finding::{Finding, demand};
use crate::people;
use crate::random::Random;
use crate::workload::{VERSIONS, Workload, generate};

/// The world begins at this time, milliseconds since the epoch.
const BEGINNING: i64 = 1_767_225_600_000;
/// Everything has to be over after so many steps of calm.
const MOST_STEPS: usize = 60_000;

/// How a run of the model goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ModelPlan {
    /// Prints each step.
    pub talk: bool,
    /// Old results are handed in under the key of the newest attempt: a fault that must be found.
    pub(crate) old_results_taken: bool,
}

impl ModelPlan {
    /// A plain run that prints its steps or not.
    pub fn talking(talk: bool) -> Self {
        Self {
            talk,
            ..Self::default()
        }
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct ModelRun {
    /// What it has been through.
    pub coverage: Coverage,
    /// Of all records in order.
    pub digest: String,
    /// Decisions made.
    pub decisions: u64,
}

/// The instances of one run and what is under way between them.
pub(super) struct Model {
    pub(super) plan: ModelPlan,
    pub(super) random: Random,
    pub(super) workload: Workload,
    pub(super) catalog: Catalog,
    pub(super) now: i64,
    pub(super) actors: BTreeMap<Id, Actor>,
    pub(super) mail: BTreeMap<(Id, Id), VecDeque<MessageBody>>,
    pub(super) calm: bool,
    pub(super) coverage: Coverage,
    entropy: Entropy,
    plans: Plans,
    intentions: Intentions,
    digest: blake3::Hasher,
    decisions: u64,
}

/// Runs the model under a seed.
///
/// # Errors
/// With what must never be.
pub fn run(seed: u64, plan: ModelPlan) -> Result<ModelRun, Finding> {
    let mut model = Model::new(seed, plan)?;
    for _ in 0..model.random.between(1, 4) {
        model.start_one()?;
    }
    for _ in 0..model.random.between(20, 300) {
        model.step()?;
    }
    model.calm = true;
    for _ in 0..MOST_STEPS {
        if !model.step()? {
            return model.finish();
        }
    }
    Err(Finding(format!(
        "not over after {MOST_STEPS} steps of calm:\n{}",
        model.open()
    )))
}

impl Model {
    fn new(seed: u64, plan: ModelPlan) -> Result<Self, Finding> {
        let mut random = Random::new(seed);
        let workload = generate(&mut random.fork());
        let catalog = workload.catalog().map_err(|found| {
            let found: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
            Finding(format!("the workload does not compile: {found:?}"))
        })?;
        let entropy = Entropy::new(random.bits());
        if plan.talk {
            println!("{}", workload.text);
        }
        let (actors, mail, coverage, intentions, digest) = Default::default();
        Ok(Self {
            plan,
            random,
            workload,
            catalog,
            entropy,
            plans: Plans::default(),
            actors,
            mail,
            coverage,
            intentions,
            digest,
            now: BEGINNING,
            calm: false,
            decisions: 0,
        })
    }

    /// Starts an instance from outside.
    pub(super) fn start_one(&mut self) -> Result<(), Finding> {
        let workflow = self.random.pick(&self.workload.workflows).clone();
        let input = Payload::from_value(self.workload.input(&mut self.random));
        let message = StartMessage {
            workflow,
            version: (*self.random.pick(&VERSIONS)).to_owned(),
            input: Some(input),
            start_at: people::start_at(&mut self.random, self.now).unwrap_or_default(),
            ..StartMessage::default()
        };
        let slot = u16::try_from(self.random.between(0, 4095)).unwrap_or(0);
        let id = Id::new(self.now, slot, self.random.bits());
        self.start(id, &message)
    }

    /// Starts an instance, or tells its parent that it could not be started.
    pub(super) fn start(&mut self, id: Id, message: &StartMessage) -> Result<(), Finding> {
        demand(!self.actors.contains_key(&id), || {
            format!("{id} is started twice")
        })?;
        let mut context = context(
            &self.catalog,
            &mut self.plans,
            &mut self.entropy,
            self.now,
            "start",
        );
        match engine::start(id, message, &mut context) {
            Ok((instance, decided)) => {
                let actor = Actor::begin(instance, &decided.records, &mut self.coverage)?;
                self.actors.insert(id, actor);
                self.committed(id, &decided)
            }
            Err(refusal) => {
                self.talk(|| format!("{id} is refused: {refusal}"));
                self.tell_parent(id, message, &refusal);
                Ok(())
            }
        }
    }

    fn tell_parent(&mut self, id: Id, message: &StartMessage, refusal: &Refusal) {
        let Some(parent) = message.parent.as_ref().filter(|parent| !parent.detached) else {
            return;
        };
        let (Some(to), Some(at)) = (Id::from_slice(&parent.id), parent.at) else {
            return;
        };
        let kind = if parent.undo {
            TaskKind::Undo
        } else {
            TaskKind::Run
        } as i32;
        let task = TaskKey {
            at,
            kind,
            generation: parent.generation,
            attempt: parent.attempt,
        };
        let error = Failure {
            error_type: "child.refused".to_owned(),
            message: refusal.to_string(),
            ..Failure::default()
        };
        let ended = ChildEnded {
            task,
            how: Ended::Failed as i32,
            output: None,
            error: Some(error),
        };
        self.mail
            .entry((id, to))
            .or_default()
            .push_back(MessageBody::ChildEnded(ended));
    }

    /// Carries a command out; answers with how many records it wrote, none where it was refused.
    pub(super) fn decide(
        &mut self,
        id: Id,
        command: Command,
    ) -> Result<Result<Decided, Refusal>, Finding> {
        self.decide_as("", id, command)
    }

    /// The same by somebody who is known by this name.
    pub(super) fn decide_as(
        &mut self,
        who: &str,
        id: Id,
        command: Command,
    ) -> Result<Result<Decided, Refusal>, Finding> {
        self.decisions += 1;
        self.talk(|| format!("{id} {command:?}"));
        let Some(actor) = self.actors.get_mut(&id) else {
            return Ok(Err(Refusal::Stale("there is no such instance".into())));
        };
        let (seq, outstanding) = (actor.live.seq(), actor.live.outstanding());
        let mut context = context(
            &self.catalog,
            &mut self.plans,
            &mut self.entropy,
            self.now,
            "model",
        );
        context.actor = who;
        let decided = match actor.live.decide(command, &mut context) {
            Ok(decided) => decided,
            Err(refusal) => {
                let same = actor.live.seq() == seq && actor.live.outstanding() == outstanding;
                demand(same, || {
                    format!("{id}: a refusal changed the state: {refusal}")
                })?;
                return Ok(Err(refusal));
            }
        };
        let follow = decided.effects.is_empty() || !decided.records.is_empty();
        demand(follow, || {
            format!("{id}: {:?} follow from no record", decided.effects)
        })?;
        for record in &decided.records {
            actor.history.add(record, &mut self.coverage)?;
            actor.history.bind(&self.catalog);
        }
        actor.history.check_bound(decided.records.len())?;
        self.committed(id, &decided)?;
        Ok(Ok(decided))
    }

    fn committed(&mut self, id: Id, decided: &Decided) -> Result<(), Finding> {
        let records = decided.records.iter().cloned();
        self.digest.update(RecordBatch::from_iter(records).bytes());
        let Some(actor) = self.actors.get_mut(&id) else {
            return Ok(());
        };
        actor.abandon(&decided.records);
        actor.take_effects(&decided.effects, &mut self.intentions)?;
        let whole = self.random.chance(10);
        actor.check(whole)?;
        for effect in &decided.effects {
            if let Effect::Send { to, body } = effect {
                self.mail
                    .entry((id, *to))
                    .or_default()
                    .push_back(MessageBody::clone(body));
            }
        }
        if self.plan.talk {
            for record in &decided.records {
                println!("    {} {:?}", record.seq, record.body);
            }
        }
        Ok(())
    }

    pub(super) fn talk(&self, line: impl FnOnce() -> String) {
        if self.plan.talk {
            println!("{} {}", self.now - BEGINNING, line());
        }
    }

    fn finish(mut self) -> Result<ModelRun, Finding> {
        for actor in self.actors.values_mut() {
            let id = actor.live.id();
            demand(!actor.live.status().is_open(), || {
                format!("{id} never ends: {:?}", actor.live.waiting_for(5))
            })?;
            actor.check_end()?;
            actor.recover(&self.catalog)?;
            self.coverage.hit(actor.live.status().as_str());
        }
        let digest = self.digest.finalize().to_hex().to_string();
        Ok(ModelRun {
            coverage: self.coverage,
            digest,
            decisions: self.decisions,
        })
    }

    fn open(&self) -> String {
        let open = self
            .actors
            .values()
            .filter(|actor| actor.live.status().is_open());
        let lines =
            open.map(|actor| format!("{}: {:?}", actor.live.id(), actor.live.waiting_for(3)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn context<'a>(
    catalog: &'a Catalog,
    plans: &'a mut Plans,
    entropy: &'a mut Entropy,
    now: i64,
    cause: &'a str,
) -> Context<'a> {
    let command_id = Id::new(now, 0, entropy.next_u64());
    Context {
        now,
        catalog,
        plans,
        place: 1,
        entropy,
        command_id,
        actor: "",
        cause,
    }
}
