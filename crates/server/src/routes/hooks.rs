//! Webhooks in: what an outside system says starts workflows.

use std::sync::Arc;

use api::{Code, HookAnswer, Routed};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use definition::{Catalog, Trigger, TriggerKind, Workflow};
use engine::Payload;
use expression::Variables;
use runtime::Submit;
use serde_json::{Value, json};

use super::submit::idempotency;
use crate::callers::{Caller, Permission};
use crate::door::{
    Body, Correlation, IdempotencyKey, Query, Refusal, Segments, check_json, correlated, not_json,
    of_submit, read_body,
};
use crate::state::{Door, now};

/// Takes an event from outside
///
/// Starts every workflow that has a webhook trigger with this source whose condition holds.
#[utoipa::path(
    post, path = "/hooks/{source}", tag = "events", operation_id = "receive_webhook",
    params(
        ("source" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the event: it is taken once"),
    ),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses((status = 202, description = "It is taken, durably", body = HookAnswer), crate::openapi::Problems)
)]
pub async fn receive(
    State(door): State<Arc<Door>>,
    caller: Caller,
    correlation: Correlation,
    IdempotencyKey(key): IdempotencyKey,
    Segments(source): Segments<String>,
    query: Query,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Json<HookAnswer>), Refusal> {
    let user = caller.may(Permission::Submit)?;
    door.may_start()?;
    query.finish()?;
    let catalog = door.runtime.catalog();
    let triggers = triggers(&catalog, &source);
    if triggers.is_empty() {
        let detail = format!("expected a source that a workflow names, but none names `{source}`");
        return Err(Refusal::new(Code::NO_HOOK, detail));
    }
    let Body(bytes) = read_body(request, door.limits.body_bytes).await?;
    check_json(std::str::from_utf8(&bytes).unwrap_or_default())
        .map_err(|error| not_json(&error))?;
    let event = Event::new(&catalog, &source, key, bytes);
    let mut answer = HookAnswer {
        id: event.id.clone(),
        correlation_id: correlation.id.clone(),
        duplicate: false,
        routed_to: Vec::new(),
        deduplicated: event.key.is_some(),
    };
    // All of it is worked out before anything starts, so that an event is refused as a whole.
    let mut starts = Vec::new();
    for (workflow, trigger) in triggers {
        let Some(mut submit) = event.submit(workflow, trigger)? else {
            continue;
        };
        submit.correlation_id.clone_from(&correlation.id);
        user.clone_into(&mut submit.actor);
        submit.idempotency = event.idempotency(user, workflow, trigger);
        starts.push((workflow, trigger, submit));
    }
    for (workflow, trigger, submit) in starts {
        let started = door.runtime.submit(submit).await.map_err(of_submit)?;
        answer.duplicate |= started.replayed;
        // A repetition is answered as the first was, with its correlation id.
        answer
            .correlation_id
            .clone_from(&started.instance.header().started.correlation_id);
        answer.routed_to.push(Routed {
            rule: trigger.id.clone(),
            workflow: workflow.name.clone(),
            workflow_id: started.id.to_string(),
        });
    }
    let headers = correlated(&answer.correlation_id);
    Ok((StatusCode::ACCEPTED, headers, Json(answer)))
}

/// The live triggers of a source: those of the versions that a start would take.
fn triggers<'a>(catalog: &'a Catalog, source: &str) -> Vec<(&'a Workflow, &'a Trigger)> {
    let names = catalog.workflows.keys();
    let workflows = names.filter_map(|name| catalog.workflow(name, None));
    let of = |workflow: &'a Arc<Workflow>| {
        workflow
            .triggers
            .iter()
            .map(move |trigger| (workflow.as_ref(), trigger))
    };
    // What is to be verified starts nothing from a door that does not verify.
    let is_ours = |trigger: &Trigger| matches!(&trigger.kind, TriggerKind::Webhook(hook) if hook.source == source && hook.verify.is_none());
    workflows
        .flat_map(of)
        .filter(|(_, trigger)| is_ours(trigger))
        .collect()
}

/// What happened outside.
struct Event<'a> {
    catalog: &'a Catalog,
    id: String,
    source: &'a str,
    key: Option<String>,
    bytes: Bytes,
    data: Payload,
    meta: Payload,
    at: i64,
}

impl<'a> Event<'a> {
    fn new(catalog: &'a Catalog, source: &'a str, key: Option<String>, bytes: Bytes) -> Self {
        let at = now();
        let id = key
            .clone()
            .unwrap_or_else(|| uuid::Uuid::now_v7().to_string());
        let meta = json!({
            "specversion": "1.0",
            "id": id,
            "source": source,
            "type": format!("webhook.{source}"),
            "time": at.to_string(),
        });
        let data = Payload::from_bytes(bytes.clone());
        Self {
            catalog,
            id,
            source,
            key,
            bytes,
            data,
            meta: Payload::from_value(meta),
            at: at.0,
        }
    }

    /// The start that the trigger makes of it; none when its condition does not hold.
    fn submit(&self, workflow: &Workflow, trigger: &Trigger) -> Result<Option<Submit>, Refusal> {
        if let Some(condition) = &trigger.condition {
            match condition.evaluate_bool(self, self.at) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                // A missing field is no match; so is any other error, which is worth a line.
                Err(error) => {
                    let (workflow, trigger) = (&workflow.name, &trigger.id);
                    tracing::debug!(%error, workflow, trigger, "the trigger's condition does not hold");
                    return Ok(None);
                }
            }
        }
        let mapped = trigger
            .input
            .as_ref()
            .map(|input| input.evaluate(self, self.at))
            .transpose();
        let failed = |error: expression::EvalError| {
            let detail = format!("the trigger {} of {}: {error}", trigger.id, workflow.name);
            Refusal::new(Code::HEADER_FAILED, detail)
        };
        let (input, event) = match mapped.map_err(failed)? {
            Some(input) => (Payload::from_value(input), Some(self.data.clone())),
            None => (self.data.clone(), None),
        };
        Ok(Some(Submit {
            workflow: workflow.name.clone(),
            version: Some(workflow.version.clone()),
            input,
            event,
            meta: Some(self.meta.clone()),
            trigger: trigger.id.clone(),
            cause: format!("hook:{}", self.source),
            ..Submit::default()
        }))
    }

    fn idempotency(
        &self,
        user: &str,
        workflow: &Workflow,
        trigger: &Trigger,
    ) -> Option<runtime::Idempotency> {
        let key = self.key.as_ref()?;
        let path = format!("/api/v1/hooks/{}", self.source);
        let key = format!("{key}/{}/{}", workflow.name, trigger.id);
        Some(idempotency(user, &path, &key, &self.bytes))
    }
}

impl Variables for Event<'_> {
    fn get(&self, root: &str, member: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("event", _) => Some(self.data.value()),
            ("meta", _) => Some(self.meta.value()),
            ("env", Some(name)) => self.catalog.env(name),
            _ => None,
        }
    }
}
