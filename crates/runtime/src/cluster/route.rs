//! To the owner of a slot, wherever it is and however often that changes on the way.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use engine::record::{DeadLetterSettled, OutputKept, Record};
use engine::{Id, Instance, Slot};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::link::Link;
use super::serve::ALL_SLOTS;
use super::state::Cluster;
use super::wire::{
    Answer, Ask, BehindAnswer, CommandAsk, DeleteAsk, InstanceAnswer, LetterAsk, OperationAsk,
    ReadAsk, ScheduleAsk, StartAsk, When, id_bytes, id_in,
};
use super::wire_events::EventsAsk;
use crate::clock::steady_now;
use crate::error::{CommandError, ReadError, SubmitError, Unavailable};
use crate::events::{Accepted, Numbered};
use crate::handle::{Begin, Order};
use crate::operation::{self, Operation, OperationError};
use crate::partition::{Carried, LetterStart, Settling, StartReply, supply_blobs};
use crate::reads::Behind;
use crate::schedules::{ScheduleError, ScheduleState, TurnOrder};
use crate::shared::Shared;
use crate::subscribe::Published;

/// Before a second try at the same owner, unless something moved.
const PAUSE: Duration = Duration::from_millis(50);

/// Errors that say that the owner is another by now, or cannot be reached.
pub(crate) trait Elsewhere {
    /// Whether to try the next owner.
    fn is_elsewhere(&self) -> bool;
}

impl Elsewhere for Unavailable {
    fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

impl Elsewhere for CommandError {
    fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Unavailable(reason) if reason.is_elsewhere())
    }
}

impl Elsewhere for SubmitError {
    fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Unavailable(reason) if reason.is_elsewhere())
    }
}

impl Elsewhere for OperationError {
    fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Unavailable(reason) if reason.is_elsewhere())
    }
}

impl Elsewhere for ScheduleError {
    fn is_elsewhere(&self) -> bool {
        matches!(self, Self::Unavailable(reason) if reason.is_elsewhere())
    }
}

/// Where something is to be done.
pub(crate) enum Routed {
    /// In this process.
    Here,
    /// At another node.
    There(There),
}

/// Another node, and what this one takes it to own.
pub(crate) struct There {
    shared: Arc<Shared>,
    cluster: Arc<Cluster>,
    link: Arc<Link>,
    owner: store::NodeId,
    partition: usize,
    /// It may have been carried out already.
    again: bool,
}

/// One thing on its way to its slot's owner. Without a cluster everything is here, at the first try.
pub(crate) struct Trip {
    shared: Arc<Shared>,
    partition: usize,
    until: Instant,
    tries: usize,
}

impl Trip {
    /// Begins; it ends after the patience of the node's bounds.
    pub(crate) fn to(shared: &Arc<Shared>, slot: Slot) -> Self {
        let patience = Duration::from_millis(shared.config.bounds.owner_wait_ms);
        Self {
            partition: shared.placement.of(slot),
            shared: Arc::clone(shared),
            until: steady_now() + patience,
            tries: 0,
        }
    }

    /// Whether it may have been carried out already.
    pub(crate) fn again(&self) -> bool {
        self.tries > 1
    }

    /// Where to try; waits while nobody is known to own the partition.
    pub(crate) async fn next(&mut self) -> Result<Routed, Unavailable> {
        let Some(cluster) = self.shared.cluster.clone() else {
            return Ok(Routed::Here);
        };
        if self.tries > 0 {
            self.rest(&cluster).await?;
        }
        loop {
            if let Some(routed) = self.routed(&cluster) {
                self.tries += 1;
                return Ok(routed);
            }
            self.rest(&cluster).await?;
        }
    }

    fn routed(&self, cluster: &Arc<Cluster>) -> Option<Routed> {
        // A node that was cut off may still hold what another owns by now.
        let number = u16::try_from(self.partition).unwrap_or_default();
        if self.shared.ports[self.partition].is_open() && self.shared.may_answer(number) {
            return Some(Routed::Here);
        }
        let owner = cluster.view().owner(self.partition)?;
        let link = (owner != cluster.me).then(|| cluster.link(&self.shared, owner))??;
        Some(Routed::There(There {
            shared: Arc::clone(&self.shared),
            cluster: Arc::clone(cluster),
            link,
            owner,
            partition: self.partition,
            again: self.tries > 0,
        }))
    }

