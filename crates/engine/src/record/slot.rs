//! Facts about slots (keys and messages), owners and the catalog.

use prost::{Message, Oneof};

use super::{
    CancelRequested, DeadLetterSettled, Empty, Ended, EventCame, EventOffered, EventRefused,
    EventTaken, Failure, KeyReleased, OperationMade, OperationTaken, OperationTurned,
    OperationWorked, Parent, ScheduleTicked, ScheduleTurned, StartRefused, StepsTaken, TaskKey,
    WaitPlaced, WaitRefused, WindowClosed, WindowOffered, WindowReleased, WindowTook,
};
use crate::payload::Payload;

/// See [`super::Body::OwnerOpened`].
#[derive(Clone, PartialEq, Message)]
pub struct OwnerOpened {
    /// The owner's epoch.
    #[prost(uint64, tag = "1")]
    pub epoch: u64,
    /// The node that opened it.
    #[prost(string, tag = "2")]
    pub node: String,
}

/// A fact about a slot: keys, messages, operations, dead letters.
#[derive(Clone, PartialEq, Message)]
pub struct SlotFact {
    /// What.
    #[prost(
        oneof = "SlotBody",
        tags = "1, 2, 3, 4, 5, 80, 81, 82, 83, 84, 86, 90, 91, 96, 108, 109, 114, 115, 116, 130, 131, 132"
    )]
    pub body: Option<SlotBody>,
}

/// What happened in a slot.
#[derive(Clone, PartialEq, Oneof)]
pub enum SlotBody {
    /// An idempotency key was taken.
    #[prost(message, tag = "1")]
    KeyTaken(KeyTaken),
    /// A message to another slot waits to be delivered.
    #[prost(message, tag = "2")]
    MessageSent(MessageSent),
    /// A message was taken; older ones from that slot are repeats.
    #[prost(message, tag = "3")]
    MessageTaken(MessageTaken),
    /// The receiver has taken everything up to this number.
    #[prost(message, tag = "4")]
    MessageAcknowledged(MessageTaken),
    /// A decision was made: the next link of the slot's chain.
    #[prost(message, tag = "5")]
    DecisionChained(DecisionChained),
    /// An idempotency key is free again.
    #[prost(message, tag = "86")]
    KeyReleased(KeyReleased),
    /// An operation on many instances was made.
    #[prost(message, tag = "80")]
    OperationMade(OperationMade),
    /// An operation took the next few in hand.
    #[prost(message, tag = "81")]
    OperationTaken(OperationTaken),
    /// An operation is through with those it had in hand.
    #[prost(message, tag = "82")]
    OperationWorked(OperationWorked),
    /// An operation was held, let go on, or given up.
    #[prost(message, tag = "83")]
    OperationTurned(OperationTurned),
    /// A dead letter needs nobody any more.
    #[prost(message, tag = "84")]
    DeadLetterSettled(DeadLetterSettled),
    /// An event was taken.
    #[prost(message, tag = "90")]
    EventTaken(Box<EventTaken>),
    /// What an event should have started was refused.
    #[prost(message, tag = "91")]
    EventRefused(EventRefused),
    /// An output is kept, to be used again.
    #[prost(message, tag = "96")]
    OutputKept(OutputKept),
    /// A schedule went on.
    #[prost(message, tag = "108")]
    ScheduleTicked(Box<ScheduleTicked>),
    /// A person turned a schedule.
    #[prost(message, tag = "109")]
    ScheduleTurned(ScheduleTurned),
    /// A step waits for an event.
    #[prost(message, tag = "114")]
    WaitPlaced(WaitPlaced),
    /// It waits no more.
    #[prost(message, tag = "115")]
    WaitWithdrawn(WaitPlaced),
    /// An event came to where waits for it are known, and is kept there for a while.
    #[prost(message, tag = "116")]
    EventOffered(Box<EventOffered>),
    /// Something came to a window of a trigger.
    #[prost(message, tag = "130")]
    WindowTook(Box<WindowTook>),
    /// A window closed.
    #[prost(message, tag = "131")]
    WindowClosed(WindowClosed),
    /// A window let some of what it held back go.
    #[prost(message, tag = "132")]
    WindowReleased(WindowReleased),
}

