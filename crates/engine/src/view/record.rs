//! A record as the history shows it.

use serde_json::{Map, Value, json};

use super::rfc3339;
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    ApprovalRequested, Body, ChildStart, DecisionAnswered, DecisionKind, Ended, LaneEnded, Plan,
    Record, StepRef, TaskKey, TaskKind,
};
use crate::scope::error_value;
use crate::state::Instance;

/// One line of an instance's history.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordView {
    /// Its place in the history.
    pub seq: u64,
    /// When it happened, milliseconds since the epoch.
    pub at: i64,
    /// Its type in words (`step-completed`).
    pub kind: &'static str,
    /// The step's id, where it concerns one.
    pub step: Option<String>,
    /// The step's lane as a path, where it is not the root's.
    pub lane: Option<String>,
    /// What led to it.
    pub cause: String,
    /// Who sent the command.
    pub actor: String,
    /// What it says.
    pub data: Value,
}

impl RecordView {
    /// Whether this state of the instance knows the lane that a record speaks of: not those of rounds
    /// that were let go since, nor of before an act on the past.
    pub fn is_named(record: &Record, state: &Instance) -> bool {
        let at = record.body.as_ref().and_then(step_of);
        let lane_known = at.is_none_or(|at| state.lane(at.lane).is_some());
        lane_known && state.rewritten_after(record.seq).is_none()
    }

    /// The view of a record; `state` is the instance at or after it, for the names of steps.
    pub fn new(record: &Record, state: &Instance) -> Self {
        let body = record.body.as_ref();
        let at = body.and_then(step_of);
        let lane = at
            .and_then(|at| state.lane(at.lane))
            .filter(|lane| lane.parent.is_some());
        Self {
            seq: record.seq,
            at: record.at,
            kind: body.map_or("unknown", record_type),
            step: at
                .map(|at| state.step_name(at))
                .filter(|name| !name.is_empty()),
            lane: lane.map(|lane| state.lane_path(lane)),
            cause: record.cause().to_owned(),
            actor: record.actor().to_owned(),
            data: body.map_or(Value::Null, data),
        }
    }
}

/// A record's type in words.
pub fn record_type(body: &Body) -> &'static str {
    match body {
        Body::InstanceStarted(_) => "instance-started",
        Body::StepScheduled(_) => "step-scheduled",
        Body::StepStarted(_) => "step-started",
        Body::LanesOpened(_) => "lanes-opened",
        Body::AttemptFailed(_) => "attempt-failed",
        Body::RetryScheduled(_) => "retry-scheduled",
        Body::AttemptStarted(_) => "attempt-started",
        Body::TaskAccepted(_) => "task-accepted",
        Body::StepCompleted(_) => "step-completed",
        Body::StepSkipped(_) => "step-skipped",
        Body::StepFailed(_) => "step-failed",
        Body::StepCancelled(_) => "step-cancelled",
        Body::CatchCompleted(_) => "catch-completed",
        Body::LaneClosing(_) => "lane-closing",
        Body::LaneEnded(_) => "lane-ended",
        Body::ResultIgnored(_) => "result-ignored",
        Body::DecisionRequested(_) | Body::ApprovalRequested(_) | Body::UndoHeldBack(_) => {
            "decision-requested"
        }
        Body::DecisionMade(_) | Body::DecisionResolved(_) => "decision-made",
        Body::DecisionAnswered(_) => "decision-answered",
        Body::DecisionReminded(_) => "decision-reminded",
        Body::DecisionEscalated(_) => "decision-escalated",
        Body::DecisionDelegated(_) => "decision-delegated",
        Body::DecisionOverdue(_) => "decision-overdue",
        Body::StepAudited(_) => "step-audited",
        Body::NoticeScheduled(_) => "notice-scheduled",
        Body::NoticeEnded(_) => "notice-ended",
        Body::SignalAwaited(_) => "signal-awaited",
        Body::SignalReceived(_) => "signal-received",
        Body::SignalTaken(_) => "signal-taken",
        Body::WaitExpired(_) => "wait-expired",
        Body::EventAwaited(_) => "event-awaited",
        Body::EventMet(_) => "event-met",
        Body::EventEmitted(_) => "event-emitted",
        Body::DeadlinePassed(_) => "deadline-passed",
        Body::StepOverruled(_) => "step-overruled",
        Body::DeadLettered(_) => "dead-lettered",
        Body::InstanceQueued(_) => "instance-queued",
        Body::InstanceBegun(_) => "instance-begun",
        Body::TurnAwaited(_) => "turn-awaited",
        Body::InstancePaused(_) => "instance-paused",
        Body::InstanceResumed(_) => "instance-resumed",
        Body::CancelRequested(_) => "cancel-requested",
        Body::InstanceFailing(_) => "instance-failing",
        Body::UndoStarted(_) => "compensation-started",
        Body::UndoScheduled(_) => "compensation-scheduled",
        Body::UndoEnded(_) => "compensation-ended",
        Body::LaneUndone(_) => "lane-compensated",
        Body::FinallyStarted(_) => "finally-started",
        Body::InstanceEnded(ended) => end_type(ended.how()),
        Body::DecisionCut(_) => "decision-cut",
        Body::DecisionContinued(_) => "decision-continued",
        Body::InstanceRetried(_) => "instance-retried",
        Body::RestoreRequested(_) => "restore-requested",
        Body::InstanceRestored(_) => "instance-restored",
        Body::InstanceMigrated(_) => "instance-migrated",
        Body::StepsTaken(_) => "steps-taken",
        Body::StepRescheduled(_) => "step-rescheduled",
        Body::CompensationRequested(_) => "compensation-requested",
        Body::OwnerOpened(_) => "owner-opened",
        Body::Slot(_) => "slot-fact",
        Body::CatalogChanged(_) => "catalog-changed",
        Body::RoundDelayed(_) => "round-delayed",
        Body::LanesPaced(_) => "lanes-paced",
        Body::InstanceDeleted(_) => "instance-deleted",
    }
}

