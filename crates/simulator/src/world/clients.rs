//! Those who ask the runtime for something, and repeat themselves when no answer comes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::record::{Body, CancelRequested, Held};
use engine::{Answer, Command, Id, MigrateOrder, Payload, Refusal, RestoreOrder, Signal};
use runtime::{
    CommandError, Consistency, Idempotency, Submit, SubmitError, Submitted, Unavailable,
};
use store::InstanceFilter;

use super::Planted;
use super::operate;
use super::surroundings::World;
use super::truth::{Followed, Truth};
use crate::finding::{Finding, demand};
use crate::people;
use crate::random::Random;
use crate::workload::VERSIONS;

/// What a client does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Start,
    Cancel,
    Decide,
    Signal,
    Hold,
    Past,
    Operate,
    Prove,
    Read,
    List,
    Follow,
}

const DEEDS: [Deed; 11] = [
    Deed::Start,
    Deed::Cancel,
    Deed::Decide,
    Deed::Signal,
    Deed::Hold,
    Deed::Past,
    Deed::Operate,
    Deed::Prove,
    Deed::Read,
    Deed::List,
    Deed::Follow,
];
const WEIGHTS: [u64; 11] = [45, 6, 20, 12, 8, 10, 6, 6, 12, 6, 6];
/// Where a planted fault shows to those who read.
const READERS: [u64; 11] = [30, 0, 10, 10, 0, 0, 0, 0, 50, 0, 0];

/// How often a command is sent that is not answered.
const TRIES: usize = 4;

/// Sends the clients of a run on their way, over so many milliseconds.
pub(super) fn send(world: &Arc<World>, random: &mut Random, over_ms: u64) {
    let readers = world.plan.planted == Some(Planted::StoppedClock);
    let weights = if readers { READERS } else { WEIGHTS };
    let most = if random.chance(10) || readers { 60 } else { 14 };
    // Sometimes all of them come at once.
    let over_ms = if random.chance(12) { 0 } else { over_ms };
    for number in 0..random.between(4, most) {
        let at_ms = if number == 0 {
            0
        } else {
            random.between(0, over_ms)
        };
        let deed = if number < 2 {
            Deed::Start
        } else {
            DEEDS[random.weighted(&weights)]
        };
        let (world, random) = (Arc::clone(world), random.fork());
        // Whoever follows an instance does so to the end of the process.
        let awaited = u64::from(!matches!(deed, Deed::Follow));
        world.clients.fetch_add(awaited, Ordering::Relaxed);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(at_ms)).await;
            let mut client = Client { world, random };
            let judged = client.act(deed).await;
            client.world.judge(judged);
            client.world.clients.fetch_sub(awaited, Ordering::Relaxed);
        });
    }
}

/// One client.
struct Client {
    world: Arc<World>,
    random: Random,
}

impl Client {
    async fn act(&mut self, deed: Deed) -> Result<(), Finding> {
        match deed {
            Deed::Start => self.start().await,
            Deed::Cancel => self.cancel().await,
            Deed::Decide => self.decide().await,
            Deed::Signal => self.signal().await,
            Deed::Hold => self.hold().await,
            Deed::Past => self.past().await,
            Deed::Prove => self.prove().await,
            Deed::Operate => self.operate().await,
            Deed::Read => self.read().await,
            Deed::List => self.list(None).await,
            Deed::Follow => self.follow().await,
        }
    }

    fn submit(&mut self) -> Submit {
        let workflow = self.random.pick(&self.world.workload.workflows).clone();
        let input = self.world.workload.input(&mut self.random).to_string();
        let digest = *blake3::hash(input.as_bytes()).as_bytes();
        let key = self
            .random
            .chance(60)
            .then(|| format!("key-{}", self.random.between(0, 1 << 40)));
        Submit {
            workflow,
            version: self.random.pick(&VERSIONS).parse().ok(),
            input: Payload::from_bytes(input.into()),
            idempotency: key.map(|key| Idempotency { key, digest }),
            start_at: people::start_at(&mut self.random, self.world.now_ms()),
            priority: (*self.random.pick(&["", "low", "critical"])).to_owned(),
            actor: "client".to_owned(),
            cause: "api".to_owned(),
            ..Submit::default()
        }
    }

    /// Starts an instance, with a key as often as it takes, sometimes once more for good measure.
    async fn start(&mut self) -> Result<(), Finding> {
        let submit = self.submit();
        let Some(first) = self.submit_until_answered(&submit).await? else {
            return Ok(());
        };
        if self.random.chance(40) {
            self.list(Some(first.id)).await?;
        }
        if submit.idempotency.is_some() && self.random.chance(50) {
            let again = self.submit_until_answered(&submit).await?;
            let same = again
                .as_ref()
                .is_none_or(|again| again.id == first.id && again.replayed);
            demand(same, || {
                format!(
                    "a start that was repeated was answered {again:?}, not {}",
                    first.id
                )
            })?;
            self.world.truth().coverage.hit("client: start replayed");
        }
        Ok(())
    }

