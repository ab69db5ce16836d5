//! The records of one instance: past, then live.

use std::collections::VecDeque;
use std::time::Duration;

use engine::Id;
use tokio::sync::mpsc;

use super::subscription::Published;
use crate::error::{CommandError, StreamError};
use crate::handle::Runtime;

/// Records that may wait for a subscriber; one that is slower reads its history again.
const BUFFER: usize = 256;
/// Records of the past that are read at once.
const PAGE: usize = 500;
/// Pause before the history is read again when the projector is behind.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct InstanceStream {
    runtime: Runtime,
    id: Id,
    /// The last record that was given.
    last: u64,
    /// Everything up to here comes from the history.
    known: u64,
    past: VecDeque<Published>,
    live: Option<mpsc::Receiver<Published>>,
}

impl InstanceStream {
    pub(super) async fn begin(
        runtime: Runtime,
        id: Id,
        from_seq: u64,
    ) -> Result<Self, StreamError> {
        let past = VecDeque::new();
        let mut stream = Self {
            runtime,
            id,
            last: from_seq,
            known: 0,
            past,
            live: None,
        };
        stream.attach().await?;
        Ok(stream)
    }

    pub(super) async fn next(&mut self) -> Result<Published, StreamError> {
        loop {
            if let Some(published) = self.past.pop_front() {
                self.last = published.record.seq;
                return Ok(published);
            }
            if self.last < self.known {
                self.read_past().await?;
                continue;
            }
            let Some(live) = &mut self.live else {
                self.attach().await?;
                continue;
            };
            match live.recv().await {
                Some(published) if published.record.seq <= self.last => {}
                Some(published) if published.record.seq == self.last + 1 => {
                    self.last = published.record.seq;
                    return Ok(published);
                }
                // A gap, or too slow: the history has what was missed.
                Some(_) | None => self.live = None,
            }
        }
    }

    async fn attach(&mut self) -> Result<(), StreamError> {
        let (records, live) = mpsc::channel(BUFFER);
        self.known = self
            .runtime
            .watch(self.id, records)
            .await
            .map_err(stream_error)?;
        self.live = Some(live);
        Ok(())
    }

    async fn read_past(&mut self) -> Result<(), StreamError> {
        let page = self
            .runtime
            .history(self.id, self.last, PAGE)
            .await
            .map_err(stream_error)?;
        if page.records.is_empty() {
            tokio::time::sleep(PAUSE).await;
        }
        let partition = self.runtime.partition_of(self.id);
        let known = self.known;
        let records = page
            .records
            .into_iter()
            .filter(|record| record.seq <= known);
        self.past.extend(records.map(|record| Published {
            partition,
            position: 0,
            record,
            cursor: String::new(),
        }));
        Ok(())
    }
}

fn stream_error(error: CommandError) -> StreamError {
    match error {
        CommandError::Unavailable(reason) => reason.into(),
        CommandError::NotFound(id) => StreamError::NotFound(id),
        // No read is refused by the engine.
        CommandError::Refused(refusal) => {
            crate::error::Unavailable::Store(refusal.to_string()).into()
        }
    }
}
