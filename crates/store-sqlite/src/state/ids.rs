//! Which ids cannot be known yet.

use store::EntityId;

/// How many kinds of ids are told apart: one per slot, which an id ends with.
const CLASSES: usize = 4096;

/// Ids are ordered by time within a slot, so an id above all of its slot that were ever seen
/// cannot be anywhere, and need not be looked for. An id below is looked for: no more is lost.
pub(super) struct Seen {
    /// Nothing above this was there when the state was opened.
    floor: EntityId,
    newest: Vec<EntityId>,
}

impl Seen {
    pub(super) fn new(floor: EntityId) -> Self {
        Self {
            floor,
            newest: vec![EntityId::default(); CLASSES],
        }
    }

    /// Notes an id; answers whether it is the first time for certain.
    pub(super) fn first_time(&mut self, id: &EntityId) -> bool {
        let class = usize::from(u16::from_be_bytes([id[14], id[15]])) % CLASSES;
        let newest = &mut self.newest[class];
        let first = *id > self.floor && *id > *newest;
        if first {
            *newest = *id;
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_above_all_of_its_slot_is_new_for_certain() {
        let id = |time: u8, slot: u8| {
            let mut id = EntityId::default();
            (id[0], id[15]) = (time, slot);
            id
        };
        let mut seen = Seen::new(id(3, 9));
        assert!(!seen.first_time(&id(2, 1)), "it may be there since before");
        assert!(seen.first_time(&id(5, 1)));
        assert!(!seen.first_time(&id(5, 1)), "it came already");
        assert!(!seen.first_time(&id(4, 1)), "a newer one of its slot came");
        assert!(seen.first_time(&id(4, 2)), "its slot is behind the others");
    }
}
