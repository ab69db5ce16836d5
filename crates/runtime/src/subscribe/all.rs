//! The records of all instances, and events where they are asked for, read from the journal.

use std::collections::VecDeque;
use std::sync::Arc;

use engine::codec::decode_batch_up_to;
use engine::record::Record;
use futures_util::FutureExt;
use futures_util::future::select_all;
use store::{Batch, PartitionId, StoreError};

use super::cursor::{Place, decode, encode};
use super::subscription::{Published, StreamFrom};
use crate::cluster::{Cluster, Streaming};
use crate::error::{StreamError, Unavailable};
use crate::partition::Port;
use crate::shared::Shared;

/// Bytes of batches read at once.
const READ_BYTES: usize = 1 << 20;

pub(super) struct AllStream {
    shared: Arc<Shared>,
    /// Up to where batches were read.
    read: Vec<Place>,
    /// Up to where records were given.
    given: Vec<Place>,
    ready: VecDeque<(usize, Place, Published)>,
    /// Events that were taken are given too.
    with_events: bool,
    /// Has other nodes' journals followed closely.
    _streaming: Option<Streaming>,
}

impl AllStream {
    pub(super) async fn begin(
        shared: &Arc<Shared>,
        from: StreamFrom,
        with_events: bool,
    ) -> Result<Self, StreamError> {
        if let Some(cluster) = &shared.cluster {
            cluster.see_heads(shared).await.map_err(Unavailable::from)?;
        }
        let places = match from {
            StreamFrom::Now => {
                let next = |port: &Port| Place {
                    position: port.head.get() + 1,
                    given: 0,
                };
                shared.ports.iter().map(next).collect()
            }
            StreamFrom::Cursor(cursor) => places_in(shared, &cursor)?,
        };
        let shared = Arc::clone(shared);
        let ready = VecDeque::new();
        let mut stream = Self {
            _streaming: shared.cluster.as_ref().map(Cluster::streaming),
            shared,
            read: places.clone(),
            given: places,
            ready,
            with_events,
        };
        // An expired cursor is told at once.
        stream.read_what_is_there().await?;
        Ok(stream)
    }

    pub(super) async fn next(&mut self) -> Result<Published, StreamError> {
        loop {
            if let Some((partition, place, mut published)) = self.ready.pop_front() {
                self.given[partition] = place;
                published.cursor = encode(self.shared.incarnation, &self.given);
                return Ok(published);
            }
            if !self.read_what_is_there().await? {
                let ports = self.shared.ports.iter().zip(&self.read);
                let more = ports.map(|(port, next)| port.head.reach(next.position).boxed());
                let _one = select_all(more).await;
            }
        }
    }

    /// Reads a piece of each partition's journal; says whether there was any.
    async fn read_what_is_there(&mut self) -> Result<bool, StreamError> {
        let mut any = false;
        for partition in 0..self.read.len() {
            let head = self.shared.ports[partition].head.get();
            let next = self.read[partition].position;
            if head < next {
                continue;
            }
            any = true;
            let id = PartitionId(u16::try_from(partition).unwrap_or_default());
            let read = self.shared.store.read_journal(id, next, READ_BYTES).await;
            for batch in read
                .map_err(expired)?
                .into_iter()
                .filter(|batch| batch.position <= head)
            {
                self.take_in(partition, &batch)?;
            }
        }
        Ok(any)
    }

    fn take_in(&mut self, partition: usize, batch: &Batch) -> Result<(), StreamError> {
        let damaged = |error: engine::codec::CodecError| Unavailable::Store(error.to_string());
        let newest = self.shared.config.format;
        let (_, records) = decode_batch_up_to(&batch.body, newest).map_err(damaged)?;
        let skip = self.read[partition].given;
        for (index, record) in (0_u32..).zip(records.into_records()) {
            if index < skip
                || !(is_of_instance(&record) || self.with_events && record.event_taken().is_some())
            {
                continue;
            }
            let place = Place {
                position: batch.position,
                given: index + 1,
            };
            let published = Published {
                partition: u16::try_from(partition).unwrap_or_default(),
                position: batch.position,
                record,
                cursor: String::new(),
            };
            self.ready.push_back((partition, place, published));
        }
        self.read[partition] = Place {
            position: batch.position + 1,
            given: 0,
        };
        Ok(())
    }
}

fn is_of_instance(record: &Record) -> bool {
    !record.entity.is_nil()
}

fn places_in(shared: &Shared, cursor: &str) -> Result<Vec<Place>, StreamError> {
    let (incarnation, places) = decode(cursor).ok_or(StreamError::InvalidCursor)?;
    if incarnation != shared.incarnation {
        return Err(StreamError::CursorExpired);
    }
    let beyond = |(port, place): (&Port, &Place)| place.position > port.head.get() + 1;
    if places.len() != shared.ports.len() || shared.ports.iter().zip(&places).any(beyond) {
        return Err(StreamError::InvalidCursor);
    }
    Ok(places)
}

fn expired(error: StoreError) -> StreamError {
    match error {
        StoreError::Gap { .. } => StreamError::CursorExpired,
        error => Unavailable::from(error).into(),
    }
}
