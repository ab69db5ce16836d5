//! Checking a value against a JSON Schema.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use adapter::{Failure, error_type};
use bytes::Bytes;
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::actions::{read, wrong};

/// A workflow has few schemas; beyond this many all are forgotten and compiled anew.
const MAX_KEPT: usize = 64;

/// More errors than this help nobody.
const MAX_ERRORS: usize = 20;

/// Compiled schemas by their text.
#[derive(Default)]
pub(super) struct Validators(Mutex<HashMap<Box<str>, Arc<Validator>>>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input<'a> {
    #[serde(borrow)]
    schema: &'a RawValue,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl Validators {
    /// `value` as it came if it fits `schema`, else a failure that points to what does not.
    pub(super) fn validate(&self, input: &Bytes) -> Result<Bytes, Box<Failure>> {
        let Input { schema, value } = read(input, "{schema, value}")?;
        let validator = self.validator(schema.get())?;
        let parsed: Value = read(value.get().as_bytes(), "value")?;
        let errors: Vec<Value> = validator
            .iter_errors(&parsed)
            .take(MAX_ERRORS)
            .map(|error| {
                let pointer = error.instance_path().to_string();
                json!({"pointer": pointer, "message": error.masked().to_string()})
            })
            .collect();
        if errors.is_empty() {
            return Ok(input.slice_ref(value.get().as_bytes()));
        }
        Err(Box::new(refused(errors)))
    }

    fn validator(&self, schema: &str) -> Result<Arc<Validator>, Box<Failure>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = kept.get(schema) {
            return Ok(Arc::clone(validator));
        }
        let parsed: Value = read(schema.as_bytes(), "schema")?;
        let compiled = jsonschema::validator_for(&parsed)
            .map_err(|error| wrong(format!("expected a JSON Schema, but {error}")))?;
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let validator = Arc::new(compiled);
        kept.insert(schema.into(), Arc::clone(&validator));
        Ok(validator)
    }
}

fn refused(errors: Vec<Value>) -> Failure {
    let first = &errors[0];
    let text = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
    let pointer = match text("pointer") {
        root if root.is_empty() => "the value".to_owned(),
        pointer => pointer,
    };
    let more = match errors.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let message = format!("{pointer}: {}{more}", text("message"));
    Failure::permanent(error_type::VALIDATION, message).with_details(json!({ "errors": errors }))
}
