//! A lifecycle event, made of a record.

use engine::record::{Body, DecisionKind, Ended, Record};
use engine::view::{RecordView, rfc3339};
use engine::{Id, Instance, Payload};
use serde_json::{Map, Value, json};

/// What a record says to the outside.
pub(super) fn types_of(body: &Body) -> &'static [&'static str] {
    match body {
        Body::InstanceStarted(_) => &["workflow.started"],
        Body::InstanceFailing(_) => &["workflow.failed"],
        Body::InstanceEnded(ended) => match ended.how() {
            Ended::Completed => &["workflow.completed"],
            // That was said at the failure.
            Ended::Failed => &[],
            Ended::Compensated => &["workflow.compensated"],
            Ended::Cancelled => &["workflow.cancelled"],
        },
        Body::InstancePaused(_) => &["workflow.paused"],
        Body::InstanceResumed(_) => &["workflow.resumed"],
        Body::InstanceRetried(_) => &["workflow.retried"],
        Body::InstanceRestored(_) => &["workflow.restored"],
        Body::InstanceMigrated(_) => &["workflow.migrated"],
        Body::StepCompleted(_) => &["step.completed"],
        Body::StepFailed(_) => &["step.failed"],
        Body::DeadLettered(_) => &["step.dead-lettered"],
        Body::DecisionRequested(asked) if asked.kind() == DecisionKind::CompensationFailed => {
            &["decision.requested", "workflow.stuck"]
        }
        Body::DecisionRequested(_) | Body::ApprovalRequested(_) => &["decision.requested"],
        Body::DecisionMade(_) | Body::DecisionResolved(_) => &["decision.made"],
        Body::DecisionEscalated(_) => &["decision.escalated"],
        _ => &[],
    }
}

/// A lifecycle event.
pub(super) struct Happened<'a> {
    pub(super) event: &'static str,
    pub(super) record: &'a Record,
    /// After the decision.
    pub(super) instance: &'a Instance,
}

impl Happened<'_> {
    /// Unlike that of any other event; the same however often it is told.
    pub(super) fn id(&self) -> String {
        let (instance, seq) = (self.instance.id(), self.record.seq);
        match self.event {
            // Beside another one of the same record.
            "workflow.stuck" => format!("{instance}/{seq}/stuck"),
            _ => format!("{instance}/{seq}"),
        }
    }

    /// What it came to, of those that end with something.
    pub(super) fn output(&self) -> Option<Payload> {
        match self.record.body.as_ref()? {
            Body::InstanceEnded(ended) if ended.how() == Ended::Completed => {
                Some(ended.output.clone().unwrap_or_else(Payload::null))
            }
            Body::InstanceEnded(ended) => ended.output.clone(),
            _ => None,
        }
    }

    /// The attributes of CloudEvents.
    pub(super) fn attributes(&self) -> Map<String, Value> {
        let started = &self.instance.header().started;
        let mut attributes = Map::new();
        let mut put = |name: &str, value: String| {
            attributes.insert(name.to_owned(), Value::String(value));
        };
        put("specversion", "1.0".to_owned());
        put("id", self.id());
        put("source", format!("/workflows/{}", started.workflow));
        put("type", self.event.to_owned());
        if !started.subject.is_empty() {
            put("subject", started.subject.clone());
        }
        put("time", rfc3339(self.record.at));
        put("datacontenttype", "application/json".to_owned());
        put("correlationid", started.correlation_id.clone());
        attributes
    }

    /// What it carries.
    pub(super) fn data(&self) -> Value {
        let instance = self.instance;
        let started = &instance.header().started;
        let mut data = json!({
            "workflow": started.workflow,
            "version": instance.workflow().version.to_string(),
            "id": instance.id().to_string(),
            "status": self.status(),
            "correlation_id": started.correlation_id,
        });
        let mut put = |name: &str, value: Value| data[name] = value;
        if !started.subject.is_empty() {
            put("subject", json!(started.subject));
        }
        let view = RecordView::new(self.record, instance);
        if let Some(step) = &view.step {
            let lane = view.lane.as_ref();
            put("step", json!({ "id": step, "lane": lane }));
        }
        let output = match self.record.body.as_ref() {
            Some(Body::StepCompleted(step)) => {
                Some(step.output.clone().unwrap_or_else(Payload::null))
            }
            _ => self.output(),
        };
        if let Some(output) = output {
            put("output", Value::clone(&output.value()));
        }
        for (told, name) in [("error", "error"), ("reason", "reason"), ("by", "by")] {
            if let Some(value) = view.data.get(told).filter(|value| !value.is_null()) {
                put(name, value.clone());
            }
        }
        if let Some(decision) = self.decision() {
            put("decision", decision);
        }
        data
    }

    /// That of the moment, which the event itself says, or that after the decision.
    fn status(&self) -> &str {
        let ends = [
            "completed",
            "failed",
            "compensated",
            "cancelled",
            "stuck",
            "paused",
        ];
        let of_workflow = self.event.strip_prefix("workflow.");
        let own = of_workflow.filter(|status| ends.contains(status));
        own.unwrap_or_else(|| self.instance.status().as_str())
    }

    fn decision(&self) -> Option<Value> {
        let (id, more) = match self.record.body.as_ref()? {
            Body::DecisionRequested(asked) => (&asked.id, json!({})),
            Body::ApprovalRequested(asked) => (&asked.id, json!({ "prompt": asked.ask.prompt })),
            Body::DecisionMade(made) => (&made.id, json!({ "choice": made.choice().as_str() })),
            Body::DecisionResolved(made) => {
                let answer = &made.answer;
                (&answer.id, json!({ "choice": answer.choice().as_str() }))
            }
            Body::DecisionEscalated(escalated) => (&escalated.id, json!({})),
            _ => return None,
        };
        let mut told = more;
        told["id"] = json!(Id::from_slice(id).unwrap_or_default().to_string());
        Some(told)
    }
}
