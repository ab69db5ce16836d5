//! What matters of a record, as the log shows it.

use engine::record::{Body, Record};

pub fn detail(record: &Record) -> String {
    match record.body.as_ref().unwrap() {
        Body::StepCompleted(body) | Body::CatchCompleted(body) => {
            let output = body.output.as_ref();
            let output = output.map_or_else(String::new, |output| format!(" {output:?}"));
            let kept = if body.kept_by.is_empty() {
                ""
            } else {
                " (kept)"
            };
            output + kept
        }
        Body::AttemptFailed(body) => format!(" {}", body.error.error_type),
        Body::RetryScheduled(body) => format!(" #{} at {}", body.task.attempt, body.due_at),
        Body::AttemptStarted(body) => format!(" #{}", body.task.attempt),
        Body::StepFailed(body) => {
            format!(" {} {:?}", body.error.error_type, body.handling()).to_lowercase()
        }
        Body::ApprovalRequested(body) | Body::UndoHeldBack(body) => {
            format!(" {}: {}", body.kind().as_str(), body.ask.reasons.join("; "))
        }
        Body::DecisionAnswered(body) => format!(" {} by {}", body.choice().as_str(), body.by),
        Body::DecisionResolved(body) => {
            let (answer, by) = (&body.answer, body.answer.by.as_str());
            let by = if by.is_empty() { "the time" } else { by };
            format!(" {} by {by}", answer.choice().as_str())
        }
        Body::DecisionDelegated(body) => format!(" by {} to {}", body.by, body.to),
        Body::DecisionEscalated(body) => format!(" to {}", body.approvers.join(", ")),
        Body::DecisionReminded(body) => format!(" #{}", body.count),
        Body::StepAudited(body) => format!(": {}", body.policies.join("; ")),
        Body::NoticeEnded(body) => body
            .error
            .as_ref()
            .map_or_else(String::new, |error| format!(" {}", error.error_type)),
        Body::DeadLettered(body) => {
            let (error, attempts) = (&body.error.error_type, body.attempts.len());
            format!(" {}/{} {error} ({attempts})", body.adapter, body.action)
        }
        Body::LanesOpened(body) => format!(" {}..{}", body.from, body.to),
        Body::LaneEnded(body) if body.lane > 0 => {
            format!(" {} {:?}", body.lane, body.outcome()).to_lowercase()
        }
        Body::LaneEnded(body) => format!(" root {:?}", body.outcome()).to_lowercase(),
        Body::LaneClosing(body) => format!(" {} {:?}", body.lane, body.why()).to_lowercase(),
        Body::UndoEnded(body) => format!(" {:?}", body.outcome()).to_lowercase(),
        Body::UndoStarted(body) => format!(" {}+{}", body.first_lane, body.lanes),
        Body::LaneUndone(body) => format!(" {}", body.lane),
        Body::ResultIgnored(body) => format!(": {}", body.reason),
        Body::SignalAwaited(body) if body.until == 0 => format!(" {}", body.name),
        Body::SignalAwaited(body) => format!(" {} until {}", body.name, body.until),
        Body::SignalReceived(body) => format!(" {}", body.name),
        Body::SignalTaken(body) => format!(" {}", body.name),
        Body::StepOverruled(body) => format!(" {}", body.how().as_str()),
        Body::LanesPaced(body) => format!(" until {}", body.due_at),
        Body::TurnAwaited(body) => format!(" at {}", body.place),
        Body::InstanceQueued(body) => format!(" until {}", body.start_at),
        Body::InstancePaused(body) | Body::InstanceResumed(body) => {
            format!(" {}", body.reason).trim_end().to_owned()
        }
        Body::StepRescheduled(body) => {
            format!(
                " generation {} #{}",
                body.task.generation + 1,
                body.task.attempt
            )
        }
        body => of_event(body),
    }
}

fn of_event(body: &Body) -> String {
    match body {
        Body::EventAwaited(body) => format!(" {} {}", body.event_type, body.key),
        Body::EventMet(body) => format!(" {}", body.event_type),
        Body::EventEmitted(body) => format!(" {}", body.event_type),
        Body::DeadlinePassed(body) => format!(" {}", body.event_type),
        _ => String::new(),
    }
}
