//! Records as segments of their instances' histories.

use engine::codec::{Packer, plain_history};
use store::HistorySegment;

use super::merge::MergedInstance;

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

    /// The segment of an instance's new records, if there are any.
    pub(super) fn segment(&mut self, merged: &MergedInstance) -> Option<HistorySegment> {
        let (first, last) = (merged.records().next()?, merged.records().last()?);
        let (first_seq, last_seq) = (first.seq, last.seq);
        let (records, state) = (merged.record_bytes(), &merged.after);
        let bytes = if merged.ran_through() {
            // Stores pack those that ended together, which takes less time and room than one by one.
            plain_history(records)
        } else if self.with_states && state.is_kept_after(first_seq, last_seq) {
            self.packer.history_with(records, &state.snapshot())
        } else {
            self.packer.history(records)
        };
        Some(HistorySegment {
            first_seq,
            last_seq,
            bytes,
        })
    }
}
