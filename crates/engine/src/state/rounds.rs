//! Rounds of a loop that are let go, so that a loop of any length has a state of one size.

use std::sync::Arc;

use super::instance::Instance;
use super::lane::CHUNK;
use super::step::Block;
use crate::record::Role;

impl Instance {
    /// A lane, and those of the blocks and catches in it.
    pub(crate) fn lanes_below(&self, lane: u32) -> Vec<u32> {
        let (mut found, mut ahead) = (Vec::new(), vec![lane]);
        while let Some(id) = ahead.pop() {
            let Some(lane) = self.lane(id) else { continue };
            found.push(id);
            for step in &lane.steps {
                let blocks = step.block.as_deref().into_iter().chain(&step.earlier);
                ahead.extend(blocks.flat_map(|block| self.lanes_of_block(block)));
                let catches = Some(step.catch_lane).filter(|&id| id > 0);
                ahead.extend(self.lanes_before(catches));
            }
        }
        found
    }

    /// A block's lanes as far as they are there. (What a block is, its lanes say: a definition may not
    /// be at hand when records are applied.)
    pub(crate) fn lanes_of_block(&self, block: &Block) -> Vec<u32> {
        if block.opened == 0 {
            return Vec::new();
        }
        let latest = self.lane(block.round_lane);
        if latest.is_some_and(|lane| lane.role() == Role::Round) {
            return self.lanes_before(Some(block.round_lane)).collect();
        }
        (block.first_lane..block.first_lane.saturating_add(block.opened)).collect()
    }

    /// A lane and those that it names as earlier ones.
    fn lanes_before(&self, latest: Option<u32>) -> impl Iterator<Item = u32> {
        std::iter::successors(latest, |&id| {
            let lane = self.lane(id)?;
            let first_round = lane.role() == Role::Round && lane.index == 0;
            Some(lane.previous).filter(|&id| id > 0 && !first_round)
        })
    }

    /// Lets a round go, and all that is in it.
    pub(super) fn forget_round(&mut self, round: u32) {
        for id in self.lanes_below(round) {
            self.active.remove(id);
            let chunk = self.chunks.get_mut((id / CHUNK) as usize);
            let Some(chunk) = chunk.and_then(Option::as_mut) else {
                continue;
            };
            let lanes = &mut Arc::make_mut(chunk).lanes;
            if let Some(place) = lanes.get_mut((id % CHUNK) as usize) {
                *place = None;
            }
            if lanes.iter().all(Option::is_none) {
                // An empty chunk is written over the one that is stored.
                *chunk = Arc::default();
            }
        }
    }
}
