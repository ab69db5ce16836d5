//! Values that a definition calls sensitive are never shown.

use std::sync::Arc;

use api::Json;
use definition::Workflow;
use engine::Payload;
use serde_json::Value;

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
    workflow.mask_input(&mut value);
    Json::from_value(&value)
}

/// Masks the input within a record's data.
pub(super) fn mask_input(data: &mut Value, workflow: &Arc<Workflow>) {
    if let Some(input) = data.get_mut("input") {
        workflow.mask_input(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_named_is_masked() {
        let text = "workflow: { name: w, version: 1.0.0, input: { sensitive: [/card, /missing] }, \
                    steps: [{ id: one, set: { x: 1 } }] }";
        let workflow = definition::parse_workflow(text).unwrap();
        let given = json!({"card": {"number": "4111"}, "name": "Ada"});
        let shown = input(&Payload::from_value(given), &workflow);
        assert_eq!(shown.value(), json!({"card": "***", "name": "Ada"}));
    }
}