    async fn submit_until_answered(
        &mut self,
        submit: &Submit,
    ) -> Result<Option<Submitted>, Finding> {
        let key = submit
            .idempotency
            .as_ref()
            .map(|idempotency| idempotency.key.as_str());
        loop {
            let process = self.world.running(&mut self.random).await;
            let answer = process.ask(process.runtime.submit(submit.clone())).await;
            let what = match answer {
                Some(Ok(submitted)) => {
                    let mut truth = self.world.truth();
                    truth.submitted(key, submitted.id)?;
                    truth.shown(&submitted.instance)?;
                    return Ok(Some(submitted));
                }
                Some(Err(SubmitError::Refused(refusal))) => return self.refused(&refusal),
                Some(Err(SubmitError::IdempotencyConflict)) => {
                    return Err(Finding(format!(
                        "the key {key:?} is said to be in conflict"
                    )));
                }
                Some(Err(SubmitError::Unavailable(Unavailable::Overloaded { .. }))) => {
                    "client: pushed back"
                }
                Some(Err(SubmitError::Gone(id))) => {
                    return Err(Finding(format!("{id} is said to be gone")));
                }
                Some(Err(SubmitError::Unavailable(_) | SubmitError::OnItsWay)) => {
                    "client: not answered"
                }
                None => "client: cut off",
            };
            self.world.truth().coverage.hit(what);
            if key.is_none() {
                return Ok(None);
            }
            self.pause().await;
        }
    }

    /// A header that cannot be computed refuses a start; nothing else may.
    fn refused(&self, refusal: &Refusal) -> Result<Option<Submitted>, Finding> {
        self.world.truth().coverage.hit("client: start refused");
        let header = matches!(refusal, Refusal::Header { .. });
        demand(header, || format!("a start was refused: {refusal}"))?;
        Ok(None)
    }

