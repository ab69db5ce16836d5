//! Work on one instance: decided on the state in memory, or kept until that is loaded.

use std::collections::VecDeque;
use std::sync::Arc;

use engine::record::{Body, DecisionChained, MessageSent, Record, SlotBody};
use engine::{Command, Context, Decided, Effect, Id, Instance, Refusal, TimerKey};
use store::StoreError;

use super::hot::Hot;
use super::load::{Loaded, load_instance};
use super::mailbox::{Internal, overloaded};
use super::task::Partition;
use super::work::{Carried, Reply, Work};
use crate::decision_log::resolved_in;
use crate::error::{CommandError, Unavailable};

/// Instances looked at when one more was loaded.
const EVICT_ON_LOAD: usize = 8;

/// A command and who sent it.
pub(super) struct Asked<'a> {
    pub(super) command: Command,
    /// Nil: it gets one.
    pub(super) command_id: Id,
    pub(super) actor: &'a str,
    pub(super) cause: &'a str,
}

impl Partition {
    /// Does the work, now or when the instance is loaded.
    pub(super) fn work(&mut self, id: Id, work: Work) {
        let now = self.shared.clock.now_ms();
        self.hot.forget_ended(id, self.projected, now);
        let Some(work) = self.work_in_memory(id, work) else {
            return;
        };
        let bound = self.shared.config.bounds.waiting_per_instance;
        match self.loading.get_mut(&id) {
            Some(waiting) if waiting.len() >= bound && work.is_refusable() => {
                work.refuse(id, overloaded().into());
            }
            Some(waiting) => waiting.push_back(work),
            None => self.load(id, work),
        }
    }

    /// Does the work if the instance is in memory or was deleted; else answers it back.
    fn work_in_memory(&mut self, id: Id, work: Work) -> Option<Work> {
        if let Some(position) = self.deleted.at(id) {
            self.work_on_deleted(id, position, work);
        } else if self.hot.contains(id) {
            self.work_on(id, work);
        } else {
            return Some(work);
        }
        None
    }

    fn load(&mut self, id: Id, work: Work) {
        self.loading.insert(id, VecDeque::from([work]));
        let (shared, index) = (Arc::clone(&self.shared), usize::from(self.index));
        self.shared.tasks.spawn(async move {
            crate::health::add(&shared.stats.loads, 1);
            let catalog = shared.catalog.current();
            let found = load_instance(shared.store.as_ref(), &catalog, id).await;
            let found = found.map(|found| found.map(Box::new));
            shared.ports[index].notify(Internal::Loaded { id, found });
        });
    }

    /// An absent instance was looked up: what waited for it is done.
    pub(super) fn on_loaded(&mut self, id: Id, found: Result<Option<Box<Loaded>>, StoreError>) {
        let waiting = self.loading.remove(&id).unwrap_or_default();
        let missing = match found {
            Ok(Some(loaded)) if !self.hot.contains(id) => {
                self.hot.insert(Arc::new(loaded.instance), 0, loaded.weight);
                CommandError::NotFound(id)
            }
            // Another node may own the partition by now, and know of it.
            Ok(None) if !self.shared.may_answer(self.index) => Unavailable::Closed.into(),
            Ok(_) => CommandError::NotFound(id),
            Err(error) => {
                self.shared
                    .fatal(format!("instance {id} could not be loaded: {error}"));
                Unavailable::from(error).into()
            }
        };
        for work in waiting {
            self.forming.commands += 1;
            if let Some(work) = self.work_in_memory(id, work) {
                self.work_without(id, work, missing.clone());
            }
        }
        // It may be deleted or purged; nobody would notice here.
        let only_read = |hot: &Hot| hot.position == 0 && hot.instance.ended_at().is_some();
        if self.hot.get(id).is_some_and(only_read) {
            self.hot.remove(id);
        }
        // What only reads brings no projection that would make room.
        self.evict(EVICT_ON_LOAD);
    }

    fn work_without(&mut self, id: Id, work: Work, missing: CommandError) {
        match work {
            Work::Message(message) => self.take_in_vain(*message),
            Work::AwaitStart(reply) => self.await_start(id, reply),
            // That it is missing must be known: it may only have been out of reach.
            Work::StartAgain(request) if matches!(missing, CommandError::NotFound(_)) => {
                self.start_and_answer(*request);
            }
            work => work.refuse(id, missing),
        }
    }

    fn work_on(&mut self, id: Id, work: Work) {
        match work {
            Work::Command {
                command,
                command_id,
                actor,
                cause,
                reply,
                letters,
            } => {
                let decided = self.decide(
                    id,
                    Asked {
                        command,
                        command_id,
                        actor: &actor,
                        cause: &cause,
                    },
                );
                if decided.is_ok() {
                    self.settle_with(&actor, letters);
                }
                self.answer(id, decided, reply);
            }
            Work::Message(message) => self.take_message(*message),
            Work::StartAgain(request) => self.answer_started(*request),
            Work::Read(reply) | Work::AwaitStart(reply) => self.answer_read(id, reply),
            Work::AwaitEnd(reply) => self.await_end(id, reply),
            Work::Watch { records, reply } => self.watch(id, records, reply),
            Work::Delete(asked) => self.delete(id, asked),
            Work::Queue(reply) => self.answer_queue(id, reply),
            Work::Timers { timers, reply } => {
                let lacks = |key: &TimerKey| self.timers.lacks(id, *key);
                let _gone = reply.send(timers.into_iter().filter(lacks).collect());
            }
            Work::Call(reply) => {
                drop(reply.send(self.hot.get(id).map(|hot| Arc::clone(&hot.instance))))
            }
        }
    }