/// An output that steps with this key use instead of calling. Its row lies among the idempotency keys,
/// whose end of time has the same tag, so that one sweep forgets both.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OutputKept {
    /// Where it is found: the scoped key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The instance that it was made for (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub instance: bytes::Bytes,
    /// When it may be forgotten, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub expires_at: i64,
    /// The output, JSON.
    #[prost(bytes = "bytes", tag = "5")]
    pub output: bytes::Bytes,
    /// Scoped keys that give way to it; not in the row.
    #[prost(string, repeated, tag = "6")]
    pub instead_of: Vec<String>,
}

/// A link of a slot's chain of decisions.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DecisionChained {
    /// The slot.
    #[prost(uint32, tag = "1")]
    pub slot: u32,
    /// From 1, without a gap.
    #[prost(uint64, tag = "2")]
    pub number: u64,
    /// The instance (16 bytes).
    #[prost(bytes = "bytes", tag = "3")]
    pub instance: bytes::Bytes,
    /// The place of the decision's record in the instance's history.
    #[prost(uint64, tag = "4")]
    pub seq: u64,
    /// BLAKE3 of that record's body.
    #[prost(bytes = "bytes", tag = "5")]
    pub digest: bytes::Bytes,
    /// BLAKE3 over all of this and the link before.
    #[prost(bytes = "bytes", tag = "6")]
    pub hash: bytes::Bytes,
    /// Who, what, when and why, in JSON, as it is shown.
    #[prost(string, tag = "7")]
    pub told: String,
}

/// An idempotency key and what it stands for.
#[derive(Clone, PartialEq, Message)]
pub struct KeyTaken {
    /// The scoped key.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The instance that it started (16 bytes).
    #[prost(bytes = "bytes", tag = "2")]
    pub id: bytes::Bytes,
    /// BLAKE3 of the request's body.
    #[prost(bytes = "bytes", tag = "3")]
    pub digest: bytes::Bytes,
    /// When it may be forgotten.
    #[prost(int64, tag = "4")]
    pub expires_at: i64,
}

/// A numbered message from one slot to another.
#[derive(Clone, PartialEq, Message)]
pub struct MessageSent {
    /// From.
    #[prost(uint32, tag = "1")]
    pub from_slot: u32,
    /// To.
    #[prost(uint32, tag = "2")]
    pub to_slot: u32,
    /// Rises by one per pair of slots.
    #[prost(uint64, tag = "3")]
    pub number: u64,
    /// The addressee (16 bytes).
    #[prost(bytes = "bytes", tag = "4")]
    pub to: bytes::Bytes,
    /// What it says.
    #[prost(message, optional, boxed, tag = "5")]
    pub message: Option<Box<Envelope>>,
}

/// A mark in the sequence of messages between two slots.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct MessageTaken {
    /// From.
    #[prost(uint32, tag = "1")]
    pub from_slot: u32,
    /// To.
    #[prost(uint32, tag = "2")]
    pub to_slot: u32,
    /// The number.
    #[prost(uint64, tag = "3")]
    pub number: u64,
}

/// What one instance (or key) tells another.
#[derive(Clone, PartialEq, Message)]
pub struct Envelope {
    /// What.
    #[prost(
        oneof = "MessageBody",
        tags = "1, 2, 3, 4, 5, 86, 117, 118, 119, 120, 121, 122, 133"
    )]
    pub body: Option<MessageBody>,
}

/// The messages there are.
#[expect(clippy::large_enum_variant, reason = "nearly all messages are starts")]
#[derive(Clone, PartialEq, Oneof)]
pub enum MessageBody {
    /// Start this child, or this instance whose key lives elsewhere.
    #[prost(message, tag = "1")]
    Start(StartMessage),
    /// A child ended.
    #[prost(message, tag = "2")]
    ChildEnded(ChildEnded),
    /// The parent cancels its child.
    #[prost(message, tag = "3")]
    CancelChild(CancelRequested),
    /// The parent undoes its completed child.
    #[prost(message, tag = "4")]
    CompensateChild(Empty),
    /// The child undid itself (or could not).
    #[prost(message, tag = "5")]
    ChildCompensated(ChildEnded),
    /// A start under an idempotency key was refused: the key is free again.
    #[prost(message, tag = "86")]
    StartRefused(StartRefused),
    /// Take this event, which an instance publishes.
    #[prost(message, tag = "117")]
    Emit(Box<EventTaken>),
    /// An event, to where those who wait for it are known.
    #[prost(message, tag = "118")]
    EventOffered(Box<EventOffered>),
    /// A step waits for an event.
    #[prost(message, tag = "119")]
    WaitPlaced(WaitPlaced),
    /// It waits no more.
    #[prost(message, tag = "120")]
    WaitWithdrawn(WaitPlaced),
    /// An event comes to a step that waits.
    #[prost(message, tag = "121")]
    EventCame(Box<EventCame>),
    /// Too many wait already.
    #[prost(message, tag = "122")]
    WaitRefused(WaitRefused),
    /// Something comes to a window of a trigger.
    #[prost(message, tag = "133")]
    WindowOffered(Box<WindowOffered>),
}