/// How an instance ended, as its last record says it.
fn end_type(how: Ended) -> &'static str {
    match how {
        Ended::Completed => "instance-completed",
        Ended::Failed => "instance-failed",
        Ended::Compensated => "instance-compensated",
        Ended::Cancelled => "instance-cancelled",
    }
}

/// The step that a record is about.
fn step_of(body: &Body) -> Option<StepRef> {
    Some(match body {
        Body::StepScheduled(body) => body.at,
        Body::StepStarted(body) => body.at,
        Body::LanesOpened(body) => body.at,
        Body::AttemptFailed(body) => body.task.at,
        Body::RetryScheduled(body) => body.task.at,
        Body::AttemptStarted(body) => body.task.at,
        Body::TaskAccepted(body) => body.task.at,
        Body::StepCompleted(body) | Body::CatchCompleted(body) => body.at,
        Body::StepSkipped(at) | Body::StepCancelled(at) => *at,
        Body::StepFailed(body) => body.at,
        Body::ResultIgnored(body) => body.task.at,
        Body::DecisionRequested(body) => body.task.at,
        Body::ApprovalRequested(body) if body.kind() != DecisionKind::InstanceFailed => {
            body.task.at
        }
        Body::UndoHeldBack(body) => body.task.at,
        Body::StepAudited(body) => body.at,
        Body::NoticeScheduled(body) => body.task.at,
        Body::NoticeEnded(body) => body.task.at,
        Body::StepRescheduled(body) => body.task.at,
        Body::UndoScheduled(body) => body.task.at,
        Body::UndoEnded(body) => body.at,
        Body::RoundDelayed(body) => body.at,
        Body::LanesPaced(body) => body.at,
        Body::SignalAwaited(body) => body.at,
        Body::StepOverruled(body) => body.at,
        Body::DeadLettered(body) => body.task.at,
        Body::SignalTaken(body) => body.at,
        Body::WaitExpired(at) => *at,
        Body::EventAwaited(body) => body.at,
        Body::EventMet(body) => body.at,
        Body::EventEmitted(body) => body.at,
        _ => return None,
    })
}

