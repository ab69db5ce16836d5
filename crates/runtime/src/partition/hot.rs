//! Instances in memory, and which of them may go.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use engine::{Id, Instance};

use crate::config::Bounds;

/// An instance in memory.
pub(crate) struct Hot {
    /// Its state, ahead of the disk.
    pub(crate) instance: Arc<Instance>,
    /// The batch that last changed it; 0 when it is as it was loaded.
    pub(crate) position: u64,
    weight: usize,
    used: bool,
    queued: bool,
}

/// The instances of one partition that are in memory. The order in which they go is that of a
/// clock with one hand (used since the hand passed: spared once), so that nothing is sorted.
#[derive(Default)]
pub(crate) struct HotSet {
    instances: HashMap<Id, Hot>,
    hand: VecDeque<Id>,
    weight: usize,
    ended: VecDeque<(u64, Id)>,
}

impl HotSet {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.instances.len()
    }

    /// Whether an instance is in memory.
    pub(crate) fn contains(&self, id: Id) -> bool {
        self.instances.contains_key(&id)
    }

    /// An instance, which counts as used.
    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut Hot> {
        let hot = self.instances.get_mut(&id)?;
        hot.used = true;
        Some(hot)
    }

    /// An instance, just looked at.
    pub(crate) fn get(&self, id: Id) -> Option<&Hot> {
        self.instances.get(&id)
    }

    /// Puts an instance in.
    pub(crate) fn insert(&mut self, instance: Arc<Instance>, position: u64, weight: usize) {
        let id = instance.id();
        let hot = Hot {
            instance,
            position,
            weight,
            used: true,
            queued: true,
        };
        self.weight += weight;
        self.hand.push_back(id);
        if let Some(old) = self.instances.insert(id, hot) {
            self.weight -= old.weight;
        }
    }

    /// An instance grew by the records of this batch.
    pub(crate) fn grew(&mut self, id: Id, position: u64, bytes: usize) {
        if let Some(hot) = self.instances.get_mut(&id) {
            hot.position = position;
            hot.weight += bytes;
            self.weight += bytes;
        }
    }

    /// An instance ended in this batch: nobody needs it once it is projected.
    pub(crate) fn ended(&mut self, id: Id, position: u64) {
        self.ended.push_back((position, id));
    }

    /// Everything up to `projected` can be loaded again: drops ended instances, then idle ones
    /// while there are more than the bounds allow, looking at no more than `limit`. Answers how
    /// many went.
    pub(crate) fn evict(&mut self, projected: u64, bounds: &Bounds, limit: usize) -> u64 {
        let before = self.instances.len();
        self.drop_ended(projected);
        for _ in 0..limit.min(self.hand.len() * 2) {
            let fits = self.instances.len() <= bounds.hot_instances;
            if fits && self.weight <= bounds.hot_bytes {
                break;
            }
            self.turn_hand(projected);
        }
        if self.hand.len() > self.instances.len() * 2 + 64 {
            self.tidy_hand();
        }
        (before - self.instances.len()) as u64
    }

    fn drop_ended(&mut self, projected: u64) {
        while let Some(&(position, id)) = self.ended.front() {
            if position > projected {
                break;
            }
            self.ended.pop_front();
            if self
                .instances
                .get(&id)
                .is_some_and(|hot| hot.position <= projected)
            {
                self.remove(id);
            }
        }
    }

    fn turn_hand(&mut self, projected: u64) {
        let Some(id) = self.hand.pop_front() else {
            return;
        };
        let Some(hot) = self.instances.get_mut(&id) else {
            return;
        };
        if !hot.used && hot.position <= projected {
            self.remove(id);
            return;
        }
        hot.used = false;
        self.hand.push_back(id);
    }

    fn tidy_hand(&mut self) {
        let instances = &mut self.instances;
        instances.values_mut().for_each(|hot| hot.queued = false);
        self.hand.retain(|id| {
            let first = instances.get_mut(id).filter(|hot| !hot.queued);
            first.map(|hot| hot.queued = true).is_some()
        });
    }

    fn remove(&mut self, id: Id) {
        if let Some(hot) = self.instances.remove(&id) {
            self.weight -= hot.weight;
        }
    }
}
