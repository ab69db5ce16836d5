//! Commands to one instance, and reads of it.

use std::sync::Arc;
use std::time::Duration;

use engine::record::Record;
use engine::{Command, Id, Instance};
use store::InstanceRow;
use tokio::sync::{mpsc, oneshot};

use super::Runtime;
use crate::cluster::{Routed, Trip, When, holds_command};
use crate::error::{CommandError, ReadError, Unavailable};
use crate::history::{read_history, read_state};
use crate::partition::{Carried, Deletion, Door, Internal, Reply, Work, supply_blobs};
use crate::projector::row_of;
use crate::reads::HistoryPage;
use crate::subscribe::Published;

/// Records of an instance among which a command is looked for that may have been carried out.
const REMEMBERED: u64 = 1_000;

/// A command on its way to its instance.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) id: Id,
    pub(crate) command: Command,
    /// Given at the door, and kept however often the way changes.
    pub(crate) command_id: Id,
    pub(crate) actor: String,
    pub(crate) cause: String,
}

impl Runtime {
    /// Carries a command out on an instance; answers with its state when that is durable.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn command(
        &self,
        id: Id,
        command: Command,
        actor: &str,
    ) -> Result<Arc<Instance>, CommandError> {
        self.shared.check_open()?;
        self.carry_out(id, command, actor, "api")
            .await
            .map(|carried| carried.instance)
    }

    pub(super) async fn carry_out(
        &self,
        id: Id,
        command: Command,
        actor: &str,
        cause: &str,
    ) -> Result<Carried, CommandError> {
        let order = Order {
            id,
            command,
            command_id: self.shared.new_id(id.slot()),
            actor: actor.to_owned(),
            cause: cause.to_owned(),
        };
        self.carry(order, false).await
    }

    /// Has an order carried out by its instance's owner, wherever that is. One that comes `again` may
    /// have been carried out before.
    pub(crate) async fn carry(&self, order: Order, again: bool) -> Result<Carried, CommandError> {
        let mut trip = Trip::to(&self.shared, order.id.slot());
        loop {
            let outcome = match trip.next().await? {
                Routed::Here => {
                    let again = again || trip.again();
                    trip.here(self.command_here(order.clone(), again)).await
                }
                Routed::There(there) => there.command(&order, again).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                return settled;
            }
        }
    }

    /// Carries a command out in this process. One that comes `again` may have been carried out
    /// before: then that is its answer.
    pub(crate) async fn command_here(
        &self,
        mut order: Order,
        again: bool,
    ) -> Result<Carried, CommandError> {
        // A result is known by its task.
        let is_result = matches!(order.command, Command::Result { .. });
        if again
            && !is_result
            && let Some(carried) = self.carried_before(&order).await?
        {
            return Ok(carried);
        }
        if let Command::Restore(restore) = &mut order.command {
            self.look_up_target(order.id, restore).await?;
        }
        let letters = self.superseded(&order).await?;
        let (reply, answer) = oneshot::channel();
        let id = order.id;
        let work = Work::Command {
            command: order.command,
            command_id: order.command_id,
            actor: order.actor,
            cause: order.cause.into(),
            reply: Some(reply),
            letters,
        };
        let port = self.shared.port(id.slot());
        if !port.is_open() {
            return Err(Unavailable::Closed.into());
        }
        port.notify(Internal::Work { id, work });
        answer.await.map_err(|_| Unavailable::Closed)?
    }

    /// Deletes an ended instance for good: its state and its history. Answers when that is durable
    /// and lists no longer show it (or, if the state is far behind, soon will not).
    ///
    /// # Errors
    /// Refused while it is open, or a decision about it is pending.
    pub async fn delete(&self, id: Id, actor: &str, reason: &str) -> Result<(), CommandError> {
        self.shared.check_open()?;
        let mut trip = Trip::to(&self.shared, id.slot());
        let deleted = loop {
            let outcome = match trip.next().await? {
                Routed::Here => self.delete_here(id, actor, reason).await,
                Routed::There(there) => there.delete(id, actor, reason).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                break settled;
            }
        };
        match deleted {
            // An earlier try did it, and its answer was lost.
            Err(CommandError::NotFound(_)) if trip.again() => {}
            deleted => deleted?,
        }
        self.fresh_slot(id.slot()).await;
        Ok(())
    }

    /// Deletes an instance of this process.
    pub(crate) async fn delete_here(
        &self,
        id: Id,
        actor: &str,
        reason: &str,
    ) -> Result<(), CommandError> {
        let (reply, answer) = oneshot::channel();
        let work = Work::Delete(Deletion {
            actor: actor.to_owned(),
            reason: reason.to_owned(),
            reply,
        });
        let port = self.shared.port(id.slot());
        if !port.is_open() {
            return Err(Unavailable::Closed.into());
        }
        port.notify(Internal::Work { id, work });
        answer.await.map_err(|_| Unavailable::Closed)?
    }

    /// Whether the newest records of the instance hold the command.
    async fn carried_before(&self, order: &Order) -> Result<Option<Carried>, CommandError> {
        // Behind everything that waits in the mailbox.
        let instance = self.read_here(order.id, When::Now).await?;
        if !self.fresh_here(order.id.slot()).await? {
            // Whether it was carried out is not known yet.
            return Err(Unavailable::Closed.into());
        }
        let after_seq = instance.seq().saturating_sub(REMEMBERED);
        let store = self.shared.store.as_ref();
        let records = read_history(store, order.id, after_seq, usize::MAX)
            .await
            .map_err(Unavailable::from)?;
        let ignored = false;
        Ok(holds_command(&records, order.command_id).then_some(Carried { instance, ignored }))
    }

    /// An instance as its owner has it, durable.
    ///
    /// # Errors
    /// When there is none, or it cannot be read for the moment.
    pub async fn instance(&self, id: Id) -> Result<Arc<Instance>, ReadError> {
        self.read(id, When::Now).await
    }

    /// An instance as its owner has it, as lists show it.
    ///
    /// # Errors
    /// When there is none, or it cannot be read for the moment.
    pub async fn row(&self, id: Id) -> Result<InstanceRow, ReadError> {
        let instance = self.instance(id).await?;
        Ok(row_of(&instance, bytes::Bytes::new()))
    }

    /// An instance as its owner has it, wherever that is.
    pub(super) async fn read(&self, id: Id, when: When) -> Result<Arc<Instance>, ReadError> {
        let mut trip = Trip::to(&self.shared, id.slot());
        loop {
            let outcome = match trip.next().await? {
                Routed::Here => trip.here(self.read_here(id, when)).await,
                Routed::There(there) => there.read(id, when).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                return settled;
            }
            if when == When::Ended {
                // However long it takes, each owner is waited for anew.
                trip = Trip::to(&self.shared, id.slot());
            }
        }
    }

    /// An instance as this process has it.
    pub(crate) async fn read_here(&self, id: Id, when: When) -> Result<Arc<Instance>, ReadError> {
        match when {
            When::Now => self.ask(id, Work::Read).await,
            When::Ended => self.ask(id, Work::AwaitEnd).await,
            When::Started => {
                let (reply, answer) = oneshot::channel();
                let work = Work::AwaitStart(reply);
                let port = self.shared.port(id.slot());
                port.send(Internal::Work { id, work })
                    .map_err(|_| Unavailable::Closed)?;
                answer.await.map_err(|_| Unavailable::Closed)?
            }
        }
    }

    /// An instance when it has ended, or as it is after `timeout_ms`.
    ///
    /// # Errors
    /// When there is none, or it cannot be read for the moment.
    pub async fn wait_ended(&self, id: Id, timeout_ms: u64) -> Result<Arc<Instance>, ReadError> {
        let ended = self.end_of(id);
        match tokio::time::timeout(Duration::from_millis(timeout_ms), ended).await {
            Ok(ended) => ended,
            Err(_) => self.instance(id).await,
        }
    }

    /// An instance when it has ended.
    pub(super) async fn end_of(&self, id: Id) -> Result<Arc<Instance>, ReadError> {
        self.read(id, When::Ended).await
    }

    /// Has the owner send every record from now on; answers with the last seq that does not come
    /// this way.
    pub(crate) async fn watch(
        &self,
        id: Id,
        records: mpsc::Sender<Published>,
    ) -> Result<u64, ReadError> {
        let mut trip = Trip::to(&self.shared, id.slot());
        loop {
            let outcome = match trip.next().await? {
                Routed::Here => trip.here(self.watch_here(id, records.clone())).await,
                Routed::There(there) => there.watch(id, records.clone()).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                return settled;
            }
        }
    }

    /// The same, of an instance of this process.
    pub(crate) async fn watch_here(
        &self,
        id: Id,
        records: mpsc::Sender<Published>,
    ) -> Result<u64, ReadError> {
        self.ask(id, |reply| Work::Watch { records, reply }).await
    }

    async fn ask<T>(
        &self,
        id: Id,
        work: impl FnOnce(Reply<Result<T, ReadError>>) -> Work,
    ) -> Result<T, ReadError> {
        let (reply, answer) = oneshot::channel();
        let door = Door::Work {
            id,
            work: work(reply),
        };
        self.shared
            .port(id.slot())
            .enter(&self.shared.config.bounds, 0, door)?;
        answer.await.map_err(|_| Unavailable::Closed)?
    }

    /// Records of one instance after `after_seq`, at most `limit`.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be read for the moment.
    pub async fn history(
        &self,
        id: Id,
        after_seq: u64,
        limit: usize,
    ) -> Result<HistoryPage, ReadError> {
        let in_time = self.fresh_slot(id.slot()).await;
        let store = self.shared.store.as_ref();
        let records = read_history(store, id, after_seq, limit.saturating_add(1))
            .await
            .map_err(Unavailable::from)?;
        if records.is_empty() && in_time && !self.exists(id).await? {
            return Err(CommandError::NotFound(id));
        }
        let more = records.len() > limit || !in_time;
        let mut records = records;
        records.truncate(limit);
        Ok(HistoryPage { records, more })
    }

    /// An instance as it was after its record `seq`, or as it is if it has no such record yet.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be read for the moment.
    pub async fn state_at(&self, id: Id, seq: u64) -> Result<Instance, ReadError> {
        // What lies in the tables stays as it is: only for what does not yet, they are waited for.
        let mut found = self.stored_state(id, seq).await?;
        if found.as_ref().is_none_or(|state| state.seq() < seq) {
            self.fresh_slot(id.slot()).await;
            found = self.stored_state(id, seq).await?;
        }
        found.ok_or(CommandError::NotFound(id))
    }

    /// The same as far as the tables have it; none where they have no such instance.
    pub(super) async fn stored_state(
        &self,
        id: Id,
        seq: u64,
    ) -> Result<Option<Instance>, Unavailable> {
        let store = self.shared.store.as_ref();
        let catalog = self.shared.catalog.current();
        let Some(state) = read_state(store, &catalog, id, seq).await? else {
            return Ok(None);
        };
        supply_blobs(store, &state).await?;
        Ok(Some(state))
    }

    /// Takes an instance as it was one record further.
    pub fn advance(&self, state: &mut Instance, record: &Record) {
        state.apply(record);
        let catalog = self.shared.catalog.current();
        state.bind(|name, version| catalog.recorded_workflow(name, version));
    }

    async fn exists(&self, id: Id) -> Result<bool, Unavailable> {
        let found = self.shared.store.instance(id.slot(), id.bytes()).await?;
        Ok(found.is_some())
    }
}
