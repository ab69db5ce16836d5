//! The one thread that writes `state.db` and the buckets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread::JoinHandle;

use rusqlite::Connection;
use store::{EntityId, Projection, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::bucket::Buckets;
use super::classes::Classes;
use super::ids::Seen;
use super::kinds::Kinds;
use super::recent::SharedView;
use crate::failure::{io_failure, repeat};

/// Jobs that wait beyond these make their senders wait.
const WAITING: usize = 64;
/// Projections that wait are written in one transaction up to this many changes.
const TRANSACTION_CHANGES: usize = 20_000;
/// Bucket files that the writer keeps open between moves.
const OPEN_BUCKETS: usize = 8;

/// What the writer's thread owns.
pub(crate) struct Writer {
    pub(super) folder: PathBuf,
    pub(super) state: Connection,
    pub(super) view: SharedView,
    pub(super) buckets: Buckets,
    pub(super) bucket_connections: BTreeMap<i64, Connection>,
    /// Instances whose chunks or history lie in the tables, but whose row has not come yet.
    pub(super) rowless: BTreeSet<EntityId>,
    /// Which instances need not be looked for.
    pub(super) seen: Seen,
    /// The kinds of `state.db` that the transaction in hand has needed.
    pub(super) kinds: Kinds,
    /// Likewise the classes.
    pub(super) classes: Classes,
    /// The next run's number, above all that were ever used.
    pub(super) next_run: u64,
    /// Recently ended instances beyond this many bytes are moved to buckets at once.
    pub(super) recent_bytes: usize,
    /// The next bucket's generation.
    pub(super) generation: u64,
}

impl Writer {
    /// A connection to a bucket's file.
    pub(super) fn bucket(&mut self, start: i64) -> Result<&Connection, StoreError> {
        if !self.bucket_connections.contains_key(&start) {
            let connection = self.buckets.connect(start)?;
            self.bucket_connections.insert(start, connection);
        }
        Ok(&self.bucket_connections[&start])
    }

    /// Lets go of the oldest buckets' files.
    pub(super) fn close_some(&mut self) {
        while self.bucket_connections.len() > OPEN_BUCKETS {
            self.bucket_connections.pop_first();
        }
    }
}

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;
type Work = Box<dyn FnOnce(&mut Writer) + Send>;

enum Job {
    Project(Vec<Projection>, Reply<()>),
    Work(Work),
}

/// A handle to the writer's thread.
pub(crate) struct WriterHandle {
    sender: Option<mpsc::Sender<Job>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl WriterHandle {
    /// Starts the thread.
    pub(crate) fn start(writer: Writer) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let thread = std::thread::Builder::new().name("state-writer".into());
        let spawned = thread.spawn(move || run(writer, receiver));
        let handle = spawned.map_err(|error| io_failure("starting the state's thread", error))?;
        Ok(Self {
            sender: Some(sender),
            thread: Mutex::new(Some(handle)),
        })
    }

    /// Answers when the projections are committed.
    pub(crate) async fn project(&self, projections: Vec<Projection>) -> Result<(), StoreError> {
        self.send(|reply| Job::Project(projections, reply)).await
    }

    /// Does some work on the writer's thread, between transactions.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let job = |reply: Reply<T>| {
            // Who asked may have gone; the work is done all the same.
            Job::Work(Box::new(move |writer| drop(reply.send(work(writer)))))
        };
        self.send(job).await
    }

    async fn send<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send(job(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for WriterHandle {
    fn drop(&mut self) {
        self.sender = None;
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the state's writer panicked");
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the state's writer has ended".into())
}

fn run(mut writer: Writer, mut receiver: mpsc::Receiver<Job>) {
    let mut next = receiver.blocking_recv();
    while let Some(job) = next.take() {
        match job {
            Job::Work(work) => work(&mut writer),
            Job::Project(projections, reply) => {
                next = project(&mut writer, projections, reply, &mut receiver);
            }
        }
        if next.is_none() {
            next = receiver.blocking_recv();
        }
    }
}

/// Writes these projections and those that wait behind them; answers the job that came between.
fn project(
    writer: &mut Writer,
    mut projections: Vec<Projection>,
    reply: Reply<()>,
    receiver: &mut mpsc::Receiver<Job>,
) -> Option<Job> {
    let mut replies = vec![reply];
    let mut other = None;
    let changes = |projections: &[Projection]| -> usize {
        projections
            .iter()
            .map(|projection| projection.changes.len())
            .sum()
    };
    let mut gathered = changes(&projections);
    while gathered < TRANSACTION_CHANGES {
        match receiver.try_recv() {
            Ok(Job::Project(more, reply)) => {
                gathered += changes(&more);
                projections.extend(more);
                replies.push(reply);
            }
            Ok(job) => {
                other = Some(job);
                break;
            }
            Err(_) => break,
        }
    }
    let done = writer.project(projections);
    for reply in replies {
        let _ = reply.send(done.as_ref().copied().map_err(repeat));
    }
    other
}
