//! Where the schemes carry an event's id and type.

use definition::SignatureScheme;
use serde_json::Value;

use crate::sign::ID_HEADER;
use crate::verify::Headers;

/// The longest type that is taken over from a sender, in bytes.
const MAX_TYPE: usize = 128;

/// The event's id, by which repetitions are known; none: the scheme has none, or the sender left it out.
#[must_use]
pub fn event_id(scheme: &SignatureScheme, headers: &Headers<'_>, body: &Value) -> Option<String> {
    let id = match scheme {
        SignatureScheme::StandardWebhooks { .. } => headers(ID_HEADER),
        SignatureScheme::Github => headers("x-github-delivery"),
        SignatureScheme::Stripe { .. } => body.get("id").and_then(Value::as_str),
        SignatureScheme::Hmac { .. } => None,
    };
    let id = id.map(str::trim).filter(|id| !id.is_empty());
    id.map(str::to_owned)
}

/// The event's type where the scheme says it: `github.push`, `stripe.charge.succeeded`. None: it is `webhook.SOURCE`.
#[must_use]
pub fn event_type(scheme: &SignatureScheme, headers: &Headers<'_>, body: &Value) -> Option<String> {
    let told = match scheme {
        SignatureScheme::Github => headers("x-github-event"),
        SignatureScheme::Stripe { .. } => body.get("type").and_then(Value::as_str),
        SignatureScheme::StandardWebhooks { .. } | SignatureScheme::Hmac { .. } => None,
    };
    let told = told.filter(|told| told.len() <= MAX_TYPE && definition::is_event_type(told))?;
    Some(format!("{}.{told}", scheme.as_str()))
}
