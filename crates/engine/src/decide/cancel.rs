//! Cancelling an instance, and undoing a completed child for its parent.

use super::Decider;
use crate::command::{Effect, Refusal};
use crate::id::Id;
use crate::record::{
    Body, CancelRequested, ChildEnded, Closing, Ended, Held, MessageBody, ResultIgnored, TaskKey,
    TaskKind, UndoStarted,
};
use crate::state::{LaneStatus, Phase};

impl Decider<'_, '_> {
    pub(super) fn cancel(&mut self, request: CancelRequested) -> Result<(), Refusal> {
        match self.state.phase() {
            Phase::Ended => return Err(Refusal::Ended(self.state.status().as_str().to_owned())),
            Phase::Compensating | Phase::Finally => {
                return Err(Refusal::Stale(
                    "the instance is already being rolled back or ending".into(),
                ));
            }
            // A failed instance waits for a person: who cancels it answers for them.
            Phase::Running if self.state.is_asked_what_becomes() => {}
            Phase::Running
                if self.lane(0).closing.is_some() || self.state.cancel_request().is_some() =>
            {
                return Err(Refusal::Stale("the instance is already ending".into()));
            }
            Phase::Running => {}
        }
        if self.state.pause().is_some() {
            let reason = "it is cancelled".to_owned();
            self.release(Held { reason });
        }
        self.emit(Body::CancelRequested(request));
        // Its last step may be over while losers are still being undone: nothing is left to close.
        if self.state.root_status() == LaneStatus::Running {
            self.close_lane(0, Closing::Cancelled, None, None, false);
        }
        Ok(())
    }

    /// The parent is undone, and with it this completed child.
    pub(super) fn compensate_for_parent(&mut self) -> Result<(), Refusal> {
        if self.state.progress.for_parent {
            // Asked anew by a parent that was taken up again meanwhile: it is told once this has ended.
            self.ignore("it is undoing itself already");
            return Ok(());
        }
        if self.state.phase() != Phase::Ended {
            return Err(Refusal::Stale("the instance is still open".into()));
        }
        if self.state.progress.ended() != Ended::Completed {
            // It was asked before, perhaps by an earlier run of a parent that was taken up again: it is told
            // again how that ended. (What is told follows from a record, like every effect.)
            self.ignore("it has undone itself before; its parent is told again");
            let failed = self.state.progress.undo_failed;
            let how = if failed {
                Ended::Failed
            } else {
                Ended::Compensated
            };
            self.tell_parent_undone(how);
            return Ok(());
        }
        let reason = "the parent is undone".to_owned();
        let request = CancelRequested {
            reason,
            skip_compensation: false,
        };
        self.emit(Body::CompensationRequested(request));
        if self.has_undo(0) {
            self.emit(Body::UndoStarted(UndoStarted {
                first_lane: 0,
                lanes: 1,
            }));
            self.queue.insert(0);
        }
        Ok(())
    }

    /// Writes down why a request of the parent begins nothing.
    fn ignore(&mut self, reason: &str) {
        let (task, reason) = (TaskKey::default(), reason.to_owned());
        self.emit(Body::ResultIgnored(ResultIgnored { task, reason }));
    }

    pub(super) fn tell_parent_undone(&mut self, how: Ended) {
        if let Some((to, ended)) = self.parent_message(how) {
            self.effect(Effect::Send {
                to,
                body: Box::new(MessageBody::ChildCompensated(ended)),
            });
        }
    }

    /// What the parent that waits is told.
    pub(super) fn parent_message(&self, how: Ended) -> Option<(Id, ChildEnded)> {
        let parent = self.state.header().started.parent.as_ref()?;
        if parent.detached {
            return None;
        }
        let kind = if parent.undo {
            TaskKind::Undo
        } else {
            TaskKind::Run
        } as i32;
        let (generation, attempt) = (parent.generation, parent.attempt);
        let task = TaskKey {
            at: parent.at?,
            kind,
            generation,
            attempt,
        };
        let ended = ChildEnded {
            task,
            how: how as i32,
            output: self.state.output().cloned(),
            error: self.state.error().cloned(),
        };
        Some((Id::from_slice(&parent.id)?, ended))
    }
}