    /// Decides a command on an instance in memory; answers whether it was a result that came too
    /// late to matter.
    pub(super) fn decide(&mut self, id: Id, asked: Asked<'_>) -> Result<bool, Refusal> {
        // The owner before may have had a faster clock, and its journal may be trimmed.
        let updated_at = self.hot.get(id).map(|hot| hot.instance.updated_at());
        self.last_at = self.last_at.max(updated_at.unwrap_or(0));
        let now = self.now();
        let catalog = self.shared.catalog.current();
        let own_id = Id::new(now, id.slot(), self.entropy.next_u64());
        let command_id = if asked.command_id.is_nil() {
            own_id
        } else {
            asked.command_id
        };
        self.expect_room_again(id, &asked.command)?;
        let position = self.forming_position();
        let Some(hot) = self.hot.get_mut(id) else {
            return Err(Refusal::Stale("the instance is not in memory".into()));
        };
        let before = (hot.touched_in != position).then(|| Arc::clone(&hot.instance));
        let mut context = Context {
            now,
            catalog: &catalog,
            plans: &mut self.plans,
            place: self.turns.next_place(),
            entropy: &mut self.entropy,
            command_id,
            actor: asked.actor,
            cause: asked.cause,
        };
        let decided = Arc::make_mut(&mut hot.instance).decide(asked.command, &mut context);
        match decided {
            Ok(decided) => {
                let ignored = |record: &Record| matches!(record.body, Some(Body::ResultIgnored(_)));
                let late = decided.records.iter().any(ignored);
                self.absorb(id, before, decided);
                Ok(late)
            }
            Err(refusal) => {
                // The copy that was made to decide on is given up again.
                if let (Some(before), Some(hot)) = (before, self.hot.get_mut(id)) {
                    hot.instance = before;
                }
                Err(refusal)
            }
        }
    }

    /// Takes a decision into the batch that forms; `before` is the state before the batch, if this
    /// is the first decision of it for an instance that existed.
    pub(super) fn absorb(&mut self, id: Id, before: Option<Arc<Instance>>, decided: Decided) {
        crate::health::add(&self.shared.stats.commands, 1);
        self.last_at = self.now();
        if decided.records.is_empty() {
            debug_assert!(decided.effects.is_empty(), "effects follow from records");
            return;
        }
        let links = self.links_of(id, &decided.records);
        let follows = self.follows_of(id, &decided.records);
        let Some(place) = self.absorb_records(id, before, decided.records) else {
            return;
        };
        self.note_turn(id);
        for link in links {
            self.record_fact("", SlotBody::DecisionChained(link));
        }
        for effect in decided.effects {
            match effect {
                Effect::Dispatch(task) => self.forming.free.tasks.push((place, task)),
                Effect::Timer(key) => self.forming.free.timers.push((id, key)),
                Effect::Send { to, body } => self.send(id, to, *body),
            }
        }
        for follow in follows {
            self.begin(id, follow);
        }
    }

    /// The links of the decisions that these records make, for the chain of the instance's slot.
    fn links_of(&self, id: Id, records: &[Record]) -> Vec<DecisionChained> {
        let Some(hot) = self.hot.get(id) else {
            return Vec::new();
        };
        // A decision of ours makes at most one of theirs, so the chain's end is that before it.
        let made = records.iter().filter_map(|record| {
            let resolved = resolved_in(record)?;
            Some(self.slots.chains.next(&hot.instance, record, resolved))
        });
        made.collect()
    }

    /// Answers the instance's place in the batch.
    fn absorb_records(
        &mut self,
        id: Id,
        before: Option<Arc<Instance>>,
        records: Vec<Record>,
    ) -> Option<usize> {
        let position = self.forming_position();
        let ended = records
            .iter()
            .any(|record| matches!(record.body, Some(Body::InstanceEnded(_))));
        let hot = self.hot.get_mut(id)?;
        if hot.touched_in != position {
            hot.touched_in = position;
            hot.touched = self.forming.touch(id, before);
        }
        let place = hot.touched;
        let bytes = self.forming.add(place, records);
        self.hot.grew(id, position, bytes);
        if ended {
            self.hot.ended(id, position, self.last_at);
        }
        Some(place)
    }

    /// Adds a fact about slots to the batch that forms.
    pub(super) fn record_fact(&mut self, actor: &str, fact: SlotBody) {
        self.last_at = self.now();
        let changes = self.slots.apply(&fact, self.forming_position());
        self.forming.free.changes.extend(changes);
        if let SlotBody::MessageSent(message) = &fact {
            self.forming.free.messages.push(MessageSent::clone(message));
        }
        self.forming.add_fact(self.last_at, actor, fact);
    }

    fn answer(
        &mut self,
        id: Id,
        decided: Result<bool, Refusal>,
        reply: Option<Reply<Result<Carried, CommandError>>>,
    ) {
        let Some(hot) = self.hot.get(id) else { return };
        if let Err(refusal) = &decided {
            let correlation_id = &hot.instance.header().started.correlation_id;
            tracing::debug!(instance = %id, %correlation_id, %refusal, "a command was refused");
        }
        let Some(reply) = reply else { return };
        let instance = Arc::clone(&hot.instance);
        let answer = decided
            .map(|ignored| Carried { instance, ignored })
            .map_err(CommandError::Refused);
        let saw = hot.position;
        self.release_after(saw, move || drop(reply.send(answer)));
    }
}
