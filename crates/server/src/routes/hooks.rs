//! Webhooks in: what an outside system says is an event.

use std::sync::Arc;

use api::{Code, EventAccepted};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use definition::{Catalog, TriggerKind, WebhookTrigger};
use engine::Payload;
use router::TriggerRef;
use runtime::Incoming;
use serde_json::{Value, json};

use super::ingest::one;
use crate::callers::{Caller, Permission};
use crate::door::{
    Body, Correlation, IdempotencyKey, Query, Refusal, Segments, check_json, correlated, not_json,
    of_unavailable, read_body,
};
use crate::hook::{event_id, event_type, verify};
use crate::state::{Door, now};

/// Takes an event from outside
///
/// It is offered to the workflows that have a webhook trigger with this source, and to routers and
/// event triggers, as an event of type `webhook.SOURCE`, or as the sender's scheme has it. Where a
/// trigger says how the sender signs, the signature is checked and needs no token beside it.
#[utoipa::path(
    post, path = "/hooks/{source}", tag = "events", operation_id = "receive_webhook",
    params(
        ("source" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Names the event where its scheme does not: it is taken once"),
    ),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses((status = 202, description = "It is taken, durably", body = EventAccepted), crate::openapi::Problems)
)]
pub async fn receive(
    State(door): State<Arc<Door>>,
    caller: Result<Caller, Refusal>,
    correlation: Correlation,
    IdempotencyKey(key): IdempotencyKey,
    Segments(source): Segments<String>,
    query: Query,
    request: Request,
) -> Result<(StatusCode, HeaderMap, Json<EventAccepted>), Refusal> {
    let catalog = door.runtime.catalog();
    let found = door.runtime.hooks(&source).await;
    let found = found.map_err(|outage| of_unavailable(&outage))?;
    let hooks: Vec<&WebhookTrigger> = found.iter().filter_map(hook).collect();
    let signed = !hooks.is_empty() && hooks.iter().all(|hook| hook.verify.is_some());
    let actor = match signed {
        true => format!("hook:{source}"),
        false => caller?.may(Permission::Submit)?.to_owned(),
    };
    query.finish()?;
    if hooks.is_empty() {
        let detail = format!("expected a source that a workflow names, but none names `{source}`");
        return Err(Refusal::new(Code::NO_HOOK, detail));
    }
    let headers = request.headers().clone();
    let Body(bytes) = read_body(request, door.limits.body_bytes).await?;
    door.may_start()?;
    for hook in &hooks {
        verify(&door.secrets, hook, &headers, &bytes, now().0)?;
    }
    check_json(std::str::from_utf8(&bytes).unwrap_or_default())
        .map_err(|error| not_json(&error))?;
    let arrived = Arrived {
        catalog: &catalog,
        hooks: &hooks,
        headers: &headers,
        data: Payload::from_bytes(bytes),
    };
    let incoming = Incoming {
        correlation_id: correlation.given().unwrap_or_default().to_owned(),
        actor,
        ..arrived.incoming(source, key)?
    };
    let deduplicated = incoming.sender_id.is_some();
    let accepted = one(&door, incoming, deduplicated).await?;
    let headers = correlated(&accepted.correlation_id);
    Ok((StatusCode::ACCEPTED, headers, Json(accepted)))
}

fn hook(found: &TriggerRef) -> Option<&WebhookTrigger> {
    match &found.trigger().kind {
        TriggerKind::Webhook(hook) => Some(hook),
        _ => None,
    }
}

/// A webhook whose signature fits.
struct Arrived<'a> {
    catalog: &'a Catalog,
    hooks: &'a [&'a WebhookTrigger],
    headers: &'a HeaderMap,
    data: Payload,
}

impl Arrived<'_> {
    /// The event that it is.
    fn incoming(self, source: String, key: Option<String>) -> Result<Incoming, Refusal> {
        let told = self
            .hooks
            .iter()
            .find_map(|hook| event_type(hook, self.headers, &self.data));
        let event_type = told.unwrap_or_else(|| format!("webhook.{source}"));
        let mut meta = json!({
            "specversion": "1.0",
            "source": source,
            "type": event_type,
            "time": now().to_string(),
        });
        let mut sender_id = None;
        for hook in self.hooks {
            if sender_id.is_none() {
                sender_id = event_id(hook, self.catalog, self.headers, (&self.data, &meta))?;
            }
        }
        let sender_id = sender_id.or(key);
        if let Some(id) = &sender_id {
            meta["id"] = Value::from(id.as_str());
        }
        Ok(Incoming {
            event_type,
            cause: format!("hook:{source}"),
            source,
            sender_id,
            meta: Payload::from_value(meta),
            data: self.data,
            ..Incoming::default()
        })
    }
}
