//! Closing a batch and making it durable.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::Entropy;
use engine::codec::{BatchHeader, Packer, RecordBatch, blobs_of, encode_batch};
use store::{Append, Appended, BatchId, Blob, Epoch, PartitionId, Position, StoreError};

use super::batch::{Delta, Forming, SetFree};
use super::task::Partition;
use crate::shared::Shared;

/// First pause before an append of unknown outcome is repeated.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A batch that takes no more records.
pub(super) struct Closed {
    pub(super) append: Append,
    pub(super) records: Arc<RecordBatch>,
    /// In the order in which the instances were first touched.
    pub(super) deltas: Vec<Delta>,
    pub(super) free: SetFree,
    pub(super) bytes: usize,
}

/// Why a batch did not become durable. Its state is given up with the partition.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppendFailed {
    /// The partition is another's.
    #[error("another process took the partition over")]
    Fenced,
    /// The storage failed; what it holds of this batch is not known before the next start.
    #[error(transparent)]
    Storage(StoreError),
}

/// Where a batch will stand.
pub(crate) struct Appending {
    pub(crate) partition: PartitionId,
    pub(crate) epoch: Epoch,
    /// The last durable position.
    pub(crate) head: Position,
    /// The checksum of the batch there.
    pub(crate) chain: u32,
    /// The time of the batch's last record.
    pub(crate) at: i64,
    /// The catalog's version that it was decided with.
    pub(crate) catalog_version: u64,
}

impl Appending {
    /// The append of these records, and the checksum of its batch.
    pub(crate) fn append_of(
        &self,
        shared: &Shared,
        entropy: &mut Entropy,
        records: &RecordBatch,
        packer: &mut Packer,
    ) -> (Append, u32) {
        let batch_id = batch_id(entropy);
        let header = BatchHeader {
            format: shared.format(),
            partition: u32::from(self.partition.0),
            position: self.head + 1,
            epoch: self.epoch,
            batch_id: Bytes::copy_from_slice(&batch_id),
            incarnation: shared.incarnation,
            catalog_version: self.catalog_version,
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            at: self.at,
            ..BatchHeader::default()
        };
        let (body, chain) = encode_batch(header, records, self.chain, packer);
        let blobs = blobs_of(records).into_iter();
        let append = Append {
            partition: self.partition,
            epoch: self.epoch,
            expected_head: self.head,
            batch_id,
            body,
            blobs: blobs
                .map(|(blob, bytes)| Blob {
                    hash: blob.hash,
                    bytes,
                })
                .collect(),
        };
        (append, chain)
    }
}

fn batch_id(entropy: &mut Entropy) -> BatchId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&entropy.next_u64().to_be_bytes());
    id[8..].copy_from_slice(&entropy.next_u64().to_be_bytes());
    id
}

/// Makes a batch durable. While the outcome is unknown the same bytes are repeated under the same
/// batch id; only a definite answer ends that.
pub(crate) async fn append(shared: Arc<Shared>, append: Append) -> Result<(), AppendFailed> {
    let mut pause = FIRST_PAUSE;
    loop {
        match shared.store.append(append.clone()).await {
            Ok(Appended::Committed) => return Ok(()),
            Ok(Appended::Fenced) => return Err(AppendFailed::Fenced),
            Ok(Appended::Unknown) => crate::health::add(&shared.stats.unknown_appends, 1),
            Err(StoreError::Unavailable(reason)) => {
                tracing::warn!(partition = append.partition.0, %reason, "the store does not take a batch");
            }
            Err(error) => return Err(AppendFailed::Storage(error)),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Partition {
    /// Closes the batch that formed and begins the next.
    pub(super) fn close_batch(&mut self) -> Closed {
        let forming = std::mem::take(&mut self.forming);
        let Forming {
            records,
            touched,
            free,
            ..
        } = forming;
        let appending = Appending {
            partition: self.id(),
            epoch: self.epoch,
            head: self.committed,
            chain: self.chain,
            at: self.last_at,
            catalog_version: self.shared.catalog.current().version,
        };
        let (append, chain) =
            appending.append_of(&self.shared, &mut self.entropy, &records, &mut self.packer);
        self.chain = chain;
        let deltas = touched.into_iter().map(|touched| {
            let hot = self.hot.get(touched.id);
            let hot = hot.expect("what a batch touched stays in memory until it is projected");
            Delta {
                before: touched.before,
                after: Arc::clone(&hot.instance),
                ranges: touched.ranges,
            }
        });
        let deltas = deltas.collect();
        Closed {
            append,
            bytes: records.bytes().len(),
            records: Arc::new(records),
            deltas,
            free,
        }
    }
}
