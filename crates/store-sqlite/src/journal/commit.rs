//! The commit thread: takes all requests that wait, makes them durable at once, answers.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use store::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::index::SharedIndex;
use super::log::{Answer, Log, Request};
use crate::failure::{io_failure, repeat};

/// Requests that wait beyond these make their senders wait.
const WAITING: usize = 4096;
/// A commit takes no further request once it holds this many bytes.
const COMMIT_BYTES: usize = 16 << 20;

/// A request and where its answer goes.
enum Waiting {
    Request(Request, oneshot::Sender<Result<Answer, StoreError>>),
    Remove(Vec<u64>, oneshot::Sender<Result<(), StoreError>>),
}

/// A handle to the commit thread.
pub(crate) struct Committer {
    sender: Option<mpsc::Sender<Waiting>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    index: SharedIndex,
}

impl Committer {
    /// Starts the thread.
    pub(crate) fn start(log: Log) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let index = Arc::clone(&log.index);
        let thread = std::thread::Builder::new().name("journal".into());
        let spawned = thread.spawn(move || run(log, receiver));
        let handle = spawned.map_err(|error| io_failure("starting the journal's thread", error))?;
        Ok(Self {
            sender: Some(sender),
            thread: Mutex::new(Some(handle)),
            index,
        })
    }

    /// What can be read of the journal.
    pub(crate) fn index(&self) -> &SharedIndex {
        &self.index
    }

    /// Answers when the request is durable (or refused).
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        self.send(|reply| Waiting::Request(request, reply)).await
    }

    /// Removes segments.
    pub(crate) async fn remove(&self, segments: Vec<u64>) -> Result<(), StoreError> {
        self.send(|reply| Waiting::Remove(segments, reply)).await
    }

    async fn send<T>(
        &self,
        waiting: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Waiting,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send(waiting(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for Committer {
    /// Waits for what was accepted, so that whoever opens the folder next finds it at rest.
    fn drop(&mut self) {
        self.sender = None;
        let thread = self.thread.get_mut().ok().and_then(Option::take);
        if let Some(Err(_)) = thread.map(JoinHandle::join) {
            tracing::error!("the journal's thread panicked");
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the journal's thread has ended".into())
}

type Reply = oneshot::Sender<Result<Answer, StoreError>>;

fn run(mut log: Log, mut receiver: mpsc::Receiver<Waiting>) {
    let mut requests: Vec<Request> = vec![];
    let mut replies: Vec<Reply> = vec![];
    while let Some(first) = receiver.blocking_recv() {
        let removal = gather(first, &mut receiver, &mut requests, &mut replies);
        let answered = log.commit(&requests);
        requests.clear();
        reply_all(answered, &mut replies);
        if let Some((segments, reply)) = removal {
            let _ = reply.send(log.remove(&segments));
        }
    }
}

type Removal = (Vec<u64>, oneshot::Sender<Result<(), StoreError>>);

/// Takes what waits, up to a bound; a removal ends the commit.
fn gather(
    first: Waiting,
    receiver: &mut mpsc::Receiver<Waiting>,
    requests: &mut Vec<Request>,
    replies: &mut Vec<Reply>,
) -> Option<Removal> {
    let mut next = Some(first);
    let mut bytes = 0;
    while let Some(waiting) = next {
        match waiting {
            Waiting::Request(request, reply) => {
                bytes += weight(&request);
                requests.push(request);
                replies.push(reply);
            }
            Waiting::Remove(segments, reply) => return Some((segments, reply)),
        }
        next = (bytes < COMMIT_BYTES)
            .then(|| receiver.try_recv().ok())
            .flatten();
    }
    None
}

fn weight(request: &Request) -> usize {
    match request {
        Request::TakeOver(_) => 0,
        Request::Append(append) => {
            append.body.len()
                + append
                    .blobs
                    .iter()
                    .map(|blob| blob.bytes.len())
                    .sum::<usize>()
        }
    }
}

/// A receiver that is gone has lost interest in its answer; the batch is durable all the same.
fn reply_all(answered: Result<Vec<Answer>, StoreError>, replies: &mut Vec<Reply>) {
    match answered {
        Ok(answers) => {
            for (reply, answer) in replies.drain(..).zip(answers) {
                let _ = reply.send(Ok(answer));
            }
        }
        Err(error) => {
            for reply in replies.drain(..) {
                let _ = reply.send(Err(repeat(&error)));
            }
        }
    }
}
