//! The other side of a link: what another node asks, carried out here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use engine::record::{MessageSent, OutputKept};
use engine::{Command, Id};
use prost::Message;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;

use super::link::Connection;
use super::wire::{
    Answer, Ask, BehindAnswer, BehindPartition, CommandAsk, DeleteAsk, DrainAsk, Frame,
    InstanceAnswer, LetterAsk, LogLevelsAnswer, OperationAsk, PublishedAnswer, ReadAsk, Reply,
    Request, ScheduleAsk, StartAsk, When, gather, id_bytes, id_in,
};
use super::wire_events::{EventsAnswer, EventsAsk};
use crate::dispatch::{TaskResult, find_output_here, keep_output_here};
use crate::error::{CommandError, Unavailable};
use crate::handle::{Runtime, answer_log_levels, held_here};
use crate::operation::OperationError;
use crate::partition::{Internal, LetterStart, Settling, StartReply};
use crate::recovery::supply_message;
use crate::schedules::ScheduleError;
use crate::shared::Shared;

/// Requests of one node that are carried out at once.
const AT_ONCE: usize = 10_000;
/// Replies that wait to be sent; then nothing more is read.
const WAITING: usize = 10_000;
/// Records of one instance that wait to be sent; a reader that is slower reads its history again.
const RECORDS: usize = 256;
/// The slot that means all of them.
pub(super) const ALL_SLOTS: u32 = engine::SLOTS as u32;

/// What an owner is asked to do with what came of a call.
pub(super) fn result_ask(result: TaskResult) -> Ask {
    let TaskResult { id, task, outcome } = result;
    let command = Command::Result { task, outcome };
    Ask::Result(CommandAsk {
        id: id_bytes(id),
        command: command.to_wire().into(),
        ..CommandAsk::default()
    })
}

impl Runtime {
    /// Serves another node of the cluster until the connection ends. The other side has proved that
    /// it belongs to the cluster.
    pub async fn serve_peer(&self, connection: Connection) {
        let Connection {
            outgoing,
            mut incoming,
        } = connection;
        let (replies, to_send) = mpsc::channel(WAITING);
        let sending = tokio::spawn(send(to_send, outgoing));
        let mut serving = Serving {
            runtime: self.clone(),
            shared: self.shared(),
            replies,
            room: Arc::new(Semaphore::new(AT_ONCE)),
            running: BTreeMap::new(),
        };
        let ended = self.shared();
        loop {
            let frame = tokio::select! {
                biased;
                () = ended.phase.ended() => break,
                frame = incoming.recv() => frame,
            };
            let Some(Ok(frame)) = frame.map(Frame::decode) else {
                break;
            };
            for request in frame.requests {
                // What was asked over a connection that is gone is asked again over another.
                if incoming.is_closed() {
                    break;
                }
                serving.take(request).await;
            }
        }
        serving.running.values().for_each(AbortHandle::abort);
        sending.abort();
    }
}

/// Replies go out in batches, as they come.
async fn send(mut replies: mpsc::Receiver<Reply>, outgoing: mpsc::Sender<bytes::Bytes>) {
    while let Some(first) = replies.recv().await {
        let frame = Frame {
            replies: gather(first, &mut replies),
            ..Frame::default()
        };
        if outgoing.send(frame.encode_to_vec().into()).await.is_err() {
            return;
        }
    }
}

/// One connection that is served.
struct Serving {
    runtime: Runtime,
    shared: Arc<Shared>,
    replies: mpsc::Sender<Reply>,
    room: Arc<Semaphore>,
    running: BTreeMap<u64, AbortHandle>,
}

