//! Starting instances.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use definition::Workflow;
use engine::record::StartMessage;
use engine::{Id, Instance, Refusal, Slot, slot_of};
use futures_util::FutureExt;
use futures_util::future::{FusedFuture, join_all};
use tokio::sync::oneshot;

use super::Runtime;
use crate::cluster::{Routed, Trip, When};
use crate::error::{CommandError, ReadError, SubmitError, Unavailable};
use crate::partition::{Door, Reply, StartReply, StartRequest, overloaded};
use crate::submit::{Idempotency, Submit, Submitted};

/// How long an answer waits for an instance whose start is on its way to another partition.
const START_TRAVELS: Duration = Duration::from_secs(30);
/// A start in a mailbox: its id, and where the answer comes.
type Entered = (Id, oneshot::Receiver<StartReply>);

/// Where the end of an instance is told.
type EndReply = Reply<Result<Arc<Instance>, ReadError>>;

/// A start on its way to the partition that decides it.
#[derive(Clone)]
pub(crate) struct Begin {
    /// Given at the door, and kept however often the way changes.
    pub(crate) id: Id,
    pub(crate) message: StartMessage,
    pub(crate) key: Option<Idempotency>,
    pub(crate) actor: String,
    pub(crate) cause: String,
    /// It may have been carried out already.
    pub(crate) again: bool,
    /// It came from another node.
    pub(crate) forwarded: bool,
}

impl Begin {
    /// Whose partition decides it.
    fn slot(&self) -> Slot {
        let key = self.key.as_ref();
        key.map_or_else(|| self.id.slot(), |key| slot_of(&key.key))
    }
}

/// About what a start weighs beside its payloads, in bytes.
const START_WEIGHT: usize = 512;

