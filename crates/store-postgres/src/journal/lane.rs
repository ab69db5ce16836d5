//! A lane: one connection that appends for its share of the partitions. What waits while a commit
//! is under way goes into the next one together.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use store::{Append, Appended, PartitionId, StoreError};
use tokio::sync::{mpsc, oneshot};

use super::append::{append, confirm};
use super::segments::Segments;
use crate::connection::{Connector, Purpose, Session};
use crate::failure::Trouble;

/// Bytes of bodies and blobs in one commit, beyond its first batch.
const GROUP_BYTES: usize = 16 << 20;

/// How often a group moves to another segment when its own was dropped.
const SEGMENTS_TRIED: usize = 3;

type Answer = Result<Appended, StoreError>;

/// An append with where its outcome goes.
pub(crate) struct Request {
    pub(crate) append: Append,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// One connection that appends, opened when it is needed.
pub(crate) struct Lane {
    connector: Arc<Connector>,
    segments: Arc<Segments>,
    deadline: Duration,
    session: Option<Session>,
    requests: mpsc::Receiver<Request>,
    /// Taken from the queue, but not into the group before.
    waiting: VecDeque<Request>,
}

/// What became of the batches of one commit.
type Outcome = BTreeMap<PartitionId, Appended>;

impl Lane {
    pub(crate) fn new(
        connector: Arc<Connector>,
        segments: Arc<Segments>,
        deadline: Duration,
        requests: mpsc::Receiver<Request>,
    ) -> Self {
        Self {
            connector,
            segments,
            deadline,
            session: None,
            requests,
            waiting: VecDeque::new(),
        }
    }

    /// Serves until nobody can ask any more.
    pub(crate) async fn run(mut self) {
        while let Some(group) = self.next_group().await {
            self.serve(group).await;
        }
    }

    /// What waits, at most one batch for each partition: the fence lets only one through.
    async fn next_group(&mut self) -> Option<BTreeMap<PartitionId, Request>> {
        if self.waiting.is_empty() {
            self.waiting.push_back(self.requests.recv().await?);
        }
        // Partitions that can run now, most woken by one commit, join the next one instead of waiting for it to end.
        tokio::task::yield_now().await;
        while let Ok(request) = self.requests.try_recv() {
            self.waiting.push_back(request);
        }
        let (mut group, mut bytes, mut rest) = (BTreeMap::new(), 0, VecDeque::new());
        for request in self.waiting.drain(..) {
            let more = size(&request.append);
            let fits = group.is_empty() || bytes + more <= GROUP_BYTES;
            if fits && !group.contains_key(&request.append.partition) {
                bytes += more;
                group.insert(request.append.partition, request);
            } else {
                rest.push_back(request);
            }
        }
        self.waiting = rest;
        Some(group)
    }

    async fn serve(&mut self, group: BTreeMap<PartitionId, Request>) {
        let batches: Vec<&Append> = group.values().map(|request| &request.append).collect();
        match self.commit(&batches).await {
            Ok(outcome) => {
                for request in group.into_values() {
                    let appended = outcome[&request.append.partition];
                    request.tell(Ok(appended));
                }
            }
            // One partition's row may be what stopped them all.
            Err(trouble) if trouble.nothing_committed() && group.len() > 1 => {
                for request in group.into_values() {
                    let partition = request.append.partition;
                    let alone = self.commit(&[&request.append]).await;
                    let answer = alone.map(|outcome| outcome[&partition]).or_else(failed);
                    request.tell(answer);
                }
            }
            Err(trouble) => {
                let answer = failed(trouble);
                for request in group.into_values() {
                    request.tell(repeat(&answer));
                }
            }
        }
    }

    /// Commits a group, on another segment if the present one was dropped.
    async fn commit(&mut self, batches: &[&Append]) -> Result<Outcome, Trouble> {
        let mut tries = 0;
        loop {
            tries += 1;
            let session = match self
                .session
                .take()
                .filter(|session| !session.client.is_closed())
            {
                Some(session) => session,
                None => self.connector.connect(Purpose::Append).await?,
            };
            let done =
                tokio::time::timeout(self.deadline, commit(&session, &self.segments, batches));
            let done = match done.await {
                Ok(done) => done,
                Err(_) => Err(Trouble::Late(self.deadline)),
            };
            match done {
                Ok(outcome) => {
                    self.session = Some(session);
                    return Ok(outcome);
                }
                Err(trouble) if trouble.gave_way() => {
                    self.session = Some(session);
                    return Err(trouble);
                }
                Err(trouble) => {
                    session.close();
                    if !trouble.table_went() || tries == SEGMENTS_TRIED {
                        return Err(trouble);
                    }
                    self.pick_segment().await?;
                }
            }
        }
    }

    async fn pick_segment(&mut self) -> Result<(), Trouble> {
        let session = self.connector.connect(Purpose::Append).await?;
        let picked = tokio::time::timeout(self.deadline, self.segments.pick(&session));
        match picked.await {
            Ok(Ok(())) => {
                self.session = Some(session);
                Ok(())
            }
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => Err(Trouble::Late(self.deadline)),
        }
    }
}

fn size(append: &Append) -> usize {
    let blobs = append.blobs.iter().map(|blob| blob.bytes.len());
    append.body.len() + blobs.sum::<usize>()
}

/// One commit, and what it says of each batch.
async fn commit(
    session: &Session,
    segments: &Segments,
    batches: &[&Append],
) -> Result<Outcome, Trouble> {
    let segment = segments.current();
    let before = session.unreplicated();
    let written = append(session, segment, batches).await?;
    let durable = |partition| match session.unreplicated() == before {
        true => (partition, Appended::Committed),
        false => (partition, Appended::Unknown),
    };
    let mut outcome: Outcome = written.into_iter().map(durable).collect();
    segments.wrote(
        segment,
        batches.iter().map(|batch| size(batch) as u64).sum(),
    );
    let left = batches
        .iter()
        .filter(|batch| !outcome.contains_key(&batch.partition));
    let left: Vec<&Append> = left.copied().collect();
    if left.is_empty() {
        return Ok(outcome);
    }
    let otherwise = match confirm(session, &left).await {
        Ok(confirmed) => {
            outcome.extend(confirmed.into_iter().map(durable));
            Appended::Fenced
        }
        Err(trouble) => {
            tracing::debug!(
                ?trouble,
                "what an earlier append wrote could not be confirmed"
            );
            Appended::Unknown
        }
    };
    for batch in left {
        outcome.entry(batch.partition).or_insert(otherwise);
    }
    Ok(outcome)
}

impl Request {
    fn tell(self, answer: Answer) {
        // Who asked may be gone; the repeat of the append learns the outcome.
        self.answer.send(answer).ok();
    }
}

/// What a group that did not come through is answered.
fn failed(trouble: Trouble) -> Answer {
    if matches!(trouble, Trouble::Store(_)) || trouble.nothing_committed() {
        return Err(trouble.refusal("appending to the journal"));
    }
    let reason = trouble.refusal("appending to the journal");
    tracing::warn!(%reason, "the outcome of an append is unknown");
    Ok(Appended::Unknown)
}

/// The same answer for another caller of the group.
fn repeat(answer: &Answer) -> Answer {
    match answer {
        Ok(appended) => Ok(*appended),
        Err(StoreError::Unavailable(reason)) => Err(StoreError::Unavailable(reason.clone())),
        Err(error) => Err(StoreError::Unavailable(error.to_string())),
    }
}