impl Serving {
    async fn take(&mut self, request: Request) {
        let Request {
            number,
            catalog_version,
            ask,
        } = request;
        self.shared.has_catalog(catalog_version).await;
        match ask {
            // These are taken in the order in which they come.
            Some(Ask::Message(message)) => take_message(&self.shared, message).await,
            Some(Ask::Acknowledged(taken)) => {
                let (from, _) = crate::partition::pair_of(taken.from_slot, taken.to_slot);
                self.shared.port(from).notify(Internal::Acknowledged(taken));
            }
            Some(Ask::Result(ask)) => self.result(&ask),
            Some(Ask::Look(_)) => {
                if let Some(cluster) = &self.shared.cluster {
                    cluster.wake.notify_one();
                }
            }
            Some(Ask::Stop(number)) => {
                if let Some(running) = self.running.remove(&number) {
                    running.abort();
                }
            }
            Some(ask) => self.spawn(number, ask),
            None => drop(self.replies.try_send(closed(number))),
        }
    }

    fn spawn(&mut self, number: u64, ask: Ask) {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            let answer = Some(Answer::from(crate::partition::overloaded()));
            drop(self.replies.try_send(Reply { number, answer }));
            return;
        };
        if self.running.len() >= 2 * AT_ONCE {
            self.running.retain(|_, running| !running.is_finished());
        }
        let (runtime, replies) = (self.runtime.clone(), self.replies.clone());
        let task = tokio::spawn(async move {
            carry_out(&runtime, number, ask, &replies).await;
            drop(place);
        });
        self.running.insert(number, task.abort_handle());
    }

    fn result(&self, ask: &CommandAsk) {
        let id = id_in(&ask.id);
        if let Ok(Command::Result { task, outcome }) = Command::from_wire(&ask.command) {
            let results = vec![TaskResult { id, task, outcome }];
            self.shared
                .port(id.slot())
                .notify(Internal::Results(results));
        }
    }
}

fn closed(number: u64) -> Reply {
    let answer = Some(Answer::Closed(true));
    Reply { number, answer }
}

async fn take_message(shared: &Arc<Shared>, message: MessageSent) {
    let (_, to) = crate::partition::pair_of(message.from_slot, message.to_slot);
    match supply_message(shared, &message).await {
        Ok(()) => shared.port(to).notify(Internal::Message(Box::new(message))),
        Err(error) => {
            tracing::warn!(%error, "a message's payload cannot be read; it is sent again")
        }
    }
}

async fn carry_out(runtime: &Runtime, number: u64, ask: Ask, replies: &mpsc::Sender<Reply>) {
    let answer = match ask {
        Ask::Watch(id) => return watch(runtime, number, id_in(&id), replies).await,
        Ask::Start(ask) => start(runtime, *ask).await,
        Ask::Command(ask) => command(runtime, ask).await,
        Ask::Read(ask) => read(runtime, &ask).await,
        Ask::Fresh(slot) => fresh(runtime, slot).await,
        Ask::Permits(ask) => permits(runtime, &ask),
        Ask::Limits(ask) => limits(runtime, &ask),
        Ask::Standing(adapter) => {
            let shared = runtime.shared();
            Answer::Standing(shared.dispatcher.standing(&shared, &adapter).into())
        }
        Ask::Held(id) => {
            let shared = runtime.shared();
            Answer::Held(held_here(&shared, id_in(&id)).await.into())
        }
        Ask::Delete(ask) => delete(runtime, &ask).await,
        Ask::Operation(ask) => operation(runtime, &ask).await,
        Ask::Letter(ask) => letter(runtime, *ask).await,
        Ask::Events(ask) => events(runtime, ask).await,
        Ask::FindOutput(key) => {
            let found = find_output_here(&runtime.shared(), &key).await;
            let told = |found: Option<OutputKept>| Answer::Output(found.unwrap_or_default());
            found.map_or_else(Answer::from, told)
        }
        Ask::KeepOutput(kept) => {
            let done = keep_output_here(&runtime.shared(), kept).await;
            done.map_or_else(Answer::from, |()| Answer::Done(true))
        }
        Ask::Schedule(ask) => schedule(runtime, &ask).await,
        Ask::Drain(ask) => drain(runtime, &ask),
        Ask::LogLevels(ask) => {
            let told = answer_log_levels(&runtime.shared(), &ask);
            let (levels, refused) = told.map_or_else(
                |refused| (String::new(), refused),
                |levels| (levels, String::new()),
            );
            Answer::LogLevels(LogLevelsAnswer { levels, refused })
        }
        // The version stood in the request, and is here.
        Ask::Catalog(_) => Answer::Done(true),
        Ask::Message(_) | Ask::Acknowledged(_) | Ask::Result(_) | Ask::Stop(_) | Ask::Look(_) => {
            return;
        }
    };
    let answer = Some(answer);
    let _gone = replies.send(Reply { number, answer }).await;
}