    async fn pause(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.random.between(100, 900))).await;
    }

    fn any_instance(&mut self) -> Option<Id> {
        let ids: Vec<Id> = self.world.truth().histories.keys().copied().collect();
        (!ids.is_empty()).then(|| *self.random.pick(&ids))
    }

    async fn cancel(&mut self) -> Result<(), Finding> {
        let Some(id) = self.any_instance() else {
            return Ok(());
        };
        let request = CancelRequested {
            reason: "simulated".to_owned(),
            skip_compensation: self.random.chance(20),
        };
        self.command(id, Command::Cancel(request)).await
    }

    async fn decide(&mut self) -> Result<(), Finding> {
        let pending = self.world.pending_decisions();
        if pending.is_empty() {
            return Ok(());
        }
        let (instance, id) = *self.random.pick(&pending);
        let drawn = self.world.answer_to(instance, id, &mut self.random, false);
        match drawn {
            Some((_, answer)) => self.command(instance, Command::Decide { id, answer }).await,
            None => Ok(()),
        }
    }

    async fn hold(&mut self) -> Result<(), Finding> {
        let Some(id) = self.any_instance() else {
            return Ok(());
        };
        let hold = if self.random.chance(60) {
            Command::Pause
        } else {
            Command::Resume
        };
        self.command(id, hold(Held::default())).await
    }

    /// Takes an instance up again, or has it go over to the other version of its workflow.
    async fn past(&mut self) -> Result<(), Finding> {
        let Some(id) = self.any_instance() else {
            return Ok(());
        };
        let (seq, version) = {
            let truth = self.world.truth();
            let fold = truth.histories.get(&id).map(|history| &history.fold);
            fold.map_or((0, String::new()), |fold| {
                (fold.seq(), fold.header().started.version.clone())
            })
        };
        let command = match self.random.between(0, 2) {
            0 => Command::Retry(Held::default()),
            1 => Command::Restore(Box::new(RestoreOrder {
                to_seq: self.random.between(1, seq.max(1)),
                compensate: self.random.chance(50),
                reason: String::new(),
                target: None,
            })),
            _ => {
                let other = VERSIONS.iter().find(|other| **other != version);
                let Some(Ok(version)) = other.map(|other| other.parse()) else {
                    return Ok(());
                };
                Command::Migrate(MigrateOrder {
                    version,
                    map: BTreeMap::new(),
                    reason: String::new(),
                })
            }
        };
        self.command(id, command).await
    }

    /// Whatever is open waits for something that will come, and its rows say so.
    async fn prove(&mut self) -> Result<(), Finding> {
        let process = self.world.running(&mut self.random).await;
        let Some(Ok(proven)) = process.ask(process.runtime.prove(None, 1_000)).await else {
            return Ok(());
        };
        self.world.truth().coverage.hit("client: proof");
        let found = proven.findings.first();
        demand(found.is_none(), || {
            let told = found.map(|found| format!("{}: {}", found.id, found.what));
            format!(
                "it waits for nothing that will come: {}",
                told.unwrap_or_default()
            )
        })
    }

    /// Asks something of all that are there. One that is answered has to come to its end.
    async fn operate(&mut self) -> Result<(), Finding> {
        let asked = operate::drawn(&mut self.random);
        let process = self.world.running(&mut self.random).await;
        let by = ("client", "simulated");
        let made = process.ask(process.runtime.make_operation(&asked, 0, by, None));
        if let Some(Ok((operation, _))) = made.await {
            self.world.truth().operations.push(operation.id);
        }
        Ok(())
    }

    async fn signal(&mut self) -> Result<(), Finding> {
        let Some(id) = self.any_instance() else {
            return Ok(());
        };
        let signal = {
            let truth = self.world.truth();
            let fold = truth.histories.get(&id).map(|history| &history.fold);
            fold.map(|fold| people::signal(fold, &mut self.random))
        };
        match signal {
            Some(signal) => self.command(id, Command::Signal(signal)).await,
            None => Ok(()),
        }
    }

    /// Has a command carried out; what is not answered is tried a few times more, wherever.
    async fn command(&mut self, id: Id, command: Command) -> Result<(), Finding> {
        for _ in 0..TRIES {
            let process = self.world.running(&mut self.random).await;
            let asked = process.runtime.command(id, command.clone(), "client");
            match process.ask(asked).await {
                Some(Ok(instance)) => {
                    let mut truth = self.world.truth();
                    truth.shown(&instance)?;
                    let done = is_done(&truth, id, &command);
                    return demand(done, || {
                        format!("{id}: {command:?} was acknowledged, but no record says so")
                    });
                }
                Some(Err(CommandError::NotFound(id))) => {
                    return Err(Finding(format!("{id} is durable, but not found")));
                }
                Some(Err(CommandError::Refused(Refusal::SignalRepeated))) => {
                    let truth = self.world.truth();
                    return demand(is_done(&truth, id, &command), || {
                        format!(
                            "{id}: {command:?} is said to be a repetition, but no record says so"
                        )
                    });
                }
                Some(Err(CommandError::Refused(_))) => return Ok(()),
                Some(Err(CommandError::Unavailable(_))) | None => self.pause().await,
            }
        }
        Ok(())
    }

    /// Reads an instance: whatever was durable when the read began must show.
    async fn read(&mut self) -> Result<(), Finding> {
        let Some(id) = self.any_instance() else {
            return Ok(());
        };
        let process = self.world.running(&mut self.random).await;
        let least = self.world.truth().durable(id);
        match process.ask(process.runtime.instance(id)).await {
            Some(Ok(instance)) => {
                self.world.truth().shown(&instance)?;
                let seq = instance.seq();
                demand(seq >= least, || {
                    format!("{id}: a stale read showed seq {seq}, where {least} was durable")
                })?;
            }
            Some(Err(CommandError::NotFound(id))) => {
                return Err(Finding(format!("{id} is durable, but not found")));
            }
            Some(Err(_)) | None => return Ok(()),
        }
        self.world.truth().coverage.hit("client: read");
        let _alone = self.world.reading.lock().await;
        let least = self.world.truth().seen(id);
        if let Some(Ok(page)) = process.ask(process.runtime.history(id, 0, 10_000)).await {
            self.world.truth().told(id, &page.records)?;
            let count = page.records.len() as u64;
            demand(page.more || count >= least, || {
                format!("{id}: a stale history ends at {count}, where {least} had been seen")
            })?;
        }
        Ok(())
    }

    /// A complete list holds everything that was answered before it was asked for, as it was then or
    /// later.
    async fn list(&mut self, wanted: Option<Id>) -> Result<(), Finding> {
        let known: Vec<Id> = match wanted {
            Some(id) => vec![id],
            None => self.world.truth().answered.clone(),
        };
        let process = self.world.running(&mut self.random).await;
        let all = InstanceFilter::default();
        let _alone = self.world.reading.lock().await;
        let least: Vec<(Id, u64)> = {
            let truth = self.world.truth();
            known.iter().map(|id| (*id, truth.seen(*id))).collect()
        };
        let listed = process
            .ask(process.runtime.list(&all, None, 1_000, Consistency::Fresh))
            .await;
        let Some(Ok(listed)) = listed else {
            return Ok(());
        };
        self.world.truth().coverage.hit("client: list");
        if !listed.incomplete.is_empty() || listed.page.next.is_some() {
            return Ok(());
        }
        for (id, least) in least {
            let row = listed.page.items.iter().find(|row| row.id == id.bytes());
            let seq = row.map(|row| row.seq);
            demand(seq.is_some(), || format!("a complete list lacks {id}"))?;
            demand(seq >= Some(least), || {
                format!("{id}: a stale list shows seq {seq:?}, where {least} had been seen")
            })?;
        }
        Ok(())
    }

    /// Follows an instance: none of its records missed, none twice.
    async fn follow(&mut self) -> Result<(), Finding> {
        let Some(id) = self.any_instance() else {
            return Ok(());
        };
        let process = self.world.running(&mut self.random).await;
        let alone = self.world.reading.lock().await;
        let Some(Ok(mut stream)) = process.ask(process.runtime.subscribe(id, 0)).await else {
            return Ok(());
        };
        drop(alone);
        let number = self.random.bits();
        let mut followed = Followed {
            id,
            process: process.life.number,
            got: 0,
        };
        self.world.truth().streams.insert(number, followed);
        while let Some(Some(Ok(published))) = process.listen(stream.next()).await {
            let (record, next) = (published.record, followed.got + 1);
            demand(record.seq == next, || {
                format!("{id}: a stream gave record {} for {next}", record.seq)
            })?;
            followed.got = next;
            let mut truth = self.world.truth();
            truth.told(id, std::slice::from_ref(&record))?;
            truth.streams.insert(number, followed);
        }
        // It ended with its process, or said that it cannot go on: its follower begins another.
        self.world.truth().streams.remove(&number);
        Ok(())
    }
}

