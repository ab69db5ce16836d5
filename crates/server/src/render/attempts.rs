//! The attempts of a step, told from its records.

use api::{Attempt, Json, Time};
use engine::record::{Body, Record, StepCompleted, StepRef, TaskKey, TaskKind};

use super::instance::{effect, failure, moment};

/// The attempts of the steps at these places, in the order of their starts. `lane` names a place's
/// lane.
pub fn attempts(
    records: &[Record],
    is_ours: impl Fn(StepRef) -> bool,
    lane: impl Fn(StepRef) -> String,
) -> Vec<Attempt> {
    let mut told = Told {
        found: Vec::new(),
        lane: &lane,
    };
    for record in records {
        let Some(body) = &record.body else { continue };
        if about(body).is_some_and(&is_ours) && !is_of_notice(body) {
            told.hear(body, record.at);
        }
    }
    told.found.into_iter().map(|(_, attempt)| attempt).collect()
}

/// The step that a record about attempts is about.
fn about(body: &Body) -> Option<StepRef> {
    match body {
        Body::StepScheduled(body) => Some(body.at),
        Body::AttemptStarted(body) => Some(body.task.at),
        Body::StepRescheduled(body) => Some(body.task.at),
        Body::UndoScheduled(body) => Some(body.task.at),
        Body::TaskAccepted(body) => Some(body.task.at),
        Body::AttemptFailed(body) => Some(body.task.at),
        Body::RetryScheduled(body) => Some(body.task.at),
        Body::ResultIgnored(body) => Some(body.task.at),
        Body::StepCompleted(body) => Some(body.at),
        Body::StepFailed(body) => Some(body.at),
        Body::StepCancelled(at) | Body::StepSkipped(at) => Some(*at),
        Body::UndoEnded(body) => Some(body.at),
        _ => None,
    }
}

/// Whether it is about a call that tells people of a decision: no attempt of the step itself.
fn is_of_notice(body: &Body) -> bool {
    let task = match body {
        Body::AttemptStarted(body) => body.task,
        Body::AttemptFailed(body) => body.task,
        Body::RetryScheduled(body) => body.task,
        Body::ResultIgnored(body) => body.task,
        _ => return false,
    };
    task.kind() == TaskKind::Notify
}

struct Told<'a> {
    found: Vec<(TaskKey, Attempt)>,
    lane: &'a dyn Fn(StepRef) -> String,
}

impl Told<'_> {
    fn hear(&mut self, body: &Body, at: i64) {
        match body {
            Body::StepScheduled(body) => {
                let task = TaskKey {
                    at: body.at,
                    kind: TaskKind::Run as i32,
                    generation: 0,
                    attempt: 1,
                };
                self.begin(task, at);
            }
            Body::AttemptStarted(body) => self.begin(body.task, at),
            Body::StepRescheduled(body) => self.begin(body.task, at),
            Body::UndoScheduled(body) => self.begin(body.task, at),
            Body::TaskAccepted(body) => self.change(body.task, |attempt| {
                attempt.outcome = "accepted".to_owned();
                attempt.next_at = moment(body.expires_at);
            }),
            Body::AttemptFailed(body) => self.change(body.task, |attempt| {
                attempt.outcome = "failed".to_owned();
                attempt.ended_at = Some(Time(at));
                attempt.effect = Some(effect(&body.error).to_owned());
                attempt.error = Some(failure(&body.error));
                attempt.target = text(&body.target);
                attempt.exchange = json(&body.exchange);
                attempt.next_at = None;
            }),
            Body::RetryScheduled(body) => self.retry_at(body.task, body.due_at),
            Body::StepCompleted(body) => self.completed(body, at),
            Body::UndoEnded(body) => {
                self.end(body.at, false, "completed", at);
            }
            Body::StepFailed(body) => self.end(body.at, true, "failed", at),
            Body::StepCancelled(place) | Body::StepSkipped(place) => {
                self.end(*place, true, "abandoned", at);
            }
            _ => {}
        }
    }

    fn begin(&mut self, task: TaskKey, at: i64) {
        let kind = match task.kind() {
            TaskKind::Run => "run",
            TaskKind::Undo => "undo",
            TaskKind::Verify => "verify",
            TaskKind::Notify => "notify",
        };
        let attempt = Attempt {
            lane: (self.lane)(task.at),
            kind: kind.to_owned(),
            attempt: task.attempt,
            generation: task.generation + 1,
            started_at: Time(at),
            ended_at: None,
            target: None,
            outcome: "running".to_owned(),
            effect: None,
            error: None,
            exchange: None,
            next_at: None,
        };
        self.found.push((task, attempt));
    }

    fn change(&mut self, task: TaskKey, change: impl FnOnce(&mut Attempt)) {
        if let Some((_, attempt)) = self.found.iter_mut().rev().find(|(key, _)| *key == task) {
            change(attempt);
        }
    }

    /// The attempt before the one that is to come shows when that is due.
    fn retry_at(&mut self, coming: TaskKey, due_at: i64) {
        let same = |key: &TaskKey| key.at == coming.at && key.kind == coming.kind;
        if let Some((_, attempt)) = self.found.iter_mut().rev().find(|(key, _)| same(key)) {
            attempt.next_at = moment(due_at);
        }
    }

    fn completed(&mut self, body: &StepCompleted, at: i64) {
        let ours = |key: &TaskKey| key.at == body.at && key.kind() == TaskKind::Run;
        if let Some((_, attempt)) = self.found.iter_mut().rev().find(|(key, _)| ours(key)) {
            let reused = !body.kept_by.is_empty();
            attempt.outcome = if reused { "from-cache" } else { "completed" }.to_owned();
            attempt.ended_at = Some(Time(at));
            attempt.target = text(&body.target);
            attempt.exchange = json(&body.exchange);
            attempt.next_at = None;
        }
    }

    /// Ends the attempt that is still open.
    fn end(&mut self, place: StepRef, run: bool, outcome: &str, at: i64) {
        let ours = |key: &TaskKey| key.at == place && (key.kind() == TaskKind::Run) == run;
        let found = self.found.iter_mut().rev().find(|(key, _)| ours(key));
        if let Some((_, attempt)) = found.filter(|(_, attempt)| attempt.ended_at.is_none()) {
            attempt.outcome = outcome.to_owned();
            attempt.ended_at = Some(Time(at));
            attempt.next_at = None;
        }
    }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn json(text: &str) -> Option<Json> {
    (!text.is_empty()).then(|| Json::from_bytes(text.as_bytes()))
}
