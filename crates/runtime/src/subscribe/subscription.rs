//! What a subscriber holds.

use std::sync::Arc;

use engine::Id;
use engine::record::Record;

use super::all::AllStream;
use super::instance::InstanceStream;
use crate::error::StreamError;
use crate::handle::Runtime;
use crate::shared::Shared;

/// A record as a stream gives it.
#[derive(Clone, Debug)]
pub struct Published {
    /// The partition that journaled it.
    pub partition: u16,
    /// Its batch's position there; 0 when it was read from an instance's history.
    pub position: u64,
    /// The record.
    pub record: Record,
    /// Where a stream of all goes on after it; empty for a stream of one instance, which goes on
    /// from the record's `seq`.
    pub cursor: String,
}

/// Where a stream of all records begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StreamFrom {
    /// With what is committed from now on.
    #[default]
    Now,
    /// Behind a record that was given before.
    Cursor(String),
}

/// A stream of committed records. Dropping it ends it.
pub struct Subscription {
    stream: Stream,
    shared: Arc<Shared>,
}

enum Stream {
    Instance(InstanceStream),
    All(AllStream),
}

impl Subscription {
    pub(crate) async fn of_instance(
        runtime: Runtime,
        id: Id,
        from_seq: u64,
    ) -> Result<Self, StreamError> {
        let shared = runtime.shared();
        let stream = Stream::Instance(InstanceStream::begin(runtime, id, from_seq).await?);
        Ok(Self { stream, shared })
    }

    pub(crate) async fn of_all(
        shared: &Arc<Shared>,
        from: StreamFrom,
        with_events: bool,
    ) -> Result<Self, StreamError> {
        let stream = Stream::All(AllStream::begin(shared, from, with_events).await?);
        Ok(Self {
            stream,
            shared: Arc::clone(shared),
        })
    }

    /// The next record; waits for it. None when the runtime has ended. May be dropped while it
    /// waits, and asked again.
    ///
    /// # Errors
    /// When the stream cannot go on without a gap.
    pub async fn next(&mut self) -> Option<Result<Published, StreamError>> {
        let next = async {
            match &mut self.stream {
                Stream::Instance(stream) => stream.next().await,
                Stream::All(stream) => stream.next().await,
            }
        };
        tokio::select! {
            biased;
            published = next => Some(published),
            () = self.shared.phase.ended() => None,
        }
    }
}
