//! Names of states, finer than those of the API.

use engine::{Lane, LaneStatus, StepStatus, UndoPhase, UndoStatus};

pub(super) const fn step(status: StepStatus) -> &'static str {
    match status {
        StepStatus::Pending => "pending",
        StepStatus::Running => "running",
        StepStatus::Out => "out",
        StepStatus::Accepted => "accepted",
        StepStatus::Retrying => "retrying",
        StepStatus::Waiting => "waiting",
        StepStatus::Deciding => "deciding",
        StepStatus::Completed => "completed",
        StepStatus::Failed => "failed",
        StepStatus::Skipped => "skipped",
        StepStatus::Cancelled => "cancelled",
    }
}

pub(super) const fn undo(phase: UndoPhase) -> &'static str {
    match phase {
        UndoPhase::Lanes => "lanes",
        UndoPhase::Verifying => "verifying",
        UndoPhase::Found => "found",
        UndoPhase::Out => "undoing",
        UndoPhase::Accepted => "undo accepted",
        UndoPhase::Retrying => "undo retrying",
        UndoPhase::Deciding => "undo deciding",
        UndoPhase::Child => "child undoes",
        UndoPhase::Done => "undone",
        UndoPhase::Nothing => "nothing to undo",
        UndoPhase::Skipped => "undo skipped",
        UndoPhase::Failed => "undo failed",
    }
}

pub(super) fn lane(lane: &Lane) -> &'static str {
    match (lane.undo(), lane.status()) {
        (UndoStatus::Wanted, _) => "lane to be undone",
        (UndoStatus::Done, _) => "lane undone",
        (UndoStatus::None, LaneStatus::Running) => "lane running",
        (UndoStatus::None, LaneStatus::Closing) => "lane closing",
        (UndoStatus::None, LaneStatus::Completed) => "lane completed",
        (UndoStatus::None, LaneStatus::Failed) => "lane failed",
        (UndoStatus::None, LaneStatus::Cancelled) => "lane cancelled",
        (UndoStatus::None, LaneStatus::Broken) => "lane broken",
    }
}
