//! How the permits of one adapter are shared among the nodes that want some.

use std::collections::BTreeMap;

use store::NodeId;

/// How long permits last from when they were given, in milliseconds.
pub(crate) const LASTS_MS: u64 = 3_000;

/// What a node was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grant {
    /// It may have so many calls under way.
    count: u32,
    /// It wanted so many.
    wanted: u32,
    until: u64,
}

/// The permits of one adapter, as its home keeps them.
#[derive(Default)]
pub(crate) struct Allocation {
    grants: BTreeMap<NodeId, Grant>,
}

impl Allocation {
    /// Whether anything that was given lasts.
    pub(crate) fn lasts(&self, now: u64) -> bool {
        self.grants.values().any(|grant| grant.until > now)
    }

    /// Gives a node what it may have of `total`. It has `running` calls under way, which cannot be
    /// taken back, and wants `wanted`. A home that is `new` does not know yet what the one before it
    /// gave: it lets nodes keep what they run, and gives nothing beyond.
    ///
    /// The sum of what is given and lasts is never above `total`, but for calls that run on after
    /// `total` was lowered or their node was cut off.
    pub(crate) fn give(
        &mut self,
        now: u64,
        total: u32,
        node: NodeId,
        (running, wanted): (u32, u32),
        new: bool,
    ) -> u32 {
        self.grants
            .retain(|id, grant| *id == node || grant.until > now);
        let others = self.grants.iter().filter(|(id, _)| **id != node);
        let taken: u32 = others.map(|(_, grant)| grant.count).sum();
        let free = total.saturating_sub(taken);
        let wants = self.grants.iter().map(|(id, grant)| (*id, grant.wanted));
        let mut wants: BTreeMap<NodeId, u32> = wants.collect();
        wants.insert(node, wanted);
        let share = if new {
            running
        } else {
            share_of(node, total, &wants, now / LASTS_MS)
        };
        let given = share.min(free);
        let grant = Grant {
            // What runs is counted as taken until it ends.
            count: given.max(running),
            wanted,
            until: now + LASTS_MS,
        };
        if grant.count == 0 && wanted == 0 {
            self.grants.remove(&node);
        } else {
            self.grants.insert(node, grant);
        }
        given
    }
}

/// What a node may have when all that is there is shared evenly among those who want it, whoever
/// wants less leaving the rest to the others. What cannot be divided goes round with the turn, so
/// that nobody waits for ever.
fn share_of(node: NodeId, total: u32, wants: &BTreeMap<NodeId, u32>, turn: u64) -> u32 {
    let mut shares: BTreeMap<NodeId, u32> = BTreeMap::new();
    let mut left = total;
    loop {
        let hungry: Vec<NodeId> = wants
            .iter()
            .filter(|(id, wanted)| shares.get(id).copied().unwrap_or(0) < **wanted)
            .map(|(id, _)| *id)
            .collect();
        let count = u32::try_from(hungry.len()).unwrap_or(u32::MAX);
        if left == 0 || count == 0 {
            break;
        }
        let each = left / count;
        if each == 0 {
            let first = usize::try_from(turn % u64::from(count)).unwrap_or(0);
            for id in hungry.iter().cycle().skip(first).take(left as usize) {
                *shares.entry(*id).or_default() += 1;
            }
            break;
        }
        for id in hungry {
            let share = shares.entry(id).or_default();
            let more = each.min(wants[&id] - *share);
            *share += more;
            left -= more;
        }
    }
    shares.get(&node).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u128) -> NodeId {
        NodeId::from_u128(number)
    }

    fn shares(total: u32, wants: &[u32], turn: u64) -> Vec<u32> {
        let wants = (1..).zip(wants).map(|(id, wanted)| (node(id), *wanted));
        let wants: BTreeMap<NodeId, u32> = wants.collect();
        let share = |id: &NodeId| share_of(*id, total, &wants, turn);
        wants.keys().map(share).collect()
    }

    #[test]
    fn shares_are_even_whole_and_go_round() {
        assert_eq!(shares(9, &[9, 9, 9], 0), [3, 3, 3]);
        assert_eq!(shares(9, &[1, 9, 9], 0), [1, 4, 4]);
        assert_eq!(
            shares(10, &[2, 2, 2], 0),
            [2, 2, 2],
            "nobody gets more than it wants"
        );
        assert_eq!(shares(8, &[0, 9, 0], 0), [0, 8, 0]);
        let turns = (0..3).map(|turn| shares(1, &[5, 5, 5], turn));
        assert_eq!(turns.collect::<Vec<_>>(), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
        assert_eq!(shares(5, &[9, 9, 9], 1).iter().sum::<u32>(), 5);
    }

    #[test]
    fn the_sum_of_what_lasts_is_never_above_the_total() {
        let mut allocation = Allocation::default();
        // Node, running, wanted, when; the first has the target for itself at first.
        assert_eq!(allocation.give(0, 4, node(1), (0, 9), false), 4);
        assert_eq!(
            allocation.give(10, 4, node(2), (0, 9), false),
            0,
            "all are taken"
        );
        assert_eq!(
            allocation.give(20, 4, node(1), (3, 9), false),
            2,
            "others wait"
        );
        assert_eq!(
            allocation.give(30, 4, node(2), (0, 9), false),
            1,
            "three still run"
        );
        assert_eq!(allocation.give(40, 4, node(1), (2, 9), false), 2);
        assert_eq!(allocation.give(50, 4, node(2), (1, 9), false), 2);
        // One that is heard of no more leaves its permits when they end.
        assert_eq!(allocation.give(3_039, 4, node(2), (2, 9), false), 2);
        assert_eq!(allocation.give(3_040, 4, node(2), (2, 9), false), 4);
    }

    #[test]
    fn a_new_home_gives_nothing_that_the_one_before_may_have_given() {
        let mut allocation = Allocation::default();
        assert_eq!(allocation.give(0, 4, node(1), (0, 9), true), 0);
        assert_eq!(allocation.give(1, 4, node(2), (3, 9), true), 3);
        assert_eq!(allocation.give(LASTS_MS, 4, node(1), (0, 9), false), 1);
    }
}