/// Whether an instance's records show that a command was carried out.
fn is_done(truth: &Truth, id: Id, command: &Command) -> bool {
    match command {
        Command::Cancel(_) => truth.holds(id, |body| matches!(body, Body::CancelRequested(_))),
        Command::Retry(_) => truth.holds(id, |body| matches!(body, Body::InstanceRetried(_))),
        Command::Restore(_) => truth.holds(id, |body| {
            matches!(body, Body::RestoreRequested(_) | Body::InstanceRestored(_))
        }),
        Command::Migrate(_) => truth.holds(id, |body| matches!(body, Body::InstanceMigrated(_))),
        Command::Decide { id: decision, .. } => truth.holds(id, |body| match body {
            Body::DecisionMade(made) => made.id == decision.bytes()[..],
            Body::DecisionAnswered(given) => given.id == decision.bytes()[..],
            Body::DecisionResolved(end) => end.answer.id == decision.bytes()[..],
            Body::DecisionDelegated(to) => to.id == decision.bytes()[..],
            _ => false,
        }),
        Command::Signal(signal) => truth.holds(id, |body| match body {
            Body::SignalReceived(received) => {
                let key = signal
                    .key
                    .as_ref()
                    .is_none_or(|key| key.key == received.key);
                key && received.name == signal.name && received.data.as_ref() == Some(&signal.data)
            }
            _ => false,
        }),
        _ => true,
    }
}

impl World {
    /// An answer to a decision, and who gives it; none if it does not wait any more.
    pub(super) fn answer_to(
        &self,
        instance: Id,
        decision: Id,
        random: &mut Random,
        calm: bool,
    ) -> Option<(String, Answer)> {
        let truth = self.truth();
        let fold = &truth.histories.get(&instance)?.fold;
        let mut pending = fold.pending_decisions().iter();
        let pending = pending.find(|one| one.id == decision.bytes()[..])?;
        let person = people::person(pending);
        Some((person, people::answer(fold, pending, random, calm)))
    }

    /// Instances that somebody holds.
    pub(super) fn held(&self) -> Vec<Id> {
        let truth = self.truth();
        let folds = truth.histories.iter();
        let held = folds.filter(|(_, history)| history.fold.pause().is_some());
        held.map(|(id, _)| *id).collect()
    }

    /// A signal for each instance in which a step waits for one.
    pub(super) fn awaited_signals(&self, random: &mut Random) -> Vec<(Id, Signal)> {
        let truth = self.truth();
        let folds = truth.histories.iter();
        let waits = folds.filter(|(_, history)| !history.fold.signal_waits().is_empty());
        waits
            .map(|(id, history)| (*id, people::signal(&history.fold, random)))
            .collect()
    }

    /// Decisions that wait for an answer: their instance and their id.
    pub(super) fn pending_decisions(&self) -> Vec<(Id, Id)> {
        let truth = self.truth();
        let each = truth.histories.iter().flat_map(|(instance, history)| {
            let pending = history.fold.pending_decisions().iter();
            pending.filter_map(|one| Some((*instance, Id::from_slice(&one.id)?)))
        });
        each.collect()
    }
}
