//! One connection to another node: what is asked of it travels in batches, as it comes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use prost::Message;
use store::Node;
use tokio::sync::{mpsc, oneshot};

use super::wire::{Answer, Ask, Frame, Reply, Request, gather};
use crate::error::Unavailable;
use crate::level::Level;
use crate::partition::overloaded;
use crate::subscribe::Published;

/// Requests that wait to be sent.
const WAITING: usize = 10_000;
/// Requests that wait for their reply.
const PENDING: usize = 20_000;
/// After so many further streams those are ended whose readers have gone.
const SWEEP_EVERY: usize = 64;
/// First pause before a connection is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection between two nodes. It carries frames whole and in order until either side drops it.
pub struct Connection {
    /// Frames to the other side; waits while it takes none.
    pub outgoing: mpsc::Sender<Bytes>,
    /// Frames from the other side; ends with the connection.
    pub incoming: mpsc::Receiver<Bytes>,
}

/// How nodes reach each other.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Connects to a node and proves to it that this one belongs to its cluster.
    ///
    /// # Errors
    /// With the reason, in a sentence.
    async fn connect(&self, to: &Node) -> Result<Connection, String>;
}

/// This node's side of the connection to another one, made anew when it breaks.
pub(super) struct Link {
    requests: mpsc::Sender<Request>,
    pending: Mutex<BTreeMap<u64, Pending>>,
    next: AtomicU64,
    /// 1 once nothing more can be asked.
    ended: Level,
}

/// Who waits for what.
enum Pending {
    Reply(oneshot::Sender<Answer>),
    /// First the answer, then records.
    Records {
        begun: Option<oneshot::Sender<Answer>>,
        records: mpsc::Sender<Published>,
    },
}

/// A request whose reply is awaited; when it is dropped, the other side is told to stop.
struct Awaited<'a> {
    link: &'a Link,
    number: u64,
    /// Nothing has to be stopped any more.
    settled: bool,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if !self.settled && self.link.pending().remove(&self.number).is_some() {
            self.link.tell(0, Ask::Stop(self.number));
        }
    }
}

impl Link {
    /// A link, and what is asked over it.
    pub(super) fn new() -> (Arc<Self>, mpsc::Receiver<Request>) {
        let (requests, asked) = mpsc::channel(WAITING);
        let link = Self {
            requests,
            pending: Mutex::default(),
            next: AtomicU64::new(1),
            ended: Level::default(),
        };
        (Arc::new(link), asked)
    }

