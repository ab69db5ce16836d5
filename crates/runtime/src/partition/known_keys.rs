//! Names (idempotency keys, events) that were taken a moment ago: until the state can be asked for
//! them, and a little longer, so that who asked the state just before still finds them here.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use engine::record::KeyTaken;

/// Names that were taken, with the batch that took them.
#[derive(Default)]
pub(super) struct KnownKeys {
    /// By name, which what was taken leaves out.
    keys: HashMap<Arc<str>, (u64, KeyTaken)>,
    /// In the order in which they were taken.
    order: VecDeque<(u64, Arc<str>)>,
    /// The last position that was projected.
    projected: u64,
    /// Names taken up to here are forgotten.
    forgotten: u64,
}

impl KnownKeys {
    /// The batch that took a name, and for what.
    pub(super) fn get(&self, key: &str) -> Option<&(u64, KeyTaken)> {
        self.keys.get(key)
    }

    /// Whether what is not known here was in a state that had reached `position`, if it was taken.
    pub(super) fn goes_back_to(&self, position: u64) -> bool {
        position >= self.forgotten
    }

    /// A name was taken.
    pub(super) fn take(&mut self, position: u64, mut taken: KeyTaken) {
        let key: Arc<str> = std::mem::take(&mut taken.key).into();
        self.order.push_back((position, Arc::clone(&key)));
        self.keys.insert(key, (position, taken));
    }

    /// A name is free again. It counts as one whose time is over until the state no longer has it.
    pub(super) fn release(&mut self, position: u64, key: &str) {
        let key: Arc<str> = key.into();
        self.order.push_back((position, Arc::clone(&key)));
        self.keys.insert(key, (position, KeyTaken::default()));
    }

    /// The state has reached a position: what it had already reached before is forgotten.
    pub(super) fn projected(&mut self, position: u64) {
        let upto = self.projected;
        self.projected = upto.max(position);
        self.forgotten = self.forgotten.max(upto);
        while let Some((taken, _)) = self.order.front()
            && *taken <= upto
        {
            let Some((taken, key)) = self.order.pop_front() else {
                return;
            };
            // It may have been taken again since.
            if self.keys.get(&key).is_some_and(|(at, _)| *at == taken) {
                self.keys.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(key: &str) -> KeyTaken {
        KeyTaken {
            key: key.to_owned(),
            ..KeyTaken::default()
        }
    }

    #[test]
    fn a_name_outlives_the_projection_after_its_own() {
        let mut keys = KnownKeys::default();
        keys.take(3, taken("a"));
        keys.projected(3);
        assert!(keys.get("a").is_some() && keys.goes_back_to(0));
        keys.projected(4);
        assert!(keys.get("a").is_none());
        assert!(
            keys.goes_back_to(3) && !keys.goes_back_to(2),
            "who saw only the state at 2 may have missed it"
        );
    }

    #[test]
    fn what_was_taken_again_stays() {
        let mut keys = KnownKeys::default();
        keys.take(1, taken("a"));
        keys.release(2, "a");
        keys.take(5, taken("a"));
        keys.projected(2);
        keys.projected(4);
        assert_eq!(keys.get("a").map(|(at, _)| *at), Some(5));
        keys.projected(5);
        keys.projected(6);
        assert!(keys.get("a").is_none());
    }
}
