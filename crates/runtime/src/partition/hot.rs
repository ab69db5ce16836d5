//! Instances in memory, and which of them may go.

use std::collections::VecDeque;
use std::sync::Arc;

use engine::{Id, IdMap, Instance};

use crate::config::Bounds;

/// An instance in memory.
pub(crate) struct Hot {
    /// Its state, ahead of the disk.
    pub(crate) instance: Arc<Instance>,
    /// The batch that last changed it; 0 when it is as it was loaded.
    pub(crate) position: u64,
    /// The batch that last took records of it in, and its place among those that the batch touched.
    pub(super) touched_in: u64,
    pub(super) touched: usize,
    weight: usize,
    used: bool,
    queued: bool,
}

/// Ended instances of a partition that stay in memory though nothing needs them.
const LINGERING: usize = 128;
/// For how long they do, in milliseconds: who asks what became of an instance asks at once.
const LINGER_MS: i64 = 1_000;

/// The instances of one partition that are in memory. The order in which they go is that of a
/// clock with one hand (used since the hand passed: spared once), so that nothing is sorted.
#[derive(Default)]
pub(crate) struct HotSet {
    instances: IdMap<Hot>,
    hand: VecDeque<Id>,
    weight: usize,
    ended: VecDeque<(u64, i64, Id)>,
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
            touched_in: 0,
            touched: 0,
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

    /// An instance ended in this batch, at this time: nobody needs it once it is projected.
    pub(crate) fn ended(&mut self, id: Id, position: u64, at: i64) {
        self.ended.push_back((position, at, id));
    }

    /// Lets an instance go that ended a while ago: what became of it since, nobody would notice here.
    pub(crate) fn forget_ended(&mut self, id: Id, projected: u64, now: i64) {
        let over = |hot: &Hot| {
            let ended = hot
                .instance
                .ended_at()
                .is_some_and(|at| now - at >= LINGER_MS);
            ended && hot.position <= projected
        };
        if self.get(id).is_some_and(over) {
            self.remove(id);
        }
    }

    /// Everything up to `projected` can be loaded again: drops ended instances, then idle ones
    /// while there are more than the bounds allow, looking at no more than `limit`. Answers how
    /// many went.
    pub(crate) fn evict(&mut self, projected: u64, now: i64, bounds: &Bounds, limit: usize) -> u64 {
        let before = self.instances.len();
        self.drop_ended(projected, now);
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

    fn drop_ended(&mut self, projected: u64, now: i64) {
        while let Some(&(position, at, id)) = self.ended.front() {
            let lingers = self.ended.len() <= LINGERING && now - at < LINGER_MS;
            if position > projected || lingers {
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

    /// Takes an instance out.
    pub(crate) fn remove(&mut self, id: Id) {
        if let Some(hot) = self.instances.remove(&id) {
            self.weight -= hot.weight;
        }
    }
}

#[cfg(test)]
mod tests {
    use definition::parse_workflow;
    use engine::record::{Body, InstanceStarted, Record};

    use super::*;

    const WORKFLOW: &str = "
workflow:
  name: w
  version: 1.0.0
  steps:
    - { id: a, wait: { for: 1h } }
";

    fn instance(number: u64) -> Arc<Instance> {
        let workflow = parse_workflow(WORKFLOW).expect("compiles");
        let record = Record {
            entity: Id::new(1, 1, number),
            seq: 1,
            body: Some(Body::InstanceStarted(InstanceStarted::default().into())),
            ..Record::default()
        };
        Arc::new(Instance::from_record(&record, Arc::new(workflow)).expect("starts"))
    }

    fn hot_with(positions: &[u64]) -> HotSet {
        let mut hot = HotSet::default();
        for (number, position) in (0..).zip(positions) {
            hot.insert(instance(number), *position, 10);
        }
        hot
    }

    fn check(positions: &[u64], projected: u64, bounds: (usize, usize), left: usize) {
        let (hot_instances, hot_bytes) = bounds;
        let bounds = Bounds {
            hot_instances,
            hot_bytes,
            ..Bounds::default()
        };
        let mut hot = hot_with(positions);
        let gone = hot.evict(projected, 0, &bounds, usize::MAX);
        assert_eq!(hot.len(), left, "{positions:?} projected to {projected}");
        assert_eq!(
            usize::try_from(gone).expect("small"),
            positions.len() - left
        );
    }

    #[test]
    fn only_what_is_projected_leaves_and_no_more_than_must() {
        check(&[1, 2, 3], 3, (3, 100), 3);
        check(&[1, 2, 3], 3, (1, 100), 1);
        check(&[1, 2, 3], 1, (0, 100), 2);
        check(&[1, 2, 3], 0, (0, 100), 3);
        check(&[1, 2, 3], 3, (3, 15), 1);
    }

    #[test]
    fn what_was_used_since_the_hand_passed_is_spared_once() {
        let bounds = Bounds {
            hot_instances: 2,
            ..Bounds::default()
        };
        let mut hot = hot_with(&[1, 1, 1]);
        hot.evict(1, 0, &bounds, usize::MAX);
        assert!(!hot.contains(Id::new(1, 1, 0)));
        hot.insert(instance(3), 1, 10);
        assert!(hot.get_mut(Id::new(1, 1, 1)).is_some());
        hot.evict(1, 0, &bounds, usize::MAX);
        assert!(hot.contains(Id::new(1, 1, 1)) && !hot.contains(Id::new(1, 1, 2)));
    }

    #[test]
    fn ended_instances_leave_when_they_are_projected_and_a_moment_is_over() {
        let mut hot = hot_with(&[5]);
        hot.ended(Id::new(1, 1, 0), 5, 100);
        let over = 100 + LINGER_MS;
        assert_eq!(hot.evict(4, over, &Bounds::default(), 1), 0);
        assert_eq!(hot.evict(5, over - 1, &Bounds::default(), 1), 0);
        assert_eq!(hot.evict(5, over, &Bounds::default(), 1), 1);
    }

    #[test]
    fn of_many_ended_instances_the_oldest_do_not_linger() {
        let mut hot = hot_with(&[1; LINGERING + 2]);
        for number in 0..=LINGERING as u64 + 1 {
            hot.ended(Id::new(1, 1, number), 1, 100);
        }
        assert_eq!(hot.evict(1, 100, &Bounds::default(), 1), 2);
        assert!(!hot.contains(Id::new(1, 1, 1)) && hot.contains(Id::new(1, 1, 2)));
    }
}
