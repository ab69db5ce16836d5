//! The two lanes into a partition.
//!
//! The internal lane (results, messages, verbs) is never refused: what it carries frees memory.
//! The door is bounded by count and bytes.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use engine::Id;
use engine::record::{KeyTaken, MessageSent, MessageTaken};
use store::{Row, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::load::Loaded;
use super::start::StartRequest;
use super::work::Work;
use crate::config::Bounds;
use crate::dispatch::TaskResult;
use crate::error::Unavailable;
use crate::level::Level;

/// How long a caller is asked to stay away when too much waits, in milliseconds.
const RETRY_AFTER_MS: u64 = 250;

/// What comes from inside; never refused.
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
}

/// What comes from outside; bounded.
#[expect(
    clippy::large_enum_variant,
    reason = "the larger variant is the one for reads, not for starts"
)]
pub(crate) enum Door {
    /// Start an instance.
    Start(Box<StartRequest>),
    /// A read of one instance.
    Work {
        /// The instance.
        id: Id,
        /// What.
        work: Work,
    },
}

/// The sending side, and what the partition shows of itself.
pub(crate) struct Port {
    internal: mpsc::UnboundedSender<Internal>,
    door: mpsc::UnboundedSender<(usize, Door)>,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    open: AtomicBool,
    /// The last durable position.
    pub(crate) head: Level,
    /// The last projected position.
    pub(crate) reached: Level,
    /// Since when the projection has been behind, milliseconds since the epoch.
    pub(crate) behind_since: AtomicI64,
    /// Instances in memory.
    pub(crate) hot: AtomicUsize,
    /// Timers in memory.
    pub(crate) timers: AtomicUsize,
    /// What waited on the internal lane when the partition last looked.
    pub(crate) internal_waiting: AtomicUsize,
}

/// The receiving side.
pub(crate) struct Inbox {
    pub(crate) internal: mpsc::UnboundedReceiver<Internal>,
    pub(crate) door: mpsc::UnboundedReceiver<(usize, Door)>,
}

/// The two sides of a new mailbox.
pub(crate) fn inbox() -> (Port, Inbox) {
    let (internal, from_inside) = mpsc::unbounded_channel();
    let (door, from_outside) = mpsc::unbounded_channel();
    let port = Port {
        internal,
        door,
        waiting: AtomicUsize::new(0),
        waiting_bytes: AtomicUsize::new(0),
        open: AtomicBool::new(false),
        head: Level::default(),
        reached: Level::default(),
        behind_since: AtomicI64::new(0),
        hot: AtomicUsize::new(0),
        timers: AtomicUsize::new(0),
        internal_waiting: AtomicUsize::new(0),
    };
    (
        port,
        Inbox {
            internal: from_inside,
            door: from_outside,
        },
    )
}

impl Port {
    /// Puts something on the internal lane. A partition that is gone needs no message any more.
    pub(crate) fn send(&self, internal: Internal) {
        let _closed = self.internal.send(internal);
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
        let waiting = self.waiting.fetch_add(1, Ordering::AcqRel);
        let held = self.waiting_bytes.fetch_add(bytes, Ordering::AcqRel);
        if waiting >= bounds.door_commands || (held > 0 && held + bytes > bounds.door_bytes) {
            self.left(bytes);
            return Err(overloaded());
        }
        self.door
            .send((bytes, door))
            .map_err(|_| Unavailable::Closed)
    }

    /// Something was taken from the door's lane.
    pub(crate) fn left(&self, bytes: usize) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        self.waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// How much waits at the door.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Whether the partition is owned and takes commands.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Opens or closes it.
    pub(crate) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
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
        let (port, mut inbox) = inbox();
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
        port.left(bytes);
        assert_eq!(port.enter(&bounds, 1, read()), Ok(()));
        (0..100).for_each(|position| port.send(Internal::Projected(position)));
        assert_eq!(inbox.internal.len(), 100);
    }
}
