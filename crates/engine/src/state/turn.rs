//! Where an instance stands under the limit of its workflow.

use super::instance::{Instance, Phase};
use crate::record::{Rewritten, Share, TurnLimit};

/// Where an instance stands under its limit.
///
/// | state | from | until | counts |
/// | --- | --- | --- | --- |
/// | waiting | it was started, or its time came, or it was taken up again after its end | its turn | no |
/// | held | someone pauses it while it waits | it is resumed: it kept its place | no |
/// | running | its turn | it is cancelled, fails or ends | yes |
/// | leaving | it is cancelled, or is ending | it has ended | yes |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It waits for its turn.
    Waiting,
    /// It waits, and someone holds it meanwhile.
    Held,
    /// It has its turn.
    Running,
    /// It has its turn and gives it back by itself.
    Leaving,
}

impl Instance {
    /// The limit under which it was started.
    pub fn limit(&self) -> Option<&TurnLimit> {
        self.header.started.turn.as_deref()
    }

    /// Whose share it takes where work waits.
    pub fn share(&self) -> Option<&Share> {
        self.header.started.share.as_deref()
    }

    /// Where it stands under its limit; none: under none, or not yet, or no more. What is only undone
    /// for a parent needs no turn.
    pub fn turn(&self) -> Option<Turn> {
        let progress = &self.progress;
        self.limit()?;
        if progress.turn_place == 0 || progress.for_parent || self.phase() == Phase::Ended {
            return None;
        }
        if progress.turn_since > 0 {
            let held = self.pause().is_some();
            let turn = if held { Turn::Held } else { Turn::Waiting };
            return self.is_queued().then_some(turn);
        }
        let leaves = self.phase() != Phase::Running
            || progress.cancel.is_some()
            || progress.error.is_some()
            || self.lane(0).is_none_or(|root| root.closing.is_some());
        Some(if leaves { Turn::Leaving } else { Turn::Running })
    }

    /// Whether it has given its turn back, and needs another one to go on.
    pub(crate) fn needs_turn(&self) -> bool {
        let queues = |to: &Rewritten| to.queues;
        let restoring = self.progress.restoring.as_deref();
        let ended = self.phase() == Phase::Ended;
        self.limit().is_some() && (ended || restoring.is_some_and(queues))
    }

    /// Since when it waits for its turn, milliseconds since the epoch; 0 when it does not.
    pub const fn turn_since(&self) -> i64 {
        self.progress.turn_since
    }

    /// Its place among those of its partition that wait for a turn, or did; 0 if it never has.
    pub const fn turn_place(&self) -> u64 {
        self.progress.turn_place
    }

    /// Whether its steps have begun.
    pub(crate) const fn has_begun(&self) -> bool {
        self.progress.start_at == 0 && self.progress.turn_since == 0
    }
}
