//! What a definition calls sensitive is told to nobody, wherever an instance repeats it.

use definition::Workflow;
use engine::Payload;
use serde_json::Value;

const MASK: &str = "***";
/// Texts that are shorter are masked only where they are the whole value.
const SHORTEST: usize = 4;

/// Masks in `value` what stands at the workflow's sensitive places of its input.
pub(super) fn mask(workflow: &Workflow, input: &Payload, value: &mut Value) {
    if workflow.sensitive.is_empty() {
        return;
    }
    let input = input.value();
    let mut hidden = Vec::new();
    let places = workflow.sensitive.iter();
    for found in places.filter_map(|pointer| input.pointer(pointer)) {
        leaves(found, &mut hidden);
    }
    if !hidden.is_empty() {
        hide(&hidden, value);
    }
}

/// Texts and numbers; what is true, false or null tells nothing.
fn leaves<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::String(text) if text.is_empty() => {}
        Value::String(_) | Value::Number(_) => found.push(value),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(map) => map.values().for_each(|item| leaves(item, found)),
        Value::Bool(_) | Value::Null => {}
    }
}

fn hide(hidden: &[&Value], value: &mut Value) {
    if hidden.iter().any(|secret| **secret == *value) {
        *value = Value::String(MASK.to_owned());
        return;
    }
    match value {
        Value::String(text) => {
            for secret in hidden.iter().filter_map(|secret| written(secret)) {
                if text.contains(&secret) {
                    *text = text.replace(&secret, MASK);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(hidden, item)),
        Value::Object(map) => map.values_mut().for_each(|item| hide(hidden, item)),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// As it stands within a text.
fn written(secret: &Value) -> Option<String> {
    let text = match secret {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (text.len() >= SHORTEST).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_sensitive_in_the_input_is_hidden_wherever_it_is_repeated() {
        let text = "workflow: { name: w, version: 1.0.0, input: { sensitive: [/card, /pins] }, \
                    steps: [{ id: a, adapter: b }] }";
        let workflow = definition::parse_workflow(text).unwrap();
        let input = json!({ "card": "4711-0815", "pins": [12, 987654], "name": "Ada" });
        let mut told = json!({
            "output": { "paid": "4711-0815", "pin": 12, "twelve": "12", "name": "Ada" },
            "error": { "message": "card 4711-0815 with 987654 was refused" },
        });
        mask(&workflow, &Payload::from_value(input), &mut told);
        assert_eq!(
            told,
            json!({
                "output": { "paid": "***", "pin": "***", "twelve": "12", "name": "Ada" },
                "error": { "message": "card *** with *** was refused" },
            })
        );
    }
}
