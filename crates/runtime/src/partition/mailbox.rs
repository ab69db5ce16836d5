//! The two lanes into a partition.
//!
//! The internal lane (results, messages, verbs) is never refused: what it carries frees memory.
//! The door is bounded by count and bytes.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use engine::Id;
use engine::record::{KeyTaken, MessageSent, MessageTaken};
use store::{Row, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::letters::{LetterOrder, LetterRow};
use super::load::Loaded;
use super::operations::OperationAsked;
use super::outputs::OutputAsked;
use super::prepared::Prepared;
use super::schedules::ScheduleAsked;
use super::start::StartRequest;
use super::work::Work;
use crate::config::Bounds;
use crate::dispatch::TaskResult;
use crate::error::Unavailable;
use crate::events::EventOrder;
use crate::level::Level;
use crate::windows::CloseOrder;

/// How long a caller is asked to stay away when too much waits, in milliseconds.
const RETRY_AFTER_MS: u64 = 250;

/// What comes from inside; never refused.
#[expect(clippy::large_enum_variant, reason = "nearly all of it is work")]
pub(crate) enum Internal {
    /// Something to do with one instance: a result, a verb.
    Work {
        /// The instance.
        id: Id,
        /// What.
        work: Work,
    },
    /// What came of calls.
    Results(Vec<TaskResult>),
    /// A message from another slot.
    Message(Box<MessageSent>),
    /// A receiver has taken everything up to this number.
    Acknowledged(MessageTaken),
    /// An absent instance was looked up.
    Loaded {
        /// Which.
        id: Id,
        /// It, if it exists.
        found: Result<Option<Box<Loaded>>, StoreError>,
    },
    /// An idempotency key was looked up.
    KeyLoaded {
        /// Which.
        key: String,
        /// What it stands for, if it was taken.
        found: Result<Option<KeyTaken>, StoreError>,
    },
    /// A page of the timer table was read.
    TimersLoaded(Result<Vec<Row>, StoreError>),
    /// The projector has written everything up to this position.
    Projected(u64),
    /// Answer when nothing waits and everything is durable.
    Drain(oneshot::Sender<()>),
    /// Take nothing new, and close when nothing waits and everything is durable.
    Close,
    /// A dead letter is to be settled.
    Letter(Box<LetterOrder>),
    /// A dead letter was looked up.
    LetterLoaded {
        /// Which.
        id: Id,
        /// How it stands.
        found: Result<LetterRow, StoreError>,
    },
    /// An output is looked up or kept.
    Output(Box<OutputAsked>),
    /// Something is asked of an operation.
    Operation(Box<OperationAsked>),
    /// Something is asked of a schedule.
    Schedule(Box<ScheduleAsked>),
    /// What follows from windows that were due.
    Windows(Vec<CloseOrder>),
    /// A message has what it needed beside the partition.
    Prepared(Box<Prepared>),
    /// Send messages again that have waited for their acknowledgement since the last time.
    Redeliver,
}

/// What comes from outside; bounded.
#[expect(
    clippy::large_enum_variant,
    reason = "the larger variant is the one for reads, not for starts"
)]
pub(crate) enum Door {
    /// Start an instance.
    Start(Box<StartRequest>),
    /// Take events, each by itself.
    Events(Vec<EventOrder>),
    /// A read of one instance.
    Work {
        /// The instance.
        id: Id,
        /// What.
        work: Work,
    },
}

/// The sending side, and what the partition shows of itself. It outlives the partition: when that is
/// opened anew it gets a new mailbox.
pub(crate) struct Port {
    mailbox: RwLock<Arc<Mailbox>>,
    open: AtomicBool,
    /// No further call is made for it: it is about to be handed over.
    leaving: AtomicBool,
    /// Calls under way for it, beside those that end at once.
    pub(crate) calls: AtomicUsize,
    /// The last durable position.
    pub(crate) head: Level,
    /// The last projected position.
    pub(crate) reached: Level,
    /// How often its projection was refused since another process had taken it over.
    pub(crate) refused: Level,
    /// How often it ceased to be this process's.
    pub(crate) given_up: Level,
    /// How often the projector was then done with what it had of it.
    pub(crate) forgotten: Level,
    /// Since when the projection has been behind, milliseconds since the epoch.
    pub(crate) behind_since: AtomicI64,
    /// Instances in memory.
    pub(crate) hot: AtomicUsize,
    /// Timers in memory.
    pub(crate) timers: AtomicUsize,
    /// What waited on the internal lane when the partition last looked.
    pub(crate) internal_waiting: AtomicUsize,
    /// Instances that wait for their turn.
    pub(crate) turns_waiting: AtomicUsize,
    /// Windows of triggers that are open.
    pub(crate) windows: AtomicUsize,
}

/// The lanes into one opening of a partition.
struct Mailbox {
    internal: mpsc::UnboundedSender<Internal>,
    door: mpsc::UnboundedSender<(usize, Door)>,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
}