fn data(body: &Body) -> Value {
    match body {
        Body::InstanceStarted(body) => json!({
            "workflow": body.workflow,
            "version": body.version,
            "input": shown(body.input.as_ref()),
            "correlation_id": body.correlation_id,
            "subject": body.subject,
            "attributes": body.attributes,
            "trigger": body.trigger,
            "environment": body.environment,
        }),
        Body::StepScheduled(body) => json!({
            "input": shown(body.input.as_ref()),
            "idempotency_key": body.idempotency_key,
            "plan": plan(body.plan.as_deref()),
        }),
        Body::StepStarted(body) => json!({
            "lanes": body.lanes,
            "until": time(body.wait_until),
            "timeout_at": time(body.timeout_at),
            "child": child(body.child.as_deref()),
        }),
        Body::LanesOpened(body) => json!({ "from": body.from, "to": body.to }),
        Body::AttemptFailed(body) => json!({
            "attempt": body.task.attempt,
            "generation": body.task.generation + 1,
            "for": purpose(body.task),
            "error": error_value(&body.error),
            "effect": if body.error.effect_unknown { "unknown" } else { "none" },
            "retryable": body.error.retryable,
            "target": body.target,
            "exchange": parsed(&body.exchange),
        }),
        Body::RetryScheduled(body) => json!({
            "attempt": body.task.attempt,
            "for": purpose(body.task),
            "due_at": time(body.due_at),
        }),
        Body::AttemptStarted(body) => attempt(body.task, body.child.as_deref()),
        Body::StepRescheduled(body) => attempt(body.task, body.child.as_deref()),
        Body::TaskAccepted(body) => {
            json!({ "attempt": body.task.attempt, "expires_at": time(body.expires_at) })
        }
        Body::StepCompleted(body) | Body::CatchCompleted(body) => json!({
            "output": shown(body.output.as_ref()),
            "winners": body.winners,
            "target": body.target,
            "exchange": parsed(&body.exchange),
            "from_cache_of": id(&body.kept_by),
        }),
        Body::StepFailed(body) => json!({
            "error": error_value(&body.error),
            "handling": format!("{:?}", body.handling()).to_lowercase(),
            "output": shown(body.output.as_ref()),
        }),
        Body::LaneEnded(body) => lane_ended(body),
        other => other_data(other),
    }
}

fn other_data(body: &Body) -> Value {
    match body {
        Body::RoundDelayed(body) => {
            json!({ "due_at": time(body.due_at), "state": shown(body.state.as_ref()) })
        }
        Body::LaneClosing(body) => json!({
            "lane": body.lane,
            "why": format!("{:?}", body.why()).to_lowercase(),
            "error": body.error.as_ref().map(error_value),
        }),
        Body::ResultIgnored(body) => json!({ "attempt": body.task.attempt, "reason": body.reason }),
        Body::DecisionRequested(body) => json!({
            "decision_id": id(&body.id),
            "kind": body.kind().as_str(),
            "error": error_value(&body.error),
        }),
        Body::DecisionMade(body) => json!({
            "decision_id": id(&body.id),
            "choice": body.choice().as_str(),
            "by": body.by,
            "comment": body.comment,
        }),
        Body::ApprovalRequested(_)
        | Body::UndoHeldBack(_)
        | Body::DecisionAnswered(_)
        | Body::DecisionResolved(_)
        | Body::DecisionReminded(_)
        | Body::DecisionEscalated(_)
        | Body::DecisionDelegated(_)
        | Body::DecisionOverdue(_)
        | Body::StepAudited(_)
        | Body::NoticeScheduled(_)
        | Body::NoticeEnded(_) => decision_data(body),
        Body::CancelRequested(body) | Body::CompensationRequested(body) => {
            json!({ "reason": body.reason, "compensate": !body.skip_compensation })
        }
        Body::InstanceFailing(body) => json!({ "error": error_value(&body.error) }),
        Body::UndoStarted(body) => json!({ "lane": body.first_lane, "lanes": body.lanes }),
        Body::UndoScheduled(body) => json!({
            "for": purpose(body.task),
            "input": shown(body.input.as_ref()),
            "plan": plan(body.plan.as_deref()),
            "child": child(body.child.as_deref()),
        }),
        Body::UndoEnded(body) => json!({
            "outcome": format!("{:?}", body.outcome()).to_lowercase(),
            "output": shown(body.output.as_ref()),
        }),
        Body::LaneUndone(body) => json!({ "lane": body.lane }),
        Body::InstanceEnded(body) => json!({ "output": shown(body.output.as_ref()) }),
        Body::SignalAwaited(_)
        | Body::SignalReceived(_)
        | Body::SignalTaken(_)
        | Body::StepOverruled(_)
        | Body::DeadLettered(_)
        | Body::InstanceQueued(_)
        | Body::TurnAwaited(_)
        | Body::LanesPaced(_)
        | Body::InstancePaused(_)
        | Body::InstanceResumed(_)
        | Body::InstanceRetried(_)
        | Body::RestoreRequested(_)
        | Body::InstanceRestored(_)
        | Body::InstanceMigrated(_)
        | Body::StepsTaken(_) => operated_data(body),
        Body::CatalogChanged(body) => json!({ "version": body.version, "reason": body.reason }),
        Body::OwnerOpened(body) => json!({ "epoch": body.epoch, "node": body.node }),
        _ => event_data(body),
    }
}

