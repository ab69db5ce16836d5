//! The end of an instance: output, roll-back, `finally`.

use definition::OnFailure;

use super::Decider;
use crate::command::Effect;
use crate::payload::Payload;
use crate::record::{
    Body, Choice, Ended, Failing, FinallyStarted, InstanceEnded, MessageBody, UndoStarted,
};
use crate::state::{LaneStatus, Phase, UndoStatus};

impl Decider<'_, '_> {
    /// Takes the instance one step nearer to its end, if nothing is left to do before it.
    pub(super) fn finish(&mut self) -> bool {
        let before = self.decided.records.len();
        if self.state.active.is_empty() {
            match self.state.phase() {
                Phase::Running => self.finish_running(),
                Phase::Compensating => self.finish_undo(),
                Phase::Finally => self.end(),
                Phase::Ended => {}
            }
        }
        self.decided.records.len() > before
    }

    fn finish_running(&mut self) {
        if self.finish_restore() {
            return;
        }
        let progress = &self.state.progress;
        if progress.error.is_some() && self.asks_what_becomes() {
            return;
        }
        let progress = &self.state.progress;
        if progress.error.is_some() || progress.cancel.is_some() {
            return self.roll_back();
        }
        let root = self.lane(0);
        if root.status() == LaneStatus::Completed && root.closing.is_some() {
            let output = root.output.clone();
            return self.begin_finally(output);
        }
        let workflow = std::sync::Arc::clone(&self.workflow);
        match &workflow.output {
            None => self.begin_finally(None),
            Some(template) => match self.evaluate(template, 0, "output") {
                Ok(output) => self.begin_finally(Some(output)),
                Err(error) => self.emit(Body::InstanceFailing(Failing { error })),
            },
        }
    }

    fn roll_back(&mut self) {
        let skip = self
            .state
            .cancel_request()
            .is_some_and(|request| request.skip_compensation);
        let chosen = self.state.progress.on_failure;
        let wanted = match self.workflow.on_failure {
            _ if chosen == Choice::Compensate as i32 => true,
            OnFailure::Compensate => true,
            // Who cancels says himself whether it is undone.
            OnFailure::Man => self.state.cancel_request().is_some(),
            OnFailure::Stop => false,
        };
        let wanted = wanted && !skip;
        if wanted && self.has_undo(0) {
            self.emit(Body::UndoStarted(UndoStarted {
                first_lane: 0,
                lanes: 1,
            }));
            self.queue.insert(0);
        } else {
            self.begin_finally(None);
        }
    }

    /// Under `on-failure: man` a person says what becomes of what a failed instance did; true while
    /// they are asked.
    fn asks_what_becomes(&mut self) -> bool {
        let progress = &self.state.progress;
        let asks = self.workflow.on_failure == OnFailure::Man
            && progress.on_failure == 0
            && progress.cancel.is_none();
        if asks && progress.decisions.is_empty() {
            self.ask_for_instance();
        }
        asks
    }

    fn finish_undo(&mut self) {
        if self.finish_restore() {
            return;
        }
        let root_undone = self.lane(0).undo() == UndoStatus::Done;
        if self.state.progress.for_parent {
            self.end();
        } else if root_undone {
            self.begin_finally(None);
        }
    }

    fn begin_finally(&mut self, output: Option<Payload>) {
        // What never began leaves nothing to clean up.
        let began = self.state.has_begun();
        match self.workflow.finally.filter(|_| began) {
            Some(list) => {
                let (lane, list) = (self.state.progress.next_lane, self.lane_list(list));
                self.emit(Body::FinallyStarted(FinallyStarted { lane, list, output }));
                self.queue.insert(lane);
            }
            None => self.end_with(output),
        }
    }

    fn end(&mut self) {
        let output = self.state.progress.output.clone();
        self.end_with(output);
    }

    fn end_with(&mut self, output: Option<Payload>) {
        let progress = &self.state.progress;
        let for_parent = progress.for_parent;
        let how = match (&progress.cancel, &progress.error) {
            _ if for_parent && progress.undo_failed => Ended::Failed,
            _ if for_parent => Ended::Compensated,
            (Some(_), _) => Ended::Cancelled,
            (None, Some(_)) if progress.undone => Ended::Compensated,
            (None, Some(_)) => Ended::Failed,
            (None, None) => Ended::Completed,
        };
        self.emit(Body::InstanceEnded(InstanceEnded {
            how: how as i32,
            output,
        }));
        if for_parent {
            self.tell_parent_undone(how);
        } else if let Some((to, ended)) = self.parent_message(how) {
            self.effect(Effect::Send {
                to,
                body: Box::new(MessageBody::ChildEnded(ended)),
            });
        }
    }
}