    /// Asks, and waits for the answer; fails when the connection breaks first, in which case nobody
    /// knows what became of it.
    pub(super) async fn ask(&self, catalog_version: u64, ask: Ask) -> Result<Answer, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let mut awaited = self.send(catalog_version, ask, Pending::Reply(reply))?;
        let answer = answer.await.map_err(|_| Unavailable::Closed);
        awaited.settled = true;
        answer
    }

    /// Asks for an instance's records; they come until the sender is dropped on either side.
    pub(super) async fn watch(
        &self,
        catalog_version: u64,
        ask: Ask,
        records: mpsc::Sender<Published>,
    ) -> Result<Answer, Unavailable> {
        self.sweep();
        let (begun, answer) = oneshot::channel();
        let pending = Pending::Records {
            begun: Some(begun),
            records,
        };
        let mut awaited = self.send(catalog_version, ask, pending)?;
        let answer = answer.await.map_err(|_| Unavailable::Closed);
        awaited.settled = true;
        answer
    }

    /// Tells something that needs no answer; what cannot be sent is lost.
    pub(super) fn tell(&self, catalog_version: u64, ask: Ask) {
        let request = Request {
            number: 0,
            catalog_version,
            ask: Some(ask),
        };
        let _full_or_gone = self.requests.try_send(request);
    }

    fn send(
        &self,
        catalog_version: u64,
        ask: Ask,
        waiting: Pending,
    ) -> Result<Awaited<'_>, Unavailable> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut pending = self.pending();
        if self.ended.get() > 0 {
            return Err(Unavailable::Closed);
        }
        if pending.len() >= PENDING {
            return Err(overloaded());
        }
        pending.insert(number, waiting);
        drop(pending);
        let request = Request {
            number,
            catalog_version,
            ask: Some(ask),
        };
        let awaited = Awaited {
            link: self,
            number,
            settled: false,
        };
        match self.requests.try_send(request) {
            Ok(()) => Ok(awaited),
            Err(_) => Err(overloaded()),
        }
    }

    /// Ends what watches in vain: of an instance that rests, no record would tell that nobody wants
    /// them any more.
    fn sweep(&self) {
        let mut pending = self.pending();
        if !pending.len().is_multiple_of(SWEEP_EVERY) {
            return;
        }
        let idle = |(number, waiting): (&u64, &Pending)| match waiting {
            Pending::Records { records, .. } if records.is_closed() => Some(*number),
            _ => None,
        };
        let idle: Vec<u64> = pending.iter().filter_map(idle).collect();
        for number in idle {
            pending.remove(&number);
            self.tell(0, Ask::Stop(number));
        }
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<u64, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a reply in; answers the number of a request that is to be stopped.
    fn resolve(&self, reply: Reply) -> Option<u64> {
        let (number, answer) = (reply.number, reply.answer.unwrap_or(Answer::Closed(true)));
        let mut pending = self.pending();
        match pending.remove(&number)? {
            Pending::Reply(reply) => {
                // Who asked may have gone.
                let _gone = reply.send(answer);
                None
            }
            Pending::Records { begun, records } => {
                let goes_on = match (answer, begun) {
                    (Answer::Published(published), None) => {
                        let published = published.published();
                        // False when it does not keep up, or nobody wants them any more.
                        published.is_some_and(|record| records.try_send(record).is_ok())
                    }
                    (answer @ Answer::Watching(_), Some(begun)) => begun.send(answer).is_ok(),
                    (answer, begun) => {
                        begun.map(|begun| begun.send(answer));
                        return None;
                    }
                };
                if goes_on {
                    let begun = None;
                    pending.insert(number, Pending::Records { begun, records });
                }
                (!goes_on).then_some(number)
            }
        }
    }

    /// The connection broke: who waits asks anew, here or elsewhere.
    fn fail_all(&self) {
        let failed = std::mem::take(&mut *self.pending());
        drop(failed);
    }

    /// Nothing more can be asked.
    pub(super) fn end(&self) {
        self.ended.raise(1);
        self.fail_all();
    }

    /// Keeps the connection until the link is not needed any more.
    pub(super) async fn run(
        self: Arc<Self>,
        peers: Arc<dyn Peers>,
        to: Node,
        mut asked: mpsc::Receiver<Request>,
    ) {
        let mut pause = FIRST_PAUSE;
        while self.ended.get() == 0 {
            match peers.connect(&to).await {
                Ok(connection) => {
                    tracing::info!(node = %to.name, url = %to.url, "connected to a node");
                    pause = FIRST_PAUSE;
                    self.converse(connection, &mut asked).await;
                    tracing::info!(node = %to.name, "the connection to a node ended");
                }
                Err(reason) => {
                    tracing::warn!(node = %to.name, url = %to.url, %reason, "a node cannot be reached");
                }
            }
            // What waits was asked of a connection that is gone.
            while asked.try_recv().is_ok() {}
            self.fail_all();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn converse(&self, connection: Connection, asked: &mut mpsc::Receiver<Request>) {
        let Connection {
            outgoing,
            mut incoming,
        } = connection;
        loop {
            tokio::select! {
                biased;
                () = self.ended.reach(1) => return,
                frame = incoming.recv() => {
                    let Some(Ok(frame)) = frame.map(Frame::decode) else { return };
                    for number in frame.replies.into_iter().filter_map(|reply| self.resolve(reply)) {
                        self.tell(0, Ask::Stop(number));
                    }
                }
                request = asked.recv() => {
                    let Some(request) = request else { return };
                    let frame = Frame {
                        requests: gather(request, asked),
                        ..Frame::default()
                    };
                    if outgoing.send(frame.encode_to_vec().into()).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