/// Of events that steps wait for, take and publish; of anything else, nothing.
fn event_data(body: &Body) -> Value {
    match body {
        Body::EventAwaited(body) => json!({
            "event_type": body.event_type,
            "key": body.key,
            "until": time(body.until),
            "timeout_at": time(body.timeout_at),
        }),
        Body::EventMet(body) => json!({ "event": id(&body.event), "event_type": body.event_type }),
        Body::EventEmitted(body) => {
            json!({ "event": id(&body.event), "event_type": body.event_type })
        }
        Body::DeadlinePassed(body) => json!({
            "deadline": body.deadline,
            "event": (!body.event.is_empty()).then(|| id(&body.event)),
            "event_type": body.event_type,
            "error": body.error.as_ref().map(error_value),
        }),
        _ => Value::Object(Map::new()),
    }
}

fn operated_data(body: &Body) -> Value {
    match body {
        Body::SignalAwaited(body) => json!({
            "signal": body.name,
            "until": time(body.until),
            "timeout_at": time(body.timeout_at),
        }),
        Body::SignalReceived(body) => {
            json!({ "signal": body.name, "data": shown(body.data.as_ref()) })
        }
        Body::SignalTaken(body) => json!({ "signal": body.name, "received": body.received }),
        Body::StepOverruled(body) => {
            json!({ "how": body.how().as_str(), "reason": body.reason })
        }
        Body::DeadLettered(body) => json!({
            "dead_letter": id(&body.id),
            "for": purpose(body.task),
            "adapter": body.adapter,
            "action": body.action,
            "error": error_value(&body.error),
        }),
        Body::InstanceQueued(body) => json!({ "start_at": time(body.start_at) }),
        Body::TurnAwaited(body) => json!({ "place": body.place }),
        Body::LanesPaced(body) => json!({ "due_at": time(body.due_at) }),
        Body::InstancePaused(body) | Body::InstanceResumed(body) => {
            json!({ "reason": body.reason })
        }
        Body::InstanceRetried(body) => json!({ "reason": body.reason }),
        Body::RestoreRequested(body) | Body::InstanceRestored(body) => json!({
            "to_seq": body.to_seq,
            "version": body.version,
            "reason": body.reason,
        }),
        Body::InstanceMigrated(body) => json!({ "version": body.version, "reason": body.reason }),
        Body::StepsTaken(body) => json!({
            "from": id(&body.from),
            "places": body.steps.iter().map(|step| step.at.step).collect::<Vec<_>>(),
        }),
        _ => Value::Object(Map::new()),
    }
}

