//! What a webhook's trigger says of its sender: how it signs, and where the event's id and type stand.

use std::sync::Arc;

use adapter::Secrets;
use api::Code;
use axum::http::HeaderMap;
use definition::{Catalog, EventId, WebhookTrigger};
use engine::Payload;
use expression::Variables;
use serde_json::Value;
use webhook::Key;

use crate::door::Refusal;
use crate::state::now;

/// The longest id of an event, in bytes.
const MAX_ID: usize = 256;

/// Checks the signature of a webhook, if its trigger says how the sender signs.
///
/// # Errors
/// When it does not fit, or no secret can be read.
pub(crate) fn verify(
    secrets: &dyn Secrets,
    hook: &WebhookTrigger,
    headers: &HeaderMap,
    body: &[u8],
    now_ms: i64,
) -> Result<(), Refusal> {
    let Some(spec) = &hook.verify else {
        return Ok(());
    };
    let mut keys = Vec::with_capacity(spec.secrets.len());
    for name in &spec.secrets {
        let unread = |reason: String| Refusal::new(Code::SECRET_UNREADABLE, reason);
        let secret = secrets
            .resolve(name)
            .map_err(|error| unread(error.to_string()))?;
        let key = Key::new(&spec.scheme, secret.expose());
        keys.push(key.map_err(|error| unread(format!("secret `{name}`: {error}")))?);
    }
    webhook::verify(&spec.scheme, &keys, &header_of(headers), body, now_ms)
        .map_err(|error| Refusal::new(Code::BAD_SIGNATURE, error.to_string()))
}

/// The event's type, where the sender's scheme says it.
pub(crate) fn event_type(
    hook: &WebhookTrigger,
    headers: &HeaderMap,
    data: &Payload,
) -> Option<String> {
    let scheme = &hook.verify.as_ref()?.scheme;
    webhook::event_type(scheme, &header_of(headers), &data.value())
}

/// The event's id: where the trigger says it stands, else where the sender's scheme has it.
///
/// # Errors
/// When it is too long.
pub(crate) fn event_id(
    hook: &WebhookTrigger,
    catalog: &Catalog,
    headers: &HeaderMap,
    (data, meta): (&Payload, &Value),
) -> Result<Option<String>, Refusal> {
    let id = match (&hook.event_id, &hook.verify) {
        (Some(EventId::Header(name)), _) => header_of(headers)(name).map(str::to_owned),
        (Some(EventId::Expression(program)), _) => {
            let scope = Scope {
                catalog,
                event: data.value(),
                meta: Arc::new(meta.clone()),
            };
            // A field that is missing is an id that is missing.
            match program.evaluate(&scope, now().0) {
                Ok(Value::String(text)) => Some(text),
                Ok(Value::Number(number)) => Some(number.to_string()),
                Ok(_) | Err(_) => None,
            }
        }
        (None, Some(spec)) => webhook::event_id(&spec.scheme, &header_of(headers), &data.value()),
        (None, None) => None,
    };
    let id = id.filter(|id| !id.is_empty());
    if id.as_ref().is_some_and(|id| id.len() > MAX_ID) {
        let detail = format!("expected an event id of at most {MAX_ID} bytes");
        return Err(Refusal::new(Code::BAD_EVENT, detail));
    }
    Ok(id)
}

/// A header's value by its name in any case.
fn header_of<'a>(headers: &'a HeaderMap) -> impl Fn(&str) -> Option<&'a str> {
    move |name| headers.get(name)?.to_str().ok()
}

/// What the expression of an id sees.
struct Scope<'a> {
    catalog: &'a Catalog,
    event: Arc<Value>,
    meta: Arc<Value>,
}

impl Variables for Scope<'_> {
    fn get(&self, root: &str, member: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("event", _) => Some(Arc::clone(&self.event)),
            ("meta", _) => Some(Arc::clone(&self.meta)),
            ("env", Some(name)) => self.catalog.env(name),
            _ => None,
        }
    }
}