    /// Waits a moment for an owner. A node that is cut off from the store gives up before its patience ends: it
    /// will not hear of one, while another node may have what is asked for already.
    async fn rest(&self, cluster: &Cluster) -> Result<(), Unavailable> {
        if steady_now() >= self.until || !self.shared.phase.is_open() {
            return Err(Unavailable::Closed);
        }
        let seen = cluster.changed.get();
        cluster.wake.notify_one();
        // One that only stood still looks again at once; one that is alone can only wait.
        let cut_off = cluster.cut_off_ms(&self.shared).is_some() && !cluster.others().is_empty();
        let pause = if cut_off { cluster.tick() / 2 } else { PAUSE };
        let news = tokio::time::timeout(pause, cluster.changed.reach(seen + 1)).await;
        if cut_off && news.is_err() {
            return Err(Unavailable::Closed);
        }
        Ok(())
    }

    /// Does something here, as long as the lease of the partition lasts: what takes longer may be
    /// another's to answer.
    pub(crate) async fn here<T, E: From<Unavailable>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(cluster) = &self.shared.cluster else {
            return work.await;
        };
        tokio::select! {
            biased;
            done = work => done,
            () = cluster.lapsed(&self.shared, self.partition) => Err(Unavailable::Closed.into()),
        }
    }

    /// The outcome of a try, unless another has to follow.
    pub(crate) fn settled<T, E: Elsewhere>(&self, outcome: Result<T, E>) -> Option<Result<T, E>> {
        let elsewhere = outcome.as_ref().is_err_and(Elsewhere::is_elsewhere);
        (!elsewhere || self.shared.cluster.is_none()).then_some(outcome)
    }
}

impl There {
    /// Asks the node, as long as it owns the partition.
    async fn ask(&self, ask: Ask) -> Result<Answer, Unavailable> {
        self.count();
        let version = self.shared.catalog.current().version;
        tokio::select! {
            biased;
            answer = self.link.ask(version, ask) => answer,
            () = self.moved() => Err(Unavailable::Closed),
        }
    }

    fn count(&self) {
        let stats = &self.shared.stats;
        crate::health::add(&stats.forwarded, 1);
        crate::health::add(&stats.forwarded_again, u64::from(self.again));
    }

    async fn moved(&self) {
        loop {
            let seen = self.cluster.changed.get();
            if self.cluster.view().owner(self.partition) != Some(self.owner) {
                return;
            }
            self.cluster.changed.reach(seen + 1).await;
        }
    }

    /// Has an instance started there.
    pub(crate) async fn start(&self, begin: &Begin) -> Result<StartReply, Unavailable> {
        let ask = StartAsk {
            actor: begin.actor.clone(),
            cause: begin.cause.clone(),
            again: self.again,
            ..StartAsk::new(begin.id, &begin.message, begin.key.as_ref())
        };
        Ok(match self.ask(Ask::Start(Box::new(ask))).await? {
            Answer::Instance(answer) => StartReply::Started(self.told(answer).await?),
            Answer::Elsewhere(_) => StartReply::Elsewhere,
            Answer::Replayed(first) => StartReply::Replayed(id_in(&first)),
            Answer::Conflict(_) => StartReply::Conflict,
            other => match other.into_error(begin.id) {
                CommandError::Refused(refusal) => StartReply::Refused(refusal),
                CommandError::Unavailable(reason) => return Err(reason),
                CommandError::NotFound(_) => return Err(Unavailable::Closed),
            },
        })
    }

