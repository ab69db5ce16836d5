//! What nodes say to each other: frames of requests and replies, as protobuf. A reply carries the
//! number of its request. A field or a variant that a node does not know comes from a newer one: the
//! request is then refused as unknown, and the asker goes on without it.

use std::sync::Arc;

use bytes::Bytes;
use definition::Catalog;
use engine::record::{
    DeadLetterSettled, MessageSent, MessageTaken, OutputKept, Record, StartMessage,
};
use engine::{Id, Instance, Payload, Refusal};
use prost::{Message, Oneof};
use tokio::sync::mpsc;

use super::wire_events::{EventsAnswer, EventsAsk};
use crate::error::{CommandError, Unavailable};
use crate::limits::{HeldTasks, LimitsAnswer, LimitsAsk, StandingAnswer};
use crate::submit::Idempotency;
use crate::subscribe::Published;

/// Bytes with which a frame is sent; one more part may pass it.
const FRAME_BYTES: usize = 256 << 10;

/// A part of a frame and those that wait behind it.
pub(super) fn gather<M: Message>(first: M, waiting: &mut mpsc::Receiver<M>) -> Vec<M> {
    let mut bytes = first.encoded_len();
    let mut parts = vec![first];
    while bytes < FRAME_BYTES
        && let Ok(part) = waiting.try_recv()
    {
        bytes += part.encoded_len();
        parts.push(part);
    }
    parts
}

