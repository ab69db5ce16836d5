//! Values that a definition calls sensitive are never shown.

use std::sync::Arc;

use api::Json;
use definition::Workflow;
use engine::Payload;
use serde_json::Value;

const MASK: &str = "***";

/// A payload as it is shown.
pub(super) fn shown(payload: &Payload) -> Json {
    Json::from_bytes(&payload.bytes())
}

/// The workflow's input as it is shown.
pub(super) fn input(payload: &Payload, workflow: &Workflow) -> Json {
    if workflow.sensitive.is_empty() {
        return shown(payload);
    }
    let mut value = Value::clone(&payload.value());
    mask(&mut value, &workflow.sensitive);
    Json::from_value(&value)
}

/// Masks what the pointers name.
pub(super) fn mask(value: &mut Value, pointers: &[String]) {
    for pointer in pointers {
        if let Some(found) = value.pointer_mut(pointer) {
            *found = Value::String(MASK.to_owned());
        }
    }
}

/// Masks the input within a record's data.
pub(super) fn mask_input(data: &mut Value, workflow: &Arc<Workflow>) {
    if let Some(input) = data.get_mut("input") {
        mask(input, &workflow.sensitive);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_named_is_masked() {
        let mut value = json!({"card": {"number": "4111"}, "name": "Ada"});
        mask(&mut value, &["/card".into(), "/missing".into()]);
        assert_eq!(value, json!({"card": "***", "name": "Ada"}));
    }
}
