//! An instance's state as bytes: a head (with the first chunk of lanes) and further chunks.

use std::sync::Arc;

use bytes::Bytes;
use definition::Workflow;
use prost::Message;

use super::instance::{Header, Instance, Progress};
use super::lane::{Chunk, Lane, StoredChunk};
use super::lane_set::LaneSet;
use crate::id::Id;
use crate::payload::{BlobRef, Payload};
use crate::record::{Body, Record};

/// The format of snapshots that this binary writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// A state is kept in the history every so many records, at most.
const KEPT_EVERY: u64 = 1_000;

/// An instance's state as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Header, progress and lanes 0 to 255.
    pub head: Bytes,
    /// Further chunks: number (from 1) and bytes.
    pub chunks: Vec<(u32, Bytes)>,
}

#[derive(Clone, PartialEq, Message)]
struct Head {
    #[prost(uint32, tag = "1")]
    format: u32,
    #[prost(bytes = "bytes", tag = "2")]
    id: Bytes,
    #[prost(message, required, tag = "3")]
    header: Header,
    #[prost(message, required, tag = "4")]
    progress: Progress,
    #[prost(message, repeated, tag = "5")]
    lanes: Vec<Lane>,
}

/// Why stored state cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes are not a snapshot.
    #[error("expected an instance's snapshot, but the bytes do not decode: {0}")]
    Damaged(#[from] prost::DecodeError),
    /// A newer binary wrote it.
    #[error("expected a snapshot of format {FORMAT} or older, but it has format {0}")]
    Newer(u32),
    /// Its definition is not in the catalog.
    #[error("expected workflow {0} {1} in the catalog, but it is not there")]
    UnknownWorkflow(String, String),
}

impl Instance {
    /// The whole state.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(|_| true)
    }

    /// The head, and the chunks that changed since `older`, an earlier state of this instance.
    pub fn snapshot_since(&self, older: &Self) -> Snapshot {
        self.snapshot_of(|number| {
            let (now, then) = (self.chunks.get(number), older.chunks.get(number));
            match (now.and_then(Option::as_ref), then.and_then(Option::as_ref)) {
                (Some(now), Some(then)) => !Arc::ptr_eq(now, then),
                (now, _) => now.is_some(),
            }
        })
    }

    /// Whether the state after `last` is kept in the history, whose part since `first` (inclusive) is
    /// written now: it is, every thousand records, more rarely where a state is large, so that all
    /// states of a history are no more than a few times its records.
    pub fn is_kept_after(&self, first: u64, last: u64) -> bool {
        let passes = |interval: u64| (first.max(1) - 1) / interval < last / interval;
        if !passes(KEPT_EVERY) {
            return false;
        }
        let lanes = self.lanes().count() as u64;
        let parts = lanes.div_ceil(KEPT_EVERY).max(1).next_power_of_two();
        passes(parts * KEPT_EVERY)
    }

    /// Records behind which a state may be kept, of those up to `seq`, the nearest first: the segment
    /// that holds one of them has it. The last of them surely has, if there is any.
    pub fn kept_before(seq: u64) -> impl Iterator<Item = u64> {
        let intervals = std::iter::successors(Some(KEPT_EVERY), |interval| interval.checked_mul(2));
        let mut last = 0;
        let places = intervals.map(move |interval| seq / interval * interval);
        let places = places.take_while(|&place| place > 0);
        places.filter(move |&place| std::mem::replace(&mut last, place) != place)
    }

    fn snapshot_of(&self, wanted: impl Fn(usize) -> bool) -> Snapshot {
        let head = Head {
            format: FORMAT,
            id: Bytes::copy_from_slice(&self.id.bytes()),
            header: Header::clone(&self.header),
            progress: self.progress.clone(),
            lanes: self
                .chunks
                .first()
                .and_then(Option::as_deref)
                .map(Chunk::stored)
                .unwrap_or_default(),
        };
        let further = self.chunks.iter().enumerate().skip(1);
        let chunks = further
            .filter_map(|(number, chunk)| Some((number, chunk.as_ref()?)))
            .filter(|(number, _)| wanted(*number))
            .map(|(number, chunk)| {
                let stored = StoredChunk {
                    lanes: chunk.stored(),
                };
                (
                    u32::try_from(number).unwrap_or(u32::MAX),
                    stored.encode_to_vec().into(),
                )
            });
        Snapshot {
            chunks: chunks.collect(),
            head: head.encode_to_vec().into(),
        }
    }

    /// The state in these bytes; `workflow` gives the definition by name and version.
    pub fn restore(
        head: &Bytes,
        chunks: &[(u32, Bytes)],
        workflow: impl Fn(&str, &str) -> Option<Arc<Workflow>>,
    ) -> Result<Self, SnapshotError> {
        let head = Head::decode(head.clone())?;
        if head.format > FORMAT {
            return Err(SnapshotError::Newer(head.format));
        }
        let (name, version) = (&head.header.started.workflow, &head.header.started.version);
        let workflow = workflow(name, version)
            .ok_or_else(|| SnapshotError::UnknownWorkflow(name.clone(), version.clone()))?;
        let mut instance = Self {
            id: Id::from_slice(&head.id).unwrap_or_default(),
            workflow,
            header: Arc::new(head.header),
            progress: head.progress,
            chunks: Vec::new(),
            active: LaneSet::default(),
        };
        head.lanes
            .into_iter()
            .for_each(|lane| instance.put_lane(lane));
        for (number, bytes) in chunks {
            let chunk = StoredChunk::decode(bytes.clone())?;
            instance.hold_chunk(*number as usize);
            chunk
                .lanes
                .into_iter()
                .for_each(|lane| instance.put_lane(lane));
        }
        Ok(instance)
    }

    /// The state that records from the first on fold into; `find` gives the definition by name and
    /// version. None when they do not begin with a start, or its definition is not there.
    pub fn fold<'a>(
        records: impl IntoIterator<Item = &'a Record>,
        find: impl Fn(&str, &str) -> Option<Arc<Workflow>>,
    ) -> Option<Self> {
        let mut records = records.into_iter();
        let first = records.next()?;
        let Some(Body::InstanceStarted(started)) = &first.body else {
            return None;
        };
        let workflow = find(&started.workflow, &started.version)?;
        let mut instance = Self::from_record(first, workflow)?;
        records.for_each(|record| instance.apply(record));
        instance.bind(find);
        Some(instance)
    }

    /// Blobs that must be supplied before the state is read.
    pub fn missing_blobs(&self) -> Vec<BlobRef> {
        let mut missing: Vec<BlobRef> = self.payloads().filter_map(Payload::missing).collect();
        missing.sort_unstable_by_key(|blob| blob.hash);
        missing.dedup();
        missing
    }

    /// Supplies a missing blob's bytes wherever it is referred to.
    pub fn supply_blob(&self, hash: [u8; 32], bytes: &Bytes) {
        for payload in self.payloads() {
            if payload.missing().is_some_and(|blob| blob.hash == hash) {
                payload.supply(bytes.clone());
            }
        }
    }

    fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let started = &self.header.started;
        let own = [&started.input, &started.event, &started.meta];
        let lanes = self.lanes().flat_map(Lane::payloads);
        let own = own.into_iter().flatten();
        own.chain(self.progress.payloads()).chain(lanes)
    }
}

impl Chunk {
    fn stored(&self) -> Vec<Lane> {
        self.lanes
            .iter()
            .flatten()
            .map(|lane| Lane::clone(lane))
            .collect()
    }
}