/// What travels at once.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Frame {
    #[prost(message, repeated, tag = "1")]
    pub(super) requests: Vec<Request>,
    #[prost(message, repeated, tag = "2")]
    pub(super) replies: Vec<Reply>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Request {
    /// Chosen by the asker; 0 where no reply is awaited.
    #[prost(uint64, tag = "1")]
    pub(super) number: u64,
    /// The catalog that the asker looked at: the other side must have it before it decides.
    #[prost(uint64, tag = "2")]
    pub(super) catalog_version: u64,
    #[prost(
        oneof = "Ask",
        tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 80, 81, 90, 96, 97, 108, 120"
    )]
    pub(super) ask: Option<Ask>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Ask {
    #[prost(message, boxed, tag = "10")]
    Start(Box<StartAsk>),
    #[prost(message, tag = "11")]
    Command(CommandAsk),
    #[prost(message, tag = "12")]
    Read(ReadAsk),
    /// Every record of an instance from now on.
    #[prost(bytes, tag = "13")]
    Watch(Bytes),
    #[prost(message, tag = "14")]
    Message(MessageSent),
    #[prost(message, tag = "15")]
    Acknowledged(MessageTaken),
    /// A call that was made for a partition which moved meanwhile came back.
    #[prost(message, tag = "16")]
    Result(CommandAsk),
    /// Wait until the state holds what is durable now, of this slot's partition, or of all (4,096).
    #[prost(uint32, tag = "17")]
    Fresh(u32),
    /// The catalog changed: say when you have it.
    #[prost(bool, tag = "18")]
    Catalog(bool),
    /// Nobody waits any more for the reply to this number.
    #[prost(uint64, tag = "19")]
    Stop(u64),
    /// Ownership changed: look at the leases.
    #[prost(bool, tag = "20")]
    Look(bool),
    /// Lend permits for an adapter's calls.
    #[prost(message, tag = "21")]
    Permits(PermitsAsk),
    /// Delete an ended instance for good.
    #[prost(message, tag = "22")]
    Delete(DeleteAsk),
    /// Own nothing, or own again.
    #[prost(message, tag = "23")]
    Drain(DrainAsk),
    /// Hear what came of an adapter's calls, and lend tokens and probes.
    #[prost(message, tag = "24")]
    Limits(LimitsAsk),
    /// What you have under way of this adapter.
    #[prost(string, tag = "25")]
    Standing(String),
    /// Which tasks of this instance wait.
    #[prost(bytes, tag = "26")]
    Held(Bytes),
    /// Do something with an operation.
    #[prost(message, tag = "80")]
    Operation(OperationAsk),
    /// Settle a dead letter.
    #[prost(message, boxed, tag = "81")]
    Letter(Box<LetterAsk>),
    /// Take events.
    #[prost(message, tag = "90")]
    Events(EventsAsk),
    /// The output that is kept under this scoped key.
    #[prost(string, tag = "96")]
    FindOutput(String),
    /// Keep an output.
    #[prost(message, tag = "97")]
    KeepOutput(OutputKept),
    /// Do something with a schedule.
    #[prost(message, tag = "108")]
    Schedule(ScheduleAsk),
    /// What you log; or log this from now on.
    #[prost(message, tag = "120")]
    LogLevels(LogLevelsAsk),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StartAsk {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) id: Bytes,
    /// Without payloads: these stand beside it, for they are not stored anywhere yet.
    #[prost(message, optional, tag = "2")]
    pub(super) message: Option<StartMessage>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(super) input: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(super) event: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub(super) meta: Option<Bytes>,
    /// Empty: the caller gave none.
    #[prost(string, tag = "6")]
    pub(super) key: String,
    #[prost(bytes = "bytes", tag = "7")]
    pub(super) digest: Bytes,
    #[prost(string, tag = "8")]
    pub(super) actor: String,
    #[prost(string, tag = "9")]
    pub(super) cause: String,
    /// It may have been carried out already.
    #[prost(bool, tag = "10")]
    pub(super) again: bool,
    /// The outputs of the steps that it takes over, in order; empty: it has none.
    #[prost(bytes = "bytes", repeated, tag = "11")]
    pub(super) taken: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CommandAsk {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) id: Bytes,
    /// As [`engine::Command::to_wire`] writes it.
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) command: Bytes,
    #[prost(string, tag = "3")]
    pub(super) actor: String,
    #[prost(string, tag = "4")]
    pub(super) cause: String,
    #[prost(bytes = "bytes", tag = "5")]
    pub(super) command_id: Bytes,
    /// It may have been carried out already.
    #[prost(bool, tag = "6")]
    pub(super) again: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DeleteAsk {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) id: Bytes,
    #[prost(string, tag = "2")]
    pub(super) actor: String,
    #[prost(string, tag = "3")]
    pub(super) reason: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LetterAsk {
    #[prost(message, required, tag = "1")]
    pub(super) fact: DeadLetterSettled,
    #[prost(string, tag = "2")]
    pub(super) actor: String,
    /// What makes its call anew.
    #[prost(message, optional, boxed, tag = "3")]
    pub(super) start: Option<Box<StartAsk>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OperationAsk {
    /// JSON.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) order: Bytes,
    /// It may have been carried out already.
    #[prost(bool, tag = "2")]
    pub(super) again: bool,
}

/// Known again by what stands in it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ScheduleAsk {
    /// JSON.
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) order: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DrainAsk {
    /// Why to own nothing; absent: own again.
    #[prost(string, optional, tag = "1")]
    pub(super) why: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ReadAsk {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) id: Bytes,
    #[prost(enumeration = "When", tag = "2")]
    pub(super) when: i32,
}

/// When an instance is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum When {
    Now = 0,
    Started = 1,
    Ended = 2,
}