    /// Has a command carried out there; one that comes `again` may have been carried out before.
    pub(crate) async fn command(
        &self,
        order: &Order,
        again: bool,
    ) -> Result<Carried, CommandError> {
        let ask = CommandAsk {
            id: id_bytes(order.id),
            command: order.command.to_wire().into(),
            actor: order.actor.clone(),
            cause: order.cause.clone(),
            command_id: id_bytes(order.command_id),
            again: again || self.again,
        };
        match self.ask(Ask::Command(ask)).await? {
            Answer::Instance(answer) => {
                let ignored = answer.ignored;
                let instance = self.told(answer).await?;
                Ok(Carried { instance, ignored })
            }
            other => Err(other.into_error(order.id)),
        }
    }

    /// Has a dead letter settled there.
    pub(crate) async fn settle_letter(
        &self,
        fact: &DeadLetterSettled,
        start: Option<&LetterStart>,
        actor: &str,
    ) -> Result<Settling, Unavailable> {
        let start = start.map(|start| StartAsk {
            cause: start.cause.clone(),
            ..StartAsk::new(start.id, &start.message, None)
        });
        let ask = LetterAsk {
            fact: fact.clone(),
            actor: actor.to_owned(),
            start: start.map(Box::new),
        };
        match self.ask(Ask::Letter(Box::new(ask))).await? {
            Answer::Done(_) => Ok(Settling::Done),
            Answer::Conflict(_) => Ok(Settling::Before),
            Answer::NotFound(_) => Ok(Settling::Gone),
            other => match other.into_error(Id::default()) {
                CommandError::Refused(refusal) => Ok(Settling::Refused(refusal)),
                CommandError::Unavailable(reason) => Err(reason),
                CommandError::NotFound(_) => Ok(Settling::Gone),
            },
        }
    }

    /// Has events taken there.
    pub(crate) async fn events(&self, events: &[Numbered]) -> Result<Vec<Accepted>, Unavailable> {
        let ask = EventsAsk::new(events, self.again);
        match self.ask(Ask::Events(ask)).await? {
            Answer::Events(answer) => Ok(answer.accepted()),
            other => Err(other.into_unavailable()),
        }
    }

    /// Looks up a kept output there.
    pub(crate) async fn find_output(&self, key: &str) -> Result<Option<OutputKept>, Unavailable> {
        match self.ask(Ask::FindOutput(key.to_owned())).await? {
            Answer::Output(kept) => Ok((!kept.key.is_empty()).then_some(kept)),
            other => Err(other.into_unavailable()),
        }
    }

    /// Has an output kept there.
    pub(crate) async fn keep_output(&self, kept: &OutputKept) -> Result<(), Unavailable> {
        match self.ask(Ask::KeepOutput(kept.clone())).await? {
            Answer::Done(_) => Ok(()),
            other => Err(other.into_unavailable()),
        }
    }

    /// Has something done with a schedule there.
    pub(crate) async fn schedule(
        &self,
        order: &TurnOrder,
    ) -> Result<Option<ScheduleState>, ScheduleError> {
        let ask = ScheduleAsk {
            order: serde_json::to_vec(order).unwrap_or_default().into(),
        };
        match self.ask(Ask::Schedule(ask)).await? {
            Answer::Schedule(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Unavailable::Store(format!("another node's answer: {error}")))?,
            other => Err(other.into_unavailable().into()),
        }
    }

    /// Has something done with an operation there.
    pub(crate) async fn operation(
        &self,
        order: &operation::Order,
    ) -> Result<Operation, OperationError> {
        let ask = OperationAsk {
            order: serde_json::to_vec(order).unwrap_or_default().into(),
            again: self.again,
        };
        match self.ask(Ask::Operation(ask)).await? {
            Answer::Operation(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Unavailable::Store(format!("another node's answer: {error}")))?,
            other => Err(other.into_unavailable().into()),
        }
    }

    /// Has an instance deleted there.
    pub(crate) async fn delete(
        &self,
        id: Id,
        actor: &str,
        reason: &str,
    ) -> Result<(), CommandError> {
        let ask = DeleteAsk {
            id: id_bytes(id),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        };
        match self.ask(Ask::Delete(ask)).await? {
            Answer::Done(_) => Ok(()),
            other => Err(other.into_error(id)),
        }
    }