fn decision_data(body: &Body) -> Value {
    match body {
        Body::ApprovalRequested(body) | Body::UndoHeldBack(body) => asked(body),
        Body::DecisionAnswered(body) => answered(body),
        Body::DecisionResolved(body) => {
            let mut data = answered(&body.answer);
            data["kind"] = json!(body.kind().as_str());
            data["approved_before"] = json!(body.before);
            data["data"] = shown(body.data.as_ref());
            data["seen"] = json!(hex(&body.seen));
            data
        }
        Body::DecisionReminded(body) => {
            json!({ "decision_id": id(&body.id), "count": body.count })
        }
        Body::DecisionEscalated(body) => json!({
            "decision_id": id(&body.id),
            "approvers": body.approvers,
            "expires_at": time(body.expires_at),
        }),
        Body::DecisionDelegated(body) => json!({
            "decision_id": id(&body.id),
            "by": body.by,
            "to": body.to,
            "comment": body.comment,
        }),
        Body::DecisionOverdue(body) => json!({ "decision_id": id(&body.id) }),
        Body::StepAudited(body) => json!({ "risk": body.risk, "policies": body.policies }),
        Body::NoticeScheduled(body) => json!({
            "decision_id": id(&body.id),
            "notice": body.place,
            "input": shown(body.input.as_ref()),
            "plan": plan(body.plan.as_deref()),
        }),
        Body::NoticeEnded(body) => json!({
            "decision_id": id(&body.id),
            "error": body.error.as_ref().map(error_value),
        }),
        _ => Value::Object(Map::new()),
    }
}

fn asked(body: &ApprovalRequested) -> Value {
    let ask = &body.ask;
    json!({
        "decision_id": id(&body.id),
        "kind": body.kind().as_str(),
        "prompt": ask.prompt,
        "show": shown(ask.show.as_ref()),
        "form": shown(ask.form.as_ref()),
        "data": shown(ask.data.as_ref().or(ask.input.as_ref())),
        "approvers": ask.approvers,
        "quorum": ask.quorum,
        "risk": ask.risk,
        "reasons": ask.reasons,
        "timeout_ms": ask.timeout_ms,
    })
}

fn answered(body: &DecisionAnswered) -> Value {
    json!({
        "decision_id": id(&body.id),
        "choice": body.choice().as_str(),
        "by": body.by,
        "comment": body.comment,
        "data": shown(body.data.as_ref()),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lane_ended(body: &LaneEnded) -> Value {
    json!({
        "lane": body.lane,
        "outcome": format!("{:?}", body.outcome()).to_lowercase(),
        "output": shown(body.output.as_ref()),
        "error": body.error.as_ref().map(error_value),
    })
}

fn attempt(task: TaskKey, started: Option<&ChildStart>) -> Value {
    json!({
        "attempt": task.attempt,
        "generation": task.generation + 1,
        "for": purpose(task),
        "child": child(started),
    })
}

fn purpose(task: TaskKey) -> &'static str {
    match task.kind() {
        TaskKind::Run => "run",
        TaskKind::Undo => "compensate",
        TaskKind::Verify => "verify",
        TaskKind::Notify => "notify",
    }
}

fn plan(plan: Option<&Plan>) -> Value {
    plan.map_or(Value::Null, |plan| {
        json!({
            "adapter": plan.adapter,
            "action": plan.action,
            "max_attempts": plan.max_attempts,
            "timeout_ms": plan.timeout_ms,
            "limit": plan.limit.as_ref().map(|limit| limit.limit),
            "priority": (!plan.priority.is_empty()).then_some(&plan.priority),
            "action_limit": plan.action_limit.as_ref().map(|limit| limit.limit),
            "cache": plan.cache.as_ref().map(|cache| &cache.key),
        })
    })
}

fn child(child: Option<&ChildStart>) -> Value {
    child.map_or(Value::Null, |child| {
        json!({ "id": id(&child.id), "workflow": child.workflow, "version": child.version })
    })
}

fn shown(payload: Option<&Payload>) -> Value {
    payload.map_or(Value::Null, |payload| Value::clone(&payload.value()))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn time(at_ms: i64) -> Value {
    if at_ms == 0 {
        Value::Null
    } else {
        Value::String(rfc3339(at_ms))
    }
}

fn id(bytes: &[u8]) -> Value {
    Id::from_slice(bytes).map_or(Value::Null, |id| Value::String(id.to_string()))
}