fn permits(runtime: &Runtime, ask: &super::wire::PermitsAsk) -> Answer {
    let shared = runtime.shared();
    let lent = match &shared.cluster {
        Some(cluster) => cluster.lend(&shared, ask),
        None => Err(Unavailable::Closed),
    };
    lent.map_or_else(Answer::from, Answer::Permits)
}

fn limits(runtime: &Runtime, ask: &crate::limits::LimitsAsk) -> Answer {
    let shared = runtime.shared();
    let Ok(node) = ask.node.parse() else {
        return Unavailable::Closed.into();
    };
    let answer = shared.homes.exchange(&shared, node, ask);
    answer.map_or_else(Answer::from, Answer::Limits)
}

fn drain(runtime: &Runtime, ask: &DrainAsk) -> Answer {
    match &runtime.shared().cluster {
        Some(cluster) => cluster.drain_this(ask.why.as_deref()),
        None => return Unavailable::Closed.into(),
    }
    Answer::Done(true)
}

async fn start(runtime: &Runtime, ask: StartAsk) -> Answer {
    let (id, key) = (id_in(&ask.id), ask.idempotency());
    let begin = crate::handle::Begin {
        id,
        message: ask.message(),
        key,
        actor: ask.actor,
        cause: ask.cause,
        again: ask.again,
        forwarded: true,
    };
    match runtime.start_here(begin, None).await {
        Ok(StartReply::Started(instance)) => Answer::Instance(InstanceAnswer::of(&instance, false)),
        Ok(StartReply::Elsewhere) => Answer::Elsewhere(true),
        Ok(StartReply::Replayed(first)) => Answer::Replayed(id_bytes(first)),
        Ok(StartReply::Conflict) => Answer::Conflict(true),
        Ok(StartReply::Refused(refusal)) => CommandError::Refused(refusal).into(),
        Ok(StartReply::Failed(reason)) | Err(reason) => reason.into(),
    }
}

async fn command(runtime: &Runtime, ask: CommandAsk) -> Answer {
    let id = id_in(&ask.id);
    let command = match Command::from_wire(&ask.command) {
        Ok(command) => command,
        Err(error) => return Unavailable::Store(error.to_string()).into(),
    };
    let order = crate::handle::Order {
        id,
        command,
        command_id: id_in(&ask.command_id),
        actor: ask.actor,
        cause: ask.cause,
    };
    match runtime.command_here(order, ask.again).await {
        Ok(carried) => Answer::Instance(InstanceAnswer::of(&carried.instance, carried.ignored)),
        Err(error) => error.into(),
    }
}

async fn delete(runtime: &Runtime, ask: &DeleteAsk) -> Answer {
    let deleted = runtime.delete_here(id_in(&ask.id), &ask.actor, &ask.reason);
    match deleted.await {
        Ok(()) => Answer::Done(true),
        Err(error) => error.into(),
    }
}

async fn letter(runtime: &Runtime, ask: LetterAsk) -> Answer {
    let start = ask.start.map(|start| LetterStart {
        id: id_in(&start.id),
        message: start.message(),
        cause: start.cause,
    });
    let settled = runtime.settle_letter_here(ask.fact, start, &ask.actor);
    match settled.await {
        Ok(Settling::Done) => Answer::Done(true),
        Ok(Settling::Before) => Answer::Conflict(true),
        Ok(Settling::Gone) => Answer::NotFound(true),
        Ok(Settling::Refused(refusal)) => CommandError::Refused(refusal).into(),
        Err(reason) => reason.into(),
    }
}

