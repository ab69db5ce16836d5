//! What a store holds, summed up, so that two stores can be compared however they keep it.

use std::fmt;

use async_trait::async_trait;
use store::{Blob, HistorySegment, InstanceRow, Row, StoreError, StoredInstance, Table};

use super::walk::Sink;

/// How much there is, and a digest of all of it in order.
#[derive(Clone, Default)]
pub(super) struct Sum {
    pub(super) instances: u64,
    pub(super) segments: u64,
    pub(super) rows: u64,
    pub(super) blobs: u64,
    digest: blake3::Hasher,
}

impl PartialEq for Sum {
    fn eq(&self, other: &Self) -> bool {
        self.counts() == other.counts() && self.digest.finalize() == other.digest.finalize()
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [instances, segments, rows, blobs] = self.counts();
        let digest = self.digest.finalize().to_hex();
        write!(
            f,
            "{instances} instances, {segments} segments of history, {rows} rows, {blobs} blobs (digest {})",
            &digest[..16]
        )
    }
}

impl Sum {
    fn counts(&self) -> [u64; 4] {
        [self.instances, self.segments, self.rows, self.blobs]
    }

    /// With its length, so that no two lists of parts look alike.
    fn part(&mut self, bytes: &[u8]) {
        self.digest.update(&(bytes.len() as u64).to_le_bytes());
        self.digest.update(bytes);
    }

    fn numbers(&mut self, numbers: &[i64]) {
        for number in numbers {
            self.digest.update(&number.to_le_bytes());
        }
    }

    pub(super) fn add_blob(&mut self, blob: &Blob) {
        self.blobs += 1;
        self.part(&blob.hash);
        self.part(&blob.bytes);
    }

    pub(super) fn add_row(&mut self, table: Table, row: &Row) {
        self.rows += 1;
        self.part(table.name().as_bytes());
        self.numbers(&[i64::from(row.slot)]);
        self.part(&row.key);
        self.part(&row.value);
    }

    pub(super) fn add_segment(&mut self, row: &InstanceRow, segment: &HistorySegment) {
        self.segments += 1;
        self.part(&row.id);
        self.numbers(&[segment.first_seq as i64, segment.last_seq as i64]);
        self.part(&segment.bytes);
    }

    pub(super) fn add_instance(&mut self, instance: &StoredInstance) {
        self.instances += 1;
        let row = &instance.row;
        self.part(&row.id);
        for text in [
            &row.namespace,
            &row.workflow,
            &row.version,
            &row.status,
            &row.correlation_id,
            &row.priority,
        ] {
            self.part(text.as_bytes());
        }
        for text in [&row.subject, &row.error] {
            self.part(text.as_deref().unwrap_or("\u{0}none").as_bytes());
        }
        self.part(row.parent_id.as_ref().map_or(&[], |id| &id[..]));
        let mut attributes: Vec<_> = row.attributes.iter().collect();
        attributes.sort_unstable();
        for (name, value) in attributes {
            self.part(name.as_bytes());
            self.part(value.as_bytes());
        }
        self.numbers(&[
            i64::from(row.slot),
            i64::from(row.pending_decisions),
            row.created_at,
            row.updated_at,
            row.ended_at.unwrap_or(i64::MIN),
            row.seq as i64,
        ]);
        self.part(&row.snapshot);
        for (chunk, bytes) in &instance.chunks {
            self.numbers(&[i64::from(*chunk)]);
            self.part(bytes);
        }
    }
}

#[async_trait]
impl Sink for Sum {
    async fn blobs(&mut self, blobs: Vec<Blob>) -> Result<(), StoreError> {
        blobs.iter().for_each(|blob| self.add_blob(blob));
        Ok(())
    }

    async fn rows(&mut self, table: Table, rows: Vec<Row>) -> Result<(), StoreError> {
        rows.iter().for_each(|row| self.add_row(table, row));
        Ok(())
    }

    async fn history(
        &mut self,
        row: &InstanceRow,
        segments: Vec<HistorySegment>,
    ) -> Result<(), StoreError> {
        segments
            .iter()
            .for_each(|segment| self.add_segment(row, segment));
        Ok(())
    }

    async fn instance(&mut self, instance: StoredInstance) -> Result<(), StoreError> {
        self.add_instance(&instance);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(change: impl FnOnce(&mut StoredInstance)) -> Sum {
        let mut instance = StoredInstance {
            row: InstanceRow::default(),
            chunks: vec![(0, "a".into())],
        };
        change(&mut instance);
        let mut sum = Sum::default();
        sum.add_instance(&instance);
        sum
    }

    #[test]
    fn a_difference_anywhere_is_seen() {
        let same = sum(|_| ());
        assert!(same == sum(|_| ()));
        assert!(same != sum(|i| i.row.seq = 1));
        assert!(same != sum(|i| i.row.subject = Some(String::new())));
        assert!(same != sum(|i| i.row.ended_at = Some(0)));
        assert!(same != sum(|i| i.row.attributes = vec![("a".into(), "b".into())]));
        assert!(same != sum(|i| i.row.snapshot = "x".into()));
        assert!(same != sum(|i| i.chunks.clear()));
        assert!(same != sum(|i| i.chunks[0].1 = "b".into()));
    }
}
