//! A set of lanes that costs nothing while it is small.

use std::ops::Range;

/// Lanes by their ids, ascending. Most instances have one or a few; copying it is one allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneSet(Vec<u32>);

impl LaneSet {
    pub(crate) fn insert(&mut self, id: u32) {
        if let Err(place) = self.0.binary_search(&id) {
            self.0.insert(place, id);
        }
    }

    pub(crate) fn remove(&mut self, id: u32) {
        if let Ok(place) = self.0.binary_search(&id) {
            self.0.remove(place);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &u32> + Clone {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those within a range.
    pub(crate) fn within(&self, range: &Range<u32>) -> &[u32] {
        let from = self.0.partition_point(|id| *id < range.start);
        let to = self.0.partition_point(|id| *id < range.end);
        self.0.get(from..to).unwrap_or_default()
    }
}
