//! The JSON Schema of a document, for editors.

use serde_json::{Map, Value, json};

use super::{Availability, Key, OBJECTS, Object, Shape};

/// The JSON Schema (draft 2020-12) of a document of resources, made from the tables of the language.
#[must_use]
pub fn json_schema() -> Value {
    let definitions: Map<String, Value> = OBJECTS
        .iter()
        .map(|object| (object.name.to_owned(), of_object(object)))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Resources of the Orchestrator",
        "$ref": "#/$defs/document",
        "$defs": definitions,
    })
}

fn of_object(object: &Object) -> Value {
    let keys = || object.keys.iter().filter(|key| !key.name.starts_with('$'));
    let properties: Map<String, Value> = keys()
        .map(|key| (key.name.to_owned(), of_key(key)))
        .collect();
    let required: Vec<&str> = keys()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": object.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let companions: Map<String, Value> = keys().filter_map(|key| companion(object, key)).collect();
    if !companions.is_empty() {
        schema["dependentRequired"] = Value::Object(companions);
    }
    schema
}

/// The one key that another needs beside it. (An adapter's keys stand beside a type, not a key.)
fn companion(object: &Object, key: &Key) -> Option<(String, Value)> {
    match key.beside {
        [one] if object.key(one).is_some() => Some((key.name.to_owned(), json!([one]))),
        _ => None,
    }
}

fn of_key(key: &Key) -> Value {
    let mut schema = of_shape(&key.shape);
    let description = match key.availability {
        Availability::Now => key.doc.to_owned(),
        Availability::NotYet => format!("Not available yet. {}", key.doc),
    };
    if let Value::Object(map) = &mut schema {
        map.insert("description".to_owned(), json!(description));
    }
    schema
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Any | Shape::Value => json!({}),
        Shape::TextValue => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Condition => json!({ "type": ["string", "boolean"], "minLength": 1 }),
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Name => {
            json!({ "type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": 128 })
        }
        Shape::Identifier => json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" }),
        Shape::Version => json!({ "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+" }),
        Shape::VersionRange => json!({ "type": "string" }),
        Shape::Duration => json!({ "type": "string", "pattern": DURATION }),
        Shape::DurationValue => {
            json!({ "anyOf": [{ "type": "string", "pattern": DURATION }, { "type": "string", "pattern": "\\$\\{" }] })
        }
        Shape::Size => {
            json!({ "anyOf": [{ "type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)?$" }, { "type": "integer", "minimum": 0 }] })
        }
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Count(least) => json!({ "type": "integer", "minimum": least, "maximum": u32::MAX }),
        Shape::Number(least) => json!({ "type": "number", "minimum": least }),
        Shape::Threshold => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9.]+ *%$" }] })
        }
        Shape::Pointer => json!({ "type": "string", "pattern": "^(/|$)" }),
        Shape::Word(words) => {
            json!({ "enum": words.iter().map(|word| word.text).collect::<Vec<_>>() })
        }
        Shape::Object(object) => json!({ "$ref": format!("#/$defs/{}", object.name) }),
        Shape::Steps => json!({ "type": "array", "items": { "$ref": "#/$defs/step" } }),
        Shape::List(item) => json!({ "type": "array", "items": of_shape(item) }),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": of_shape(value) }),
        Shape::OneOf(choices) => {
            json!({ "anyOf": choices.iter().map(|choice| of_shape(&choice.shape)).collect::<Vec<_>>() })
        }
    }
}

const DURATION: &str = "^([0-9]+(ms|s|m|h|d))+$";