/// The receiving side.
pub(crate) struct Inbox {
    pub(crate) internal: mpsc::UnboundedReceiver<Internal>,
    pub(crate) door: mpsc::UnboundedReceiver<(usize, Door)>,
    mailbox: Arc<Mailbox>,
}

fn mailbox() -> Inbox {
    let (internal, from_inside) = mpsc::unbounded_channel();
    let (door, from_outside) = mpsc::unbounded_channel();
    let mailbox = Mailbox {
        internal,
        door,
        waiting: AtomicUsize::new(0),
        waiting_bytes: AtomicUsize::new(0),
    };
    Inbox {
        internal: from_inside,
        door: from_outside,
        mailbox: Arc::new(mailbox),
    }
}

impl Mailbox {
    fn left(&self, bytes: usize) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        self.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}

impl Inbox {
    /// Something was taken from the door's lane.
    pub(crate) fn left(&self, bytes: usize) {
        self.mailbox.left(bytes);
    }
}

impl Default for Port {
    /// The port of a partition that is not open.
    fn default() -> Self {
        Self {
            mailbox: RwLock::new(mailbox().mailbox),
            open: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            head: Level::default(),
            reached: Level::default(),
            refused: Level::default(),
            given_up: Level::default(),
            forgotten: Level::default(),
            behind_since: AtomicI64::new(0),
            hot: AtomicUsize::new(0),
            timers: AtomicUsize::new(0),
            internal_waiting: AtomicUsize::new(0),
            turns_waiting: AtomicUsize::new(0),
            windows: AtomicUsize::new(0),
        }
    }
}

impl Port {
    /// A new mailbox: the partition is about to be opened.
    pub(crate) fn renew(&self) -> Inbox {
        let inbox = mailbox();
        let mut current = self.mailbox.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&inbox.mailbox);
        self.leaving.store(false, Ordering::Release);
        inbox
    }

    fn mailbox(&self) -> RwLockReadGuard<'_, Arc<Mailbox>> {
        self.mailbox.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something on the internal lane; gives it back when the partition is not here.
    pub(crate) fn send(&self, internal: Internal) -> Result<(), Box<Internal>> {
        let sent = self.mailbox().internal.send(internal);
        sent.map_err(|back| Box::new(back.0))
    }

    /// Puts something on the internal lane that matters to this opening of the partition only.
    pub(crate) fn notify(&self, internal: Internal) {
        let _closed = self.send(internal);
    }

    /// Puts something on the door's lane, if there is room.
    pub(crate) fn enter(
        &self,
        bounds: &Bounds,
        bytes: usize,
        door: Door,
    ) -> Result<(), Unavailable> {
        if !self.is_open() {
            return Err(Unavailable::Closed);
        }
        let mailbox = self.mailbox();
        let waiting = mailbox.waiting.fetch_add(1, Ordering::AcqRel);
        let held = mailbox.waiting_bytes.fetch_add(bytes, Ordering::AcqRel);
        if waiting >= bounds.door_commands || (held > 0 && held + bytes > bounds.door_bytes) {
            mailbox.left(bytes);
            return Err(overloaded());
        }
        mailbox
            .door
            .send((bytes, door))
            .map_err(|_| Unavailable::Closed)
    }

    /// How much waits at the door.
    pub(crate) fn waiting(&self) -> usize {
        self.mailbox().waiting.load(Ordering::Acquire)
    }

    /// Whether the partition is owned and takes commands.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Opens or closes it.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }

    /// Has no further call made for it.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
    }

    /// Whether no further call is to be made for it.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }
}

/// The answer to what cannot be taken for the moment.
pub(crate) fn overloaded() -> Unavailable {
    Unavailable::Overloaded {
        retry_after_ms: RETRY_AFTER_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_is_bounded_by_count_and_bytes_and_the_internal_lane_is_not() {
        let bounds = Bounds {
            door_commands: 2,
            door_bytes: 100,
            ..Bounds::default()
        };
        let port = Port::default();
        assert!(
            port.send(Internal::Projected(0)).is_err(),
            "nobody is there"
        );
        let mut inbox = port.renew();
        let read = || Door::Work {
            id: Id::default(),
            work: Work::Read(oneshot::channel().0),
        };
        assert_eq!(port.enter(&bounds, 1, read()), Err(Unavailable::Closed));
        port.set_open(true);
        assert_eq!(port.enter(&bounds, 90, read()), Ok(()));
        assert_eq!(port.enter(&bounds, 20, read()), Err(overloaded()), "bytes");
        assert_eq!(port.enter(&bounds, 5, read()), Ok(()));
        assert_eq!(port.enter(&bounds, 1, read()), Err(overloaded()), "count");
        let (bytes, _) = inbox.door.try_recv().expect("one waits");
        inbox.left(bytes);
        assert_eq!(port.enter(&bounds, 1, read()), Ok(()));
        (0..100).for_each(|position| port.notify(Internal::Projected(position)));
        assert_eq!(inbox.internal.len(), 100);
    }
}
