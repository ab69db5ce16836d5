//! Who goes next where more wants in than may: bands of priority, fair shares between keys, and a turn
//! for whoever has waited longest.

mod band;
mod queue;

use definition::PRIORITIES;

pub(crate) use queue::{FairQueue, Place, Ticket};

/// The place of a priority's word among the bands.
pub(crate) fn rank(priority: &str) -> u8 {
    let place = PRIORITIES
        .iter()
        .position(|word| *word == priority)
        .unwrap_or(2);
    u8::try_from(place).unwrap_or(2)
}