async fn operation(runtime: &Runtime, ask: &OperationAsk) -> Answer {
    let order = match serde_json::from_slice(&ask.order) {
        Ok(order) => order,
        Err(error) => return Unavailable::Store(error.to_string()).into(),
    };
    match runtime.operation_at_owner(order, ask.again).await {
        Err(OperationError::Unavailable(reason)) => reason.into(),
        answer => Answer::Operation(serde_json::to_vec(&answer).unwrap_or_default().into()),
    }
}

async fn schedule(runtime: &Runtime, ask: &ScheduleAsk) -> Answer {
    let order = match serde_json::from_slice(&ask.order) {
        Ok(order) => order,
        Err(error) => return Unavailable::Store(error.to_string()).into(),
    };
    match runtime.turn_schedule_here(order).await {
        Err(ScheduleError::Unavailable(reason)) => reason.into(),
        answer => Answer::Schedule(serde_json::to_vec(&answer).unwrap_or_default().into()),
    }
}

async fn events(runtime: &Runtime, ask: EventsAsk) -> Answer {
    let again = ask.again;
    match runtime.take_events_here(&ask.events(), again).await {
        Ok(accepted) => Answer::Events(EventsAnswer::new(accepted)),
        Err(reason) => reason.into(),
    }
}

async fn read(runtime: &Runtime, ask: &ReadAsk) -> Answer {
    let id = id_in(&ask.id);
    let when = When::try_from(ask.when).unwrap_or(When::Now);
    match runtime.read_here(id, when).await {
        Ok(instance) => Answer::Instance(InstanceAnswer::of(&instance, false)),
        Err(error) => error.into(),
    }
}

async fn fresh(runtime: &Runtime, slot: u32) -> Answer {
    let answer = match u16::try_from(slot) {
        Ok(slot) if u32::from(slot) < ALL_SLOTS => {
            let in_time = match runtime.fresh_here(slot).await {
                Ok(in_time) => in_time,
                Err(reason) => return reason.into(),
            };
            let partition = u32::from(runtime.partition_of(Id::new(0, slot, 0)));
            let late = BehindPartition {
                partition,
                behind_ms: 0,
            };
            BehindAnswer {
                partitions: if in_time { vec![] } else { vec![late] },
                ..BehindAnswer::default()
            }
        }
        _ => {
            // Before the wait: what is lost meanwhile is told as behind.
            let owned = runtime.owned_here().into_iter().map(u32::from).collect();
            let behind = runtime.all_fresh_here().await.into_iter();
            let late = behind.map(|behind| BehindPartition {
                partition: u32::from(behind.partition),
                behind_ms: behind.behind_ms,
            });
            BehindAnswer {
                partitions: late.collect(),
                owned,
            }
        }
    };
    Answer::Behind(answer)
}

async fn watch(runtime: &Runtime, number: u64, id: Id, replies: &mpsc::Sender<Reply>) {
    let (records, mut published) = mpsc::channel(RECORDS);
    let (answer, goes_on) = match runtime.watch_here(id, records).await {
        Ok(seq) => (Answer::Watching(seq), true),
        Err(error) => (error.into(), false),
    };
    let answer = Some(answer);
    if replies.send(Reply { number, answer }).await.is_err() || !goes_on {
        return;
    }
    while let Some(record) = published.recv().await {
        let answer = Some(Answer::Published(Box::new(PublishedAnswer::of(record))));
        if replies.send(Reply { number, answer }).await.is_err() {
            return;
        }
    }
    // It was too slow, or the partition is closed: the reader goes on from its history.
    let _gone = replies.send(closed(number)).await;
}

/// How long a request waits at most for the catalog that it was made with.
const CATALOG_WAIT: Duration = Duration::from_secs(2);

impl Shared {
    /// Waits until this node has that version of the catalog, or cannot get it for now.
    pub(super) async fn has_catalog(self: &Arc<Self>, version: u64) {
        if self.catalog.current().version >= version {
            return;
        }
        let refreshed = tokio::time::timeout(CATALOG_WAIT, super::catalog::refresh(self)).await;
        if !matches!(refreshed, Ok(Ok(()))) {
            tracing::warn!(
                version,
                "the catalog that another node has cannot be read yet"
            );
        }
    }
}