impl Runtime {
    /// Starts an instance; answers when it is durable.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(&self, submit: Submit) -> Result<Submitted, SubmitError> {
        self.begun(self.prepare(submit)?, None).await
    }

    /// Starts an instance; answers with its state when it has ended, or with what it is when the
    /// wait is `over`.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn run(
        &self,
        submit: Submit,
        over: impl Future<Output = ()>,
    ) -> Result<Submitted, SubmitError> {
        let (ended, end) = oneshot::channel();
        let mut submitted = self.begun(self.prepare(submit)?, Some(ended)).await?;
        self.follow(&mut submitted, end, &mut std::pin::pin!(over.fuse()))
            .await;
        Ok(submitted)
    }

    /// Starts many; the answers stand in the order of the requests. One that fails does not touch
    /// the others.
    pub async fn submit_batch(&self, submits: Vec<Submit>) -> Vec<Result<Submitted, SubmitError>> {
        let submits = submits.into_iter().map(|submit| (submit, None));
        self.all_begun(submits).await
    }

    /// Starts many, and waits for the end of each as [`Self::run`] does.
    pub async fn run_batch(
        &self,
        submits: Vec<Submit>,
        over: impl Future<Output = ()>,
    ) -> Vec<Result<Submitted, SubmitError>> {
        let mut ends = Vec::new();
        let submits = submits.into_iter().map(|submit| {
            let (ended, end) = oneshot::channel();
            ends.push(end);
            (submit, Some(ended))
        });
        let mut started = self.all_begun(submits).await;
        let mut over = std::pin::pin!(over.fuse());
        for (started, end) in started.iter_mut().zip(ends) {
            if let Ok(submitted) = started {
                self.follow(submitted, end, &mut over).await;
            }
        }
        started
    }

    /// Starts many: in this process they are put into their mailboxes first, and then waited for one
    /// after the other, which takes no longer than for all at once and needs no waker for each.
    async fn all_begun(
        &self,
        submits: impl Iterator<Item = (Submit, Option<EndReply>)>,
    ) -> Vec<Result<Submitted, SubmitError>> {
        if self.shared.cluster.is_some() {
            let begun =
                submits.map(async |(submit, ended)| self.begun(self.prepare(submit)?, ended).await);
            return join_all(begun.collect::<Vec<_>>()).await;
        }
        let enter = |(submit, ended)| {
            let begin = self.prepare(submit)?;
            let id = begin.id;
            Ok((id, self.enter(begin, ended)?))
        };
        let entered: Vec<Result<Entered, SubmitError>> = submits.map(enter).collect();
        self.all_entered(entered).await
    }

    /// Has an instance started by its owner, wherever that is.
    pub(super) async fn begun(
        &self,
        begin: Begin,
        mut ended: Option<EndReply>,
    ) -> Result<Submitted, SubmitError> {
        if self.shared.cluster.is_none() {
            let id = begin.id;
            return self.entered((id, self.enter(begin, ended)?)).await;
        }
        self.check_open()?;
        let mut trip = Trip::to(&self.shared, begin.slot());
        loop {
            let outcome = match trip.next().await? {
                Routed::Here => {
                    let again = trip.again();
                    let begin = Begin {
                        again,
                        ..begin.clone()
                    };
                    trip.here(self.start_here(begin, ended.take())).await
                }
                Routed::There(there) => there.start(&begin).await,
            };
            if let Some(settled) = trip.settled(outcome) {
                return self.answered(begin.id, settled?).await;
            }
        }
    }

    /// Has an instance started in this process.
    pub(crate) async fn start_here(
        &self,
        begin: Begin,
        ended: Option<EndReply>,
    ) -> Result<StartReply, Unavailable> {
        match self.enter(begin, ended)?.await {
            Ok(StartReply::Failed(reason)) => Err(reason),
            Ok(answer) => Ok(answer),
            Err(_) => Err(Unavailable::Closed),
        }
    }

    /// All are under way already: waiting for one after the other takes no longer than for all at
    /// once, and needs no waker for each.
    async fn all_entered(
        &self,
        entered: Vec<Result<Entered, SubmitError>>,
    ) -> Vec<Result<Submitted, SubmitError>> {
        let mut started = Vec::with_capacity(entered.len());
        for entered in entered {
            started.push(match entered {
                Ok(entered) => self.entered(entered).await,
                Err(refused) => Err(refused),
            });
        }
        started
    }

    /// Waits until it has ended, or the wait is over.
    async fn follow(
        &self,
        submitted: &mut Submitted,
        end: oneshot::Receiver<Result<Arc<Instance>, ReadError>>,
        over: &mut (impl FusedFuture<Output = ()> + Unpin),
    ) {
        let id = submitted.id;
        let end = async {
            match end.await {
                Ok(ended) => ended,
                // It was started before, or lives in another partition than its key.
                Err(_) => self.end_of(id).await,
            }
        };
        let over = async {
            if !over.is_terminated() {
                over.await;
            }
        };
        let seen = tokio::select! {
            biased;
            ended = end => ended,
            () = over => self.instance(id).await,
        };
        // It is started all the same when it cannot be asked for now.
        if let Ok(instance) = seen {
            submitted.instance = instance;
        }
    }

    async fn entered(&self, (id, answer): Entered) -> Result<Submitted, SubmitError> {
        let answer = answer.await.map_err(|_| Unavailable::Closed)?;
        self.answered(id, answer).await
    }

    async fn answered(&self, id: Id, answer: StartReply) -> Result<Submitted, SubmitError> {
        let (id, replayed) = match answer {
            StartReply::Started(instance) => {
                return Ok(Submitted {
                    id,
                    replayed: false,
                    instance,
                });
            }
            StartReply::Elsewhere => (id, false),
            // Our own start, which came twice.
            StartReply::Replayed(first) => (first, first != id),
            StartReply::Conflict => return Err(SubmitError::IdempotencyConflict),
            StartReply::Refused(refusal) => return Err(refusal.into()),
            StartReply::Failed(reason) => return Err(reason.into()),
        };
        let instance = match self.await_start(id).await {
            Err(SubmitError::OnItsWay) if replayed => return Err(SubmitError::Gone(id)),
            instance => instance?,
        };
        Ok(Submitted {
            id,
            replayed,
            instance,
        })
    }

    /// What a start comes to: its version, its slot, its id.
    fn prepare(&self, submit: Submit) -> Result<Begin, SubmitError> {
        let shared = &self.shared;
        let catalog = shared.catalog.current();
        let found = catalog.workflow(&submit.workflow, submit.version.as_ref());
        let workflow = found.ok_or_else(|| unknown(&submit))?;
        let key = submit.idempotency.clone();
        let (actor, cause) = (submit.actor.clone(), submit.cause.clone());
        let key_slot = key.as_ref().map(|key| slot_of(&key.key));
        let mut message = start_message(submit, workflow);
        let slot = shared.slot_of_start(&catalog, workflow, &mut message, key_slot)?;
        Ok(Begin {
            id: shared.new_id(slot),
            message,
            key,
            actor,
            cause,
            again: false,
            forwarded: false,
        })
    }

    /// Puts a start into the mailbox of the partition that decides it.
    fn enter(
        &self,
        begin: Begin,
        ended: Option<EndReply>,
    ) -> Result<oneshot::Receiver<StartReply>, Unavailable> {
        let shared = &self.shared;
        self.check_lag()?;
        let slot = begin.slot();
        let Begin {
            id,
            message,
            key,
            actor,
            cause,
            again,
            forwarded,
        } = begin;
        let input = message.input.as_ref();
        let bytes = START_WEIGHT + input.map_or(0, |input| input.bytes().len());
        let (reply, answer) = oneshot::channel();
        let request = StartRequest {
            id,
            message,
            key,
            actor,
            cause,
            again,
            forwarded,
            reply,
            ended,
        };
        let door = Door::Start(Box::new(request));
        let entered = shared.port(slot).enter(&shared.config.bounds, bytes, door);
        entered.inspect_err(|_| {
            crate::health::add(&shared.stats.refused_at_door, 1);
        })?;
        Ok(answer)
    }

    fn check_open(&self) -> Result<(), Unavailable> {
        self.shared.check_open()
    }

    /// Whether this node takes anything new: its door is open and the projector is not too far behind. Who asks before
    /// reading what was sent spends nothing on what would be refused.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_lag(&self) -> Result<(), Unavailable> {
        self.check_open()?;
        let lag = self
            .shared
            .stats
            .projection_lag_bytes
            .load(Ordering::Relaxed);
        let bound = self.shared.config.bounds.projection_lag_bytes;
        if usize::try_from(lag).unwrap_or(0) > bound {
            crate::health::add(&self.shared.stats.refused_at_door, 1);
            return Err(overloaded());
        }
        Ok(())
    }

    pub(super) async fn await_start(&self, id: Id) -> Result<Arc<Instance>, SubmitError> {
        let started = self.read(id, When::Started);
        let answer = tokio::time::timeout(START_TRAVELS, started)
            .await
            .map_err(|_| SubmitError::OnItsWay)?;
        answer.map_err(|error| match error {
            CommandError::Refused(refusal) => SubmitError::Refused(refusal),
            CommandError::Unavailable(reason) => reason.into(),
            CommandError::NotFound(_) => SubmitError::OnItsWay,
        })
    }
}

fn unknown(submit: &Submit) -> SubmitError {
    let version = submit
        .version
        .as_ref()
        .map(|version| format!(" {version}"))
        .unwrap_or_default();
    Refusal::UnknownWorkflow(format!("{}{version}", submit.workflow)).into()
}

/// What is started; the version is settled here and now.
fn start_message(submit: Submit, workflow: &Workflow) -> StartMessage {
    StartMessage {
        workflow: submit.workflow,
        version: workflow.version.to_string(),
        input: Some(submit.input),
        correlation_id: submit.correlation_id,
        subject: submit.subject,
        attributes: submit.attributes,
        priority: submit.priority,
        parent: None,
        event: submit.event,
        meta: submit.meta,
        trigger: submit.trigger,
        requester: String::new(),
        start_at: submit.start_at.unwrap_or_default(),
        turn_key: None,
        idempotency_key: String::new(),
        cause: String::new(),
        taken: submit.taken,
    }
}
