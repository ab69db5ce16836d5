//! Records as segments of their instances' histories.

use bytes::Bytes;
use engine::codec::{Packer, plain_history};
use store::HistorySegment;

use super::merge::{MergedInstance, Stretch};

/// The first format whose readers know states that lie in histories.
const STATES_SINCE: u32 = 4;

/// Packs records, and now and then the state after them.
#[derive(Default)]
pub(super) struct Segments {
    packer: Packer,
    with_states: bool,
}

impl Segments {
    /// What every node of the cluster reads may be written.
    pub(super) fn write_format(&mut self, format: u32) {
        self.with_states = format >= STATES_SINCE;
    }

    /// The segments of an instance's new records; none if there are none.
    pub(super) fn segments(&mut self, merged: &MergedInstance) -> Vec<HistorySegment> {
        if merged.ran_through() {
            // Stores pack those that ended together, which takes less time and room than one by one.
            let whole = merged.whole();
            let bytes = plain_history(whole.record_bytes());
            return Vec::from_iter(segment(whole, |_, _| bytes));
        }
        let stretches = merged.stretches();
        let segments = stretches.filter_map(|stretch| {
            segment(stretch, |first_seq, last_seq| {
                let (records, state) = (stretch.record_bytes(), stretch.after);
                if self.with_states && state.is_kept_after(first_seq, last_seq) {
                    self.packer.history_with(records, &state.snapshot())
                } else {
                    self.packer.history(records)
                }
            })
        });
        segments.collect()
    }
}

/// A segment of records and the bytes that are made of them, by the first one's seq and the last one's.
fn segment(stretch: Stretch<'_>, bytes: impl FnOnce(u64, u64) -> Bytes) -> Option<HistorySegment> {
    let (first, last) = (stretch.records().next()?, stretch.records().last()?);
    let (first_seq, last_seq) = (first.seq, last.seq);
    Some(HistorySegment {
        first_seq,
        last_seq,
        bytes: bytes(first_seq, last_seq),
    })
}