    /// An instance as the node has it.
    pub(crate) async fn read(&self, id: Id, when: When) -> Result<Arc<Instance>, ReadError> {
        let ask = ReadAsk {
            id: id_bytes(id),
            when: when as i32,
        };
        match self.ask(Ask::Read(ask)).await? {
            Answer::Instance(answer) => Ok(self.told(answer).await?),
            other => Err(other.into_error(id)),
        }
    }

    /// Has every record of an instance sent from now on.
    pub(crate) async fn watch(
        &self,
        id: Id,
        records: mpsc::Sender<Published>,
    ) -> Result<u64, ReadError> {
        self.count();
        let version = self.shared.catalog.current().version;
        let ask = Ask::Watch(id_bytes(id));
        let answer = tokio::select! {
            biased;
            answer = self.link.watch(version, ask, records) => answer?,
            () = self.moved() => return Err(Unavailable::Closed.into()),
        };
        match answer {
            Answer::Watching(seq) => Ok(seq),
            other => Err(other.into_error(id)),
        }
    }

    /// Waits until the state holds what the slot's partition has made durable; says whether it was
    /// in time.
    pub(crate) async fn fresh(&self, slot: Slot) -> Result<bool, Unavailable> {
        match self.ask(Ask::Fresh(u32::from(slot))).await? {
            Answer::Behind(behind) => Ok(behind.partitions.is_empty()),
            other => Err(other.into_unavailable()),
        }
    }

    /// The instance in an answer, its blobs supplied.
    async fn told(&self, answer: InstanceAnswer) -> Result<Arc<Instance>, Unavailable> {
        let instance = answer.instance(&self.shared.catalog.current())?;
        supply_blobs(self.shared.store.as_ref(), &instance).await?;
        Ok(instance)
    }
}

impl Cluster {
    /// Waits until this node may not answer for a partition any more.
    pub(super) async fn lapsed(&self, shared: &Shared, partition: usize) {
        let partition = u16::try_from(partition).unwrap_or_default();
        loop {
            match self.standing.left(partition, shared.clock.boot_ms()) {
                0 => return,
                left => tokio::time::sleep(Duration::from_millis(left)).await,
            }
        }
    }

    /// Waits until the state holds what all other nodes have made durable; answers with the
    /// partitions that were not in time, among them those that no node says it owns, neither another
    /// nor, with those `owned`, this one.
    pub(crate) async fn fresh_elsewhere(&self, shared: &Shared, owned: &[u16]) -> Vec<Behind> {
        let wait = Duration::from_millis(shared.config.bounds.read_wait_ms);
        let asked = self.others().into_iter().map(async |node| {
            let link = self.link(shared, node)?;
            let answer = link.ask(0, Ask::Fresh(ALL_SLOTS));
            match tokio::time::timeout(wait, answer).await {
                Ok(Ok(Answer::Behind(behind))) => Some(behind),
                _ => None,
            }
        });
        let answers = futures_util::future::join_all(asked).await;
        let answers: Vec<BehindAnswer> = answers.into_iter().flatten().collect();
        let told = answers.iter().flat_map(|answer| &answer.owned);
        let told: BTreeSet<u32> = told
            .copied()
            .chain(owned.iter().copied().map(u32::from))
            .collect();
        let partitions = 0..shared.placement.count();
        let unknown = partitions.filter(|partition| !told.contains(&u32::from(*partition)));
        let mut behind: Vec<Behind> = unknown
            .map(|partition| Behind {
                partition,
                behind_ms: 0,
            })
            .collect();
        for late in answers.iter().flat_map(|answer| &answer.partitions) {
            behind.push(Behind {
                partition: u16::try_from(late.partition).unwrap_or_default(),
                behind_ms: late.behind_ms,
            });
        }
        behind.sort_unstable_by_key(|behind| behind.partition);
        behind.dedup_by_key(|behind| behind.partition);
        behind
    }
}

/// Whether a command with this id stands among these records.
pub(crate) fn holds_command(records: &[Record], command_id: Id) -> bool {
    let origins = records.iter().filter_map(|record| record.origin.as_ref());
    origins
        .into_iter()
        .any(|origin| origin.command_id == command_id)
}