/// What a node has under way and wants of an adapter.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PermitsAsk {
    #[prost(string, tag = "1")]
    pub(super) adapter: String,
    #[prost(string, tag = "2")]
    pub(super) node: String,
    #[prost(uint32, tag = "3")]
    pub(super) running: u32,
    #[prost(uint32, tag = "4")]
    pub(super) wanted: u32,
    /// How many there are in all, of a step's limit.
    #[prost(uint32, tag = "5")]
    pub(super) total: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Reply {
    #[prost(uint64, tag = "1")]
    pub(super) number: u64,
    #[prost(
        oneof = "Answer",
        tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 80, 90, 96, 108, 120"
    )]
    pub(super) answer: Option<Answer>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Answer {
    #[prost(message, tag = "10")]
    Instance(InstanceAnswer),
    #[prost(bool, tag = "11")]
    Elsewhere(bool),
    #[prost(bytes, tag = "12")]
    Replayed(Bytes),
    #[prost(bool, tag = "13")]
    Conflict(bool),
    /// As [`engine::Refusal::to_wire`] writes it.
    #[prost(bytes, tag = "14")]
    Refused(Bytes),
    #[prost(bool, tag = "15")]
    NotFound(bool),
    /// Too much waits; try again in so many milliseconds.
    #[prost(uint64, tag = "16")]
    Overloaded(u64),
    /// The partition is not here (any more).
    #[prost(bool, tag = "17")]
    Closed(bool),
    #[prost(string, tag = "18")]
    Failed(String),
    /// Records after this one come from now on.
    #[prost(uint64, tag = "19")]
    Watching(u64),
    #[prost(message, boxed, tag = "20")]
    Published(Box<PublishedAnswer>),
    #[prost(message, tag = "21")]
    Behind(BehindAnswer),
    #[prost(bool, tag = "22")]
    Done(bool),
    /// So many calls may be under way.
    #[prost(uint32, tag = "23")]
    Permits(u32),
    #[prost(message, tag = "24")]
    Limits(LimitsAnswer),
    #[prost(message, tag = "25")]
    Standing(StandingAnswer),
    #[prost(message, tag = "26")]
    Held(HeldTasks),
    /// JSON of the operation, or of why not.
    #[prost(bytes, tag = "80")]
    Operation(Bytes),
    #[prost(message, tag = "90")]
    Events(EventsAnswer),
    /// A kept output; without a key: there is none.
    #[prost(message, tag = "96")]
    Output(OutputKept),
    /// JSON of the schedule's state, or of why not.
    #[prost(bytes, tag = "108")]
    Schedule(Bytes),
    #[prost(message, tag = "120")]
    LogLevels(LogLevelsAnswer),
}

