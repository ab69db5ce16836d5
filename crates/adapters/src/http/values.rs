//! What the expressions of the settings see of a call.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use adapter::{Call, CallSecrets, Failure, SecretError, error_type};
use expression::{Template, Variables};
use serde_json::{Map, Value};

/// The variables of one call. Nothing is parsed before an expression asks for it.
pub(super) struct Values<'a> {
    call: &'a Call,
    secrets: &'a CallSecrets,
    parsed: OnceCell<Arc<Value>>,
    missing: RefCell<Option<SecretError>>,
}

impl<'a> Values<'a> {
    pub(super) fn new(call: &'a Call, secrets: &'a CallSecrets) -> Self {
        Self {
            call,
            secrets,
            parsed: OnceCell::new(),
            missing: RefCell::new(None),
        }
    }

    pub(super) fn call(&self) -> &'a Call {
        self.call
    }

    pub(super) fn secrets(&self) -> &'a CallSecrets {
        self.secrets
    }

    /// The value of a setting; `what` names it in the failure.
    pub(super) fn value(&self, template: &Template, what: &str) -> Result<Value, Box<Failure>> {
        if let Some(constant) = template.constant() {
            return Ok(constant.clone());
        }
        // `now` is not among the variables, so the time does not matter.
        template.evaluate(self, 0).map_err(|error| {
            if let Some(secret) = self.missing.take() {
                return secret.into();
            }
            let message = format!("`{what}` of adapter `{}`: {error}", self.call.adapter);
            Box::new(Failure::permanent(error_type::EXPRESSION, message))
        })
    }

    /// The value of a setting as text; null is `None`.
    pub(super) fn text(
        &self,
        template: &Template,
        what: &str,
    ) -> Result<Option<String>, Box<Failure>> {
        Ok(as_text(self.value(template, what)?))
    }

    fn call_value(&self) -> Arc<Value> {
        let parsed = self.parsed.get_or_init(|| Arc::new(parse_call(self.call)));
        Arc::clone(parsed)
    }

    fn secret(&self, name: &str) -> Option<Arc<Value>> {
        match self.secrets.resolve(name) {
            Ok(secret) => Some(Arc::new(Value::String(secret.expose().to_owned()))),
            Err(error) => {
                self.missing.replace(Some(error));
                None
            }
        }
    }
}

impl Variables for Values<'_> {
    fn get(&self, root: &str, member: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("call", _) => Some(self.call_value()),
            ("secrets", Some(name)) => self.secret(name),
            ("env", Some(name)) => self.call.env.get(name).cloned().map(Arc::new),
            ("workflow", Some("id")) => Some(text(&self.call.instance_id)),
            ("workflow", Some("correlation-id")) => Some(text(&self.call.correlation_id)),
            _ => None,
        }
    }
}

/// Only the environment: what is known when an adapter is built.
pub(super) struct Environment<'a>(pub(super) &'a Value);

impl Variables for Environment<'_> {
    fn get(&self, root: &str, member: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("env", Some(name)) => self.0.get(name).cloned().map(Arc::new),
            _ => None,
        }
    }
}

fn text(text: &str) -> Arc<Value> {
    Arc::new(Value::String(text.to_owned()))
}

/// The step's input; in a compensation its own input, and `input` and `output` of what it undoes.
fn parse_call(call: &Call) -> Value {
    let parse = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap_or(Value::Null);
    let input = parse(&call.input);
    let Some(undo) = &call.undo else { return input };
    let mut own = match input {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    own.insert("input".to_owned(), parse(&undo.input));
    own.insert("output".to_owned(), parse(&undo.output));
    Value::Object(own)
}

/// Scalars as they are, lists and mappings as JSON, null as nothing.
pub(super) fn as_text(value: Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}
