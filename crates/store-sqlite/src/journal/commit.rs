//! The commit thread: takes all requests that wait, makes them durable at once, answers.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use store::StoreError;
use tokio::sync::{mpsc, oneshot};

use super::index::SharedIndex;
use super::log::{Answer, Log, Request};
use crate::failure::{io_failure, repeat};
use crate::files::Files;

/// Requests that wait beyond these make their senders wait.
const WAITING: usize = 4096;
/// A commit takes no further request once it holds this many bytes.
const COMMIT_BYTES: usize = 16 << 20;

/// A request and where its answer goes.
struct Waiting {
    request: Request,
    reply: Reply,
}

type Reply = oneshot::Sender<Result<Answer, StoreError>>;

/// A handle to the commit thread.
pub(crate) struct Committer {
    sender: Option<mpsc::Sender<Waiting>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    index: SharedIndex,
    files: Arc<dyn Files>,
}

impl Committer {
    /// Starts the thread.
    pub(crate) fn start(log: Log) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (index, files) = (log.index.clone(), log.files.clone());
        let thread = std::thread::Builder::new().name("journal".into());
        let spawned = thread.spawn(move || run(log, receiver));
        let handle = spawned.map_err(|error| io_failure("starting the journal's thread", error))?;
        Ok(Self {
            sender: Some(sender),
            thread: Mutex::new(Some(handle)),
            index,
            files,
        })
    }

    /// What can be read of the journal.
    pub(crate) fn index(&self) -> &SharedIndex {
        &self.index
    }

    /// The layer below the journal.
    pub(crate) fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// Answers when the request is durable (or refused).
    pub(crate) async fn ask(&self, request: Request) -> Result<Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender
            .send(Waiting { request, reply })
            .await
            .map_err(|_| gone())?;
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

fn run(mut log: Log, mut receiver: mpsc::Receiver<Waiting>) {
    let mut requests: Vec<Request> = vec![];
    let mut replies: Vec<Reply> = vec![];
    while let Some(first) = receiver.blocking_recv() {
        gather(first, &mut receiver, &mut requests, &mut replies);
        let answered = log.commit(&requests);
        requests.clear();
        reply_all(answered, &mut replies);
    }
}

/// Takes what waits, up to a bound.
fn gather(
    first: Waiting,
    receiver: &mut mpsc::Receiver<Waiting>,
    requests: &mut Vec<Request>,
    replies: &mut Vec<Reply>,
) {
    let mut next = Some(first);
    let mut bytes = 0;
    while let Some(Waiting { request, reply }) = next {
        bytes += weight(&request);
        requests.push(request);
        replies.push(reply);
        next = (bytes < COMMIT_BYTES)
            .then(|| receiver.try_recv().ok())
            .flatten();
    }
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