/// See [`Ask::LogLevels`].
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct LogLevelsAsk {
    /// Change it.
    #[prost(bool, tag = "1")]
    pub(crate) set: bool,
    /// To this; none: to what the process began with.
    #[prost(string, optional, tag = "2")]
    pub(crate) levels: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(super) struct LogLevelsAnswer {
    #[prost(string, tag = "1")]
    pub(super) levels: String,
    /// Why there is nothing to tell, or nothing was changed.
    #[prost(string, tag = "2")]
    pub(super) refused: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct InstanceAnswer {
    #[prost(bytes = "bytes", tag = "1")]
    head: Bytes,
    #[prost(message, repeated, tag = "2")]
    chunks: Vec<ChunkAnswer>,
    /// It was a result that came too late to matter.
    #[prost(bool, tag = "3")]
    pub(super) ignored: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ChunkAnswer {
    #[prost(uint32, tag = "1")]
    number: u32,
    #[prost(bytes = "bytes", tag = "2")]
    bytes: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PublishedAnswer {
    #[prost(uint32, tag = "1")]
    partition: u32,
    #[prost(uint64, tag = "2")]
    position: u64,
    #[prost(message, optional, tag = "3")]
    record: Option<Record>,
}

/// Partitions that did not catch up in time.
#[derive(Clone, PartialEq, Message)]
pub(super) struct BehindAnswer {
    #[prost(message, repeated, tag = "1")]
    pub(super) partitions: Vec<BehindPartition>,
    /// Those that the node owned when it was asked: it knows nothing of others.
    #[prost(uint32, repeated, tag = "2")]
    pub(super) owned: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct BehindPartition {
    #[prost(uint32, tag = "1")]
    pub(super) partition: u32,
    #[prost(uint64, tag = "2")]
    pub(super) behind_ms: u64,
}

pub(super) fn id_bytes(id: Id) -> Bytes {
    Bytes::copy_from_slice(&id.bytes())
}

pub(super) fn id_in(bytes: &[u8]) -> Id {
    Id::from_slice(bytes).unwrap_or_default()
}

fn outputs_of(message: &StartMessage) -> Vec<Bytes> {
    let steps = message.taken.iter().flat_map(|taken| &taken.steps);
    let outputs = steps.map(|step| step.output.as_ref());
    outputs
        .map(|output| output.map_or_else(Bytes::new, Payload::bytes))
        .collect()
}

impl StartAsk {
    pub(super) fn new(id: Id, message: &StartMessage, key: Option<&Idempotency>) -> Self {
        let bytes = |payload: &Option<Payload>| payload.as_ref().map(Payload::bytes);
        Self {
            id: id_bytes(id),
            input: bytes(&message.input),
            event: bytes(&message.event),
            meta: bytes(&message.meta),
            taken: outputs_of(message),
            message: Some(StartMessage {
                input: None,
                event: None,
                meta: None,
                ..message.clone()
            }),
            key: key.map(|key| key.key.clone()).unwrap_or_default(),
            digest: key.map_or_else(Bytes::new, |key| Bytes::copy_from_slice(&key.digest)),
            ..Self::default()
        }
    }

    pub(super) fn message(&self) -> StartMessage {
        let payload = |bytes: &Option<Bytes>| bytes.clone().map(Payload::from_bytes);
        let mut message = self.message.clone().unwrap_or_default();
        let steps = message.taken.iter_mut().flat_map(|taken| &mut taken.steps);
        for (step, output) in steps.zip(&self.taken) {
            step.output = (!output.is_empty()).then(|| Payload::from_bytes(output.clone()));
        }
        StartMessage {
            input: payload(&self.input),
            event: payload(&self.event),
            meta: payload(&self.meta),
            ..message
        }
    }

    pub(super) fn idempotency(&self) -> Option<Idempotency> {
        let digest = self.digest[..].try_into().ok()?;
        let key = self.key.clone();
        (!key.is_empty()).then_some(Idempotency { key, digest })
    }
}

impl InstanceAnswer {
    pub(super) fn of(instance: &Instance, ignored: bool) -> Self {
        let snapshot = instance.snapshot();
        let chunks = snapshot.chunks.into_iter();
        Self {
            head: snapshot.head,
            chunks: chunks
                .map(|(number, bytes)| ChunkAnswer { number, bytes })
                .collect(),
            ignored,
        }
    }

    /// The instance, but for its blobs.
    pub(super) fn instance(self, catalog: &Catalog) -> Result<Arc<Instance>, Unavailable> {
        let chunks = self.chunks.into_iter();
        let chunks: Vec<(u32, Bytes)> = chunks.map(|chunk| (chunk.number, chunk.bytes)).collect();
        let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
        let restored = Instance::restore(&self.head, &chunks, find);
        restored
            .map(Arc::new)
            .map_err(|error| Unavailable::Store(format!("another node's answer: {error}")))
    }
}

impl PublishedAnswer {
    pub(super) fn of(published: Published) -> Self {
        Self {
            partition: u32::from(published.partition),
            position: published.position,
            record: Some(published.record),
        }
    }

    pub(super) fn published(self) -> Option<Published> {
        Some(Published {
            partition: u16::try_from(self.partition).ok()?,
            position: self.position,
            record: self.record?,
            cursor: String::new(),
        })
    }
}

impl From<Unavailable> for Answer {
    fn from(reason: Unavailable) -> Self {
        match reason {
            Unavailable::Overloaded { retry_after_ms } => Self::Overloaded(retry_after_ms),
            Unavailable::ShuttingDown | Unavailable::Closed => Self::Closed(true),
            Unavailable::Store(what) => Self::Failed(what),
        }
    }
}

impl From<CommandError> for Answer {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(_) => Self::NotFound(true),
            CommandError::Refused(refusal) => Self::Refused(refusal.to_wire().into()),
            CommandError::Unavailable(reason) => reason.into(),
        }
    }
}

impl Answer {
    /// What an answer says that is not the one which was hoped for.
    pub(super) fn into_error(self, id: Id) -> CommandError {
        match self {
            Self::NotFound(_) => CommandError::NotFound(id),
            Self::Refused(bytes) => match Refusal::from_wire(&bytes) {
                Ok(refusal) => refusal.into(),
                Err(error) => Unavailable::Store(error.to_string()).into(),
            },
            other => other.into_unavailable().into(),
        }
    }

    pub(super) fn into_unavailable(self) -> Unavailable {
        match self {
            Self::Overloaded(retry_after_ms) => Unavailable::Overloaded { retry_after_ms },
            Self::Failed(what) => Unavailable::Store(what),
            // An answer of a newer node that we cannot read is none.
            _ => Unavailable::Closed,
        }
    }
}