/// A start that travels.
#[derive(Clone, PartialEq, Message)]
pub struct StartMessage {
    /// The workflow.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// The version; empty means what a start without a version takes.
    #[prost(string, tag = "2")]
    pub version: String,
    /// The input.
    #[prost(message, optional, tag = "3")]
    pub input: Option<Payload>,
    /// The correlation id.
    #[prost(string, tag = "4")]
    pub correlation_id: String,
    /// Whom it is about; empty if the definition says.
    #[prost(string, tag = "5")]
    pub subject: String,
    /// Attributes given by the caller.
    #[prost(btree_map = "string, string", tag = "6")]
    pub attributes: std::collections::BTreeMap<String, String>,
    /// The priority; empty means `normal`.
    #[prost(string, tag = "7")]
    pub priority: String,
    /// The parent.
    #[prost(message, optional, tag = "8")]
    pub parent: Option<Parent>,
    /// The triggering event's data where it is not the input.
    #[prost(message, optional, tag = "9")]
    pub event: Option<Payload>,
    /// The triggering event's attributes.
    #[prost(message, optional, tag = "10")]
    pub meta: Option<Payload>,
    /// The trigger.
    #[prost(string, tag = "11")]
    pub trigger: String,
    /// Who set it in motion, where that is not who sends this: of a child, its root's.
    #[prost(string, tag = "12")]
    pub requester: String,
    /// When its steps begin, milliseconds since the epoch; 0 means at once.
    #[prost(int64, tag = "13")]
    pub start_at: i64,
    /// The key of its limit, as it was computed for its slot; none: it is computed at the start.
    #[prost(string, optional, tag = "86")]
    pub turn_key: Option<String>,
    /// The idempotency key that was taken for it in another slot; empty if none.
    #[prost(string, tag = "87")]
    pub idempotency_key: String,
    /// What led to it, where that is not the parent; empty means `api`.
    #[prost(string, tag = "80")]
    pub cause: String,
    /// Steps that count as ended, of a replay from a step on.
    #[prost(message, optional, boxed, tag = "14")]
    pub taken: Option<Box<StepsTaken>>,
}

/// How a child ended.
#[derive(Clone, PartialEq, Message)]
pub struct ChildEnded {
    /// The parent's step and the start this answers.
    #[prost(message, required, tag = "1")]
    pub task: TaskKey,
    /// How.
    #[prost(enumeration = "Ended", tag = "2")]
    pub how: i32,
    /// Its output.
    #[prost(message, optional, tag = "3")]
    pub output: Option<Payload>,
    /// Its error.
    #[prost(message, optional, tag = "4")]
    pub error: Option<Failure>,
}

/// See [`super::Body::InstanceDeleted`].
#[derive(Clone, PartialEq, Message)]
pub struct InstanceDeleted {
    /// The instance (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: bytes::Bytes,
    /// Why, as the caller said.
    #[prost(string, tag = "2")]
    pub reason: String,
}

/// The catalog changed.
#[derive(Clone, PartialEq, Message)]
pub struct CatalogChanged {
    /// The catalog's version after it.
    #[prost(uint64, tag = "1")]
    pub version: u64,
    /// The changed resources, each the JSON of a stored resource.
    #[prost(string, repeated, tag = "2")]
    pub resources: Vec<String>,
    /// Why, as the caller said.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// What somebody did to the system itself, for the audit; empty: the catalog was changed.
    #[prost(string, tag = "4")]
    pub act: String,
    /// The node that it was done to, if it was one.
    #[prost(string, tag = "5")]
    pub node: String,
}
