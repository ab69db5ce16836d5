//! One step of the model: one of the things that may happen next.

use engine::record::{Body, CancelRequested, Choice, Held, MessageBody, TaskKey, TaskKind};
use engine::{Answer, Command, Id, Refusal, TaskOutcome, TimerKey, TimerKind, Turn};

use super::answers::{failure, kept, success};
use super::world::Model;
use crate::finding::{Finding, demand};
use crate::people;

/// How long a callback is waited for, in milliseconds.
const PATIENCE_MS: i64 = 20_000;

/// The weights of what may happen: in the storm, and in the calm after it.
const STORM: [u64; 13] = [60, 8, 8, 30, 25, 3, 10, 8, 2, 8, 6, 20, 5];
const CALM: [u64; 13] = [60, 0, 20, 30, 25, 0, 20, 2, 0, 20, 20, 20, 0];

impl Model {
    /// Lets one thing happen; false when nothing can any more.
    pub(super) fn step(&mut self) -> Result<bool, Finding> {
        let table = if self.calm { CALM } else { STORM };
        let first = self.random.weighted(&table);
        for offset in 0..table.len() {
            let kind = (first + offset) % table.len();
            if table[kind] > 0 && self.happen(kind)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn happen(&mut self, kind: usize) -> Result<bool, Finding> {
        match kind {
            0 => self.answer_task(),
            1 => self.answer_again(),
            2 => self.call_back(),
            3 => self.deliver(),
            4 => self.fire_timer(),
            5 => self.cancel(),
            6 => self.decide_decision(),
            7 => self.crash(),
            9 => self.signal(),
            10 => self.hold(),
            11 => self.give_turn(),
            12 => self.act_on_the_past(),
            _ => self.start_one().map(|()| true),
        }
    }

    /// An instance for which there is something of a kind.
    pub(super) fn pick_actor(
        &mut self,
        wanted: impl Fn(&super::actor::Actor) -> bool,
    ) -> Option<Id> {
        let ids: Vec<Id> = self
            .actors
            .iter()
            .filter(|(_, actor)| wanted(actor))
            .map(|(id, _)| *id)
            .collect();
        (!ids.is_empty()).then(|| *self.random.pick(&ids))
    }

    /// One that waits for its turn has it, or is told that there is no room.
    fn give_turn(&mut self) -> Result<bool, Finding> {
        let waits = |actor: &super::actor::Actor| actor.live.turn() == Some(Turn::Waiting);
        let Some(id) = self.pick_actor(waits) else {
            return Ok(false);
        };
        let refused = !self.calm && self.random.chance(15);
        let command = if refused {
            Command::RefuseTurn
        } else {
            Command::TakeTurn
        };
        let decided = self.decide(id, command)?;
        demand(decided.is_ok(), || {
            format!("{id} does not take its turn: {:?}", decided.as_ref().err())
        })?;
        Ok(true)
    }

    fn answer_task(&mut self) -> Result<bool, Finding> {
        let Some(id) = self.pick_actor(|actor| !actor.tasks.is_empty()) else {
            return Ok(false);
        };
        let tasks: Vec<TaskKey> = self.actors[&id].tasks.iter().copied().collect();
        let task = *self.random.pick(&tasks);
        let asks = self.actors[&id].live.cache_of(task).is_some();
        let outcome = match self.random.between(0, 9) {
            0..=2 if asks => kept(&mut self.random),
            0..=4 => success(&mut self.random),
            5 | 6 => TaskOutcome::Accepted {
                expires_at: self.now + PATIENCE_MS,
            },
            _ if self.calm => success(&mut self.random),
            _ => failure(&mut self.random),
        };
        self.result(id, task, outcome, true)?;
        Ok(true)
    }

    /// A call that is over is answered once more.
    fn answer_again(&mut self) -> Result<bool, Finding> {
        let Some(id) = self.pick_actor(|actor| !actor.spent.is_empty()) else {
            return Ok(false);
        };
        let old = *self.random.pick(&self.actors[&id].spent);
        let outcome = if self.random.chance(50) {
            success(&mut self.random)
        } else {
            failure(&mut self.random)
        };
        let newest = self.actors[&id]
            .tasks
            .iter()
            .find(|task| task.at == old.at)
            .copied();
        match newest.filter(|_| self.plan.old_results_taken) {
            Some(newest) => self.result(id, newest, outcome, false)?,
            None => self.result(id, old, outcome, false)?,
        }
        Ok(true)
    }

    fn call_back(&mut self) -> Result<bool, Finding> {
        let Some(id) = self.pick_actor(|actor| !actor.accepted.is_empty()) else {
            return Ok(false);
        };
        let accepted: Vec<TaskKey> = self.actors[&id].accepted.iter().copied().collect();
        let task = *self.random.pick(&accepted);
        let good = self.calm || self.random.chance(60);
        let outcome = if good {
            success(&mut self.random)
        } else {
            failure(&mut self.random)
        };
        // It may have been given up since.
        self.deliver_result(id, task, outcome, None)?;
        Ok(true)
    }

    /// Hands a result in that must (or must not) be taken.
    fn result(
        &mut self,
        id: Id,
        task: TaskKey,
        outcome: TaskOutcome,
        fits: bool,
    ) -> Result<(), Finding> {
        let out = self.actors[&id].live.outstanding().tasks;
        // Of a notice whose decision is over meanwhile, nobody takes the result.
        let noticed = task.kind == TaskKind::Notify as i32 && !out.contains(&task);
        self.deliver_result(id, task, outcome, (!noticed).then_some(fits))
    }

    fn deliver_result(
        &mut self,
        id: Id,
        task: TaskKey,
        outcome: TaskOutcome,
        fits: Option<bool>,
    ) -> Result<(), Finding> {
        let Some(actor) = self.actors.get_mut(&id) else {
            return Ok(());
        };
        let before = actor.live.outstanding();
        let accepted = matches!(outcome, TaskOutcome::Accepted { .. });
        if fits != Some(false) {
            actor.tasks.remove(&task);
            actor.accepted.remove(&task);
            if accepted {
                actor.accepted.insert(task);
            } else {
                actor.spent.push(task);
            }
        }
        let decided = self.decide(id, Command::Result { task, outcome })?;
        let decided =
            decided.map_err(|refusal| Finding(format!("{id}: a result was refused: {refusal}")))?;
        let ignored = matches!(
            decided
                .records
                .first()
                .and_then(|record| record.body.as_ref()),
            Some(Body::ResultIgnored(_))
        );
        demand(fits.is_none_or(|fits| fits != ignored), || {
            format!(
                "{id}: the result of {task:?} was {}",
                if ignored { "ignored" } else { "taken" }
            )
        })?;
        if ignored {
            let alone = decided.records.len() == 1 && decided.effects.is_empty();
            let same = self.actors[&id].live.outstanding() == before;
            // A decision that was cut, or a loop whose next lane is due, goes on with whatever comes next.
            let due = before.timers.iter().any(|timer| timer.due_at <= self.now);
            demand(due || (alone && same), || {
                format!("{id}: a late result of {task:?} changed something")
            })?;
        }
        Ok(())
    }

    /// The next message of one sender to one receiver.
    fn deliver(&mut self) -> Result<bool, Finding> {
        let pairs: Vec<(Id, Id)> = self.mail.keys().copied().collect();
        if pairs.is_empty() {
            return Ok(false);
        }
        let pair = *self.random.pick(&pairs);
        let Some(queue) = self.mail.get_mut(&pair) else {
            return Ok(false);
        };
        let message = queue.pop_front();
        if queue.is_empty() {
            self.mail.remove(&pair);
        }
        let to = pair.1;
        let command = match message {
            None => return Ok(false),
            Some(MessageBody::Start(message)) => return self.start(to, &message).map(|()| true),
            Some(MessageBody::ChildEnded(ended)) => Command::ChildEnded(ended),
            Some(MessageBody::ChildCompensated(ended)) => Command::ChildCompensated(ended),
            Some(MessageBody::CancelChild(request)) => Command::Cancel(request),
            Some(MessageBody::CompensateChild(_)) => Command::Compensate,
            Some(MessageBody::EventCame(came)) => Command::Event(came),
            Some(MessageBody::WaitRefused(refused)) => Command::WaitRefused(refused),
            // Nothing is started under a key here, and events have no slots.
            Some(
                MessageBody::StartRefused(_)
                | MessageBody::WindowOffered(_)
                | MessageBody::Emit(_)
                | MessageBody::EventOffered(_)
                | MessageBody::WaitPlaced(_)
                | MessageBody::WaitWithdrawn(_),
            ) => return Ok(true),
        };
        let undo = matches!(command, Command::Compensate);
        let decided = self.decide(to, command)?;
        demand(!undo || decided.is_ok(), || {
            format!("{to} does not undo itself: {:?}", decided.as_ref().err())
        })?;
        Ok(true)
    }

    /// A timer that is due, or the next one: time goes on to it.
    fn fire_timer(&mut self) -> Result<bool, Finding> {
        let now = self.now;
        let mut due: Vec<(TimerKey, Id)> = Vec::new();
        for (id, actor) in &self.actors {
            due.extend(actor.timers.iter().map(|timer| (*timer, *id)));
        }
        due.sort_unstable();
        let ready = due
            .iter()
            .take_while(|(timer, _)| timer.due_at <= now)
            .count();
        if due.is_empty() {
            return Ok(false);
        }
        let (timer, id) = due[self.random.index(ready.max(1))];
        self.now = now.max(timer.due_at);
        let Some(actor) = self.actors.get_mut(&id) else {
            return Ok(false);
        };
        actor.timers.remove(&timer);
        let waited_for = actor.live.outstanding().timers.contains(&timer);
        let command = if timer.kind == TimerKind::Continue {
            Command::Continue
        } else {
            Command::Timer(timer)
        };
        let decided = self.decide(id, command)?;
        demand(decided.is_ok() == waited_for, || {
            format!("{id}: {timer:?} came to {:?}", decided.as_ref().err())
        })?;
        Ok(true)
    }

    fn cancel(&mut self) -> Result<bool, Finding> {
        let Some(id) = self.pick_actor(|actor| actor.live.status().is_open()) else {
            return Ok(false);
        };
        let request = CancelRequested {
            reason: "simulated".to_owned(),
            skip_compensation: self.random.chance(20),
        };
        self.decide(id, Command::Cancel(request))?.ok();
        Ok(true)
    }

    /// Someone holds an instance, or lets one go on; the latter alone in the calm.
    fn hold(&mut self) -> Result<bool, Finding> {
        let paused = |actor: &super::actor::Actor| actor.live.pause().is_some();
        let held = self.pick_actor(paused);
        let (id, command) = match held {
            Some(id) if self.calm || self.random.chance(60) => {
                (id, Command::Resume(Held::default()))
            }
            _ if self.calm => return Ok(false),
            _ => match self.pick_actor(|actor| actor.live.status().is_open()) {
                Some(id) => (id, Command::Pause(Held::default())),
                None => return Ok(false),
            },
        };
        let before = self.actors[&id].live.pause().is_some();
        let asked = matches!(command, Command::Pause(_));
        let decided = self.decide(id, command)?;
        let records = decided.as_ref().map_or(0, |decided| decided.records.len());
        let idle = before == asked;
        demand(decided.is_ok() && (records == 0) == idle, || {
            format!(
                "{id}: holding it came to {records} records: {:?}",
                decided.err()
            )
        })?;
        Ok(true)
    }

    /// Someone sends a signal: in the calm only one that is waited for.
    fn signal(&mut self) -> Result<bool, Finding> {
        let calm = self.calm;
        let wanted = |actor: &super::actor::Actor| match calm {
            true => !actor.live.signal_waits().is_empty(),
            false => true,
        };
        let Some(id) = self.pick_actor(wanted) else {
            return Ok(false);
        };
        let live = &self.actors[&id].live;
        let signal = people::signal(live, &mut self.random);
        let (open, waits) = (live.status().is_open(), live.signal_waits().len());
        let repeated = signal.key.is_some() && self.random.chance(30);
        let again = signal.clone();
        let first = self.decide(id, Command::Signal(signal))?;
        let fits = |refusal: &Refusal| match refusal {
            Refusal::Ended(_) => !open,
            Refusal::TooManySignals { .. } => waits == 0 || open,
            _ => false,
        };
        demand(first.as_ref().err().is_none_or(fits), || {
            format!("{id}: a signal was refused: {:?}", first.as_ref().err())
        })?;
        if first.is_ok() && repeated {
            let second = self.decide(id, Command::Signal(again))?;
            demand(matches!(second, Err(Refusal::SignalRepeated)), || {
                format!("{id}: a repeated signal came to {second:?}")
            })?;
        }
        Ok(true)
    }

    fn decide_decision(&mut self) -> Result<bool, Finding> {
        let Some(id) = self.pick_actor(|actor| !actor.live.pending_decisions().is_empty()) else {
            return Ok(false);
        };
        let pending = self
            .random
            .pick(self.actors[&id].live.pending_decisions())
            .clone();
        let decision = Id::from_slice(&pending.id).unwrap_or_default();
        let live = &self.actors[&id].live;
        let answer = people::answer(live, &pending, &mut self.random, self.calm);
        let command = |answer| Command::Decide {
            id: decision,
            answer,
        };
        let first = self.decide_as(&people::person(&pending), id, command(answer))?;
        let fits = |refusal: &Refusal| {
            matches!(
                refusal,
                Refusal::ChoiceNotOffered(_)
                    // Its lane is about to close; that it does, the end of the run shows.
                    | Refusal::Stale(_)
                    | Refusal::DecisionExpired
                    | Refusal::Data(_)
                    | Refusal::Paused
            )
        };
        let offered = first.as_ref().err().is_none_or(fits);
        demand(offered, || {
            format!("{id}: an answer was refused: {:?}", first.as_ref().err())
        })?;
        let pending = self.actors[&id].live.pending_decisions();
        let made = first.is_ok() && pending.iter().all(|one| one.id != decision.bytes()[..]);
        if made && self.random.chance(30) {
            let second = self.decide(id, command(Answer::plain(Choice::Fail)))?;
            let told = matches!(second, Err(Refusal::AlreadyDecided(_)));
            demand(told, || format!("{id}: a second answer came to {second:?}"))?;
        }
        Ok(true)
    }

    /// An instance is lost and comes back; before or after that its state may be written.
    fn crash(&mut self) -> Result<bool, Finding> {
        if self.calm && !self.random.chance(5) {
            return Ok(false);
        }
        let Some(id) = self.pick_actor(|_| true) else {
            return Ok(false);
        };
        let write = self.random.chance(50);
        let Some(actor) = self.actors.get_mut(&id) else {
            return Ok(false);
        };
        actor.recover(&self.catalog)?;
        if write {
            actor.store();
        }
        Ok(true)
    }
}
