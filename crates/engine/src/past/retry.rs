//! Retrying an instance that ended without success: from the steps that failed.

use super::renewal::Renewal;
use super::{Outlook, bounded};
use crate::command::Refusal;
use crate::record::Rewritten;
use crate::state::{Instance, Phase, Progress, Status};

impl Instance {
    /// What retrying it at this time comes to.
    ///
    /// # Errors
    /// When it is open, ended well, or somebody has its result already.
    pub fn retry_outlook(&self, now: i64) -> Result<Outlook, Refusal> {
        self.expect_retriable()?;
        let mut renewal = Renewal::of(self.clone(), self, now);
        renewal.root();
        let lanes = renewal.renewed.iter();
        let lanes = lanes.filter_map(|&id| renewal.state.lane(id)).cloned();
        let state = Rewritten {
            version: self.header.started.version.clone(),
            progress: Box::new(self.taken_up(&self.progress, renewal.run, now)),
            lanes: lanes.collect(),
            others_stay: true,
            queues: self.needs_turn(),
            ..Rewritten::default()
        };
        Ok(Outlook {
            state: bounded(state)?,
            again: renewal.again,
        })
    }

    fn expect_retriable(&self) -> Result<(), Refusal> {
        let told = match self.status() {
            Status::Failed | Status::Compensated | Status::Cancelled => {
                return self.expect_unused_result();
            }
            Status::Completed => {
                "expected an instance that failed, but it completed: restore it to an earlier state, or replay it"
            }
            Status::Stuck => {
                "expected an instance that has ended, but it is stuck: an undo failed, and its decision says what follows"
            }
            Status::Queued
            | Status::Paused
            | Status::Running
            | Status::Waiting
            | Status::Compensating => {
                "expected an instance that has ended, but it is open: retry one of its steps, or wait for its end"
            }
        };
        Err(Refusal::Forbidden(told.into()))
    }

    /// Refuses where a parent was told how it ended, and has gone on with that.
    pub(super) fn expect_unused_result(&self) -> Result<(), Refusal> {
        let parent = self.header.started.parent.as_ref();
        let waits = parent.is_some_and(|parent| !parent.detached);
        // One that its parent undoes had ended for that parent, too.
        let told_parent = self.phase() == Phase::Ended || self.progress.for_parent;
        if !told_parent || !waits {
            return Ok(());
        }
        let parent = self.header.parent_id().map(|id| id.to_string());
        let told = format!(
            "its parent {} was told how it ended, and has gone on: act on the parent",
            parent.unwrap_or_default()
        );
        Err(Refusal::Forbidden(told.into()))
    }

    /// The progress of an instance that goes on from an earlier one.
    pub(super) fn taken_up(&self, from: &Progress, run: u32, now: i64) -> Progress {
        let latest = &self.progress;
        let started = &self.header.started;
        let span = started.timeout_at.saturating_sub(self.header.created_at);
        let timeout_at = if started.timeout_at > 0 {
            now.saturating_add(span)
        } else {
            0
        };
        Progress {
            seq: 0,
            updated_at: 0,
            ended_at: 0,
            phase: Phase::Running as i32,
            ended: 0,
            error: None,
            output: None,
            next_lane: latest.next_lane,
            cut: false,
            cancel: None,
            decisions: Vec::new(),
            answered: latest.answered.clone(),
            undone: false,
            undo_failed: false,
            finally_lane: 0,
            for_parent: false,
            generation: latest.generation,
            on_failure: 0,
            notices: latest.notices,
            signals: from.signals.clone(),
            events: self.events_from(from.events.as_deref()),
            start_at: 0,
            turn_since: latest.turn_since,
            turn_place: latest.turn_place,
            pause: latest.pause.clone().filter(|_| latest.ended_at == 0),
            run,
            timeout_at,
            restoring: None,
            rewritten: Vec::new(),
        }
    }
}
