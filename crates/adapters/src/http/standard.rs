//! Signing as Standard Webhooks do.

use adapter::{Failure, error_type};
use expression::Template;
use http::HeaderName;
use serde_json::Value;
use webhook::{ID_HEADER, Key, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};

use super::auth::{credential, sensitive};
use super::request::{Prepared, header_value};
use super::signature::unix_seconds;
use super::values::Values;
use crate::settings::Section;

pub(super) const STANDARD_KEYS: [&str; 2] = ["secret", "id"];

/// The `standard-webhooks` of an adapter's `auth`.
pub(super) struct StandardSignature {
    /// Each of them signs.
    secrets: Vec<Template>,
    /// What names the message; none: the call's idempotency key.
    id: Option<Template>,
}

impl StandardSignature {
    /// Reads and checks the settings.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        section.only(&[&STANDARD_KEYS], &[]);
        section.require("secret");
        let secrets = match section.get("secret")? {
            Value::Array(_) => section.credentials("secret"),
            _ => section.credential("secret").into_iter().collect(),
        };
        Some(Self {
            secrets,
            id: section.template("id"),
        })
    }

    /// Adds the message's id, the time of this attempt, and the signatures of both and the body.
    pub(super) fn sign(
        &self,
        request: &mut Prepared,
        values: &Values<'_>,
    ) -> Result<(), Box<Failure>> {
        let what = "auth.standard-webhooks.secret";
        let key = |secret: &Template| {
            let secret = credential(secret, values, what)?;
            Key::standard(secret.expose()).map_err(|error| {
                let message = format!("`{what}`: {error}");
                Box::new(Failure::permanent(error_type::SECRET, message))
            })
        };
        let keys: Vec<Key> = self.secrets.iter().map(key).collect::<Result<_, _>>()?;
        let own = match &self.id {
            Some(id) => values.text(id, "auth.standard-webhooks.id")?,
            None => None,
        };
        let id = own.unwrap_or_else(|| values.call().idempotency_key.clone());
        // The id is signed up to the first full stop, so that it holds none.
        let id = id.replace('.', "-");
        let now = unix_seconds();
        let body = request.body.as_deref().unwrap_or_default();
        let at = i64::try_from(now).unwrap_or(i64::MAX);
        let signatures = sign(&keys, &id, at, body);
        for (name, text) in [(ID_HEADER, id), (TIMESTAMP_HEADER, now.to_string())] {
            let name = HeaderName::from_static(name);
            let value = header_value(&name, &text)?;
            request.headers.insert(name, value);
        }
        let name = HeaderName::from_static(SIGNATURE_HEADER);
        sensitive(&mut request.headers, &name, &signatures)
    }
}
