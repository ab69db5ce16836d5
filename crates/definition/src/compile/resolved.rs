//! The stored form of a definition: bare names resolved, and a text that is the same for the same content.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::context::Collected;
use crate::source::Node;

/// The key under which the settings that hyphens were resolved against are stored.
const NAMES: &str = "$names";

/// The document with every replaced part in its stored form.
pub(super) fn resolved(workflow: &Node, collected: &Collected) -> Value {
    let mut document = workflow.to_json();
    let base = workflow.path.pointer();
    for (pointer, value) in &collected.replaced {
        let place = pointer
            .strip_prefix(&base)
            .and_then(|pointer| document.pointer_mut(pointer));
        if let Some(place) = place {
            *place = value.clone();
        }
    }
    put_names(&mut document, collected);
    document
}

/// Writes down against which settings hyphens were resolved.
pub(super) fn put_names(document: &mut Value, collected: &Collected) {
    if let Value::Object(map) = document {
        map.remove(NAMES);
        if !collected.env.is_empty() {
            map.insert(NAMES.to_owned(), json!({ "env": collected.env }));
        }
    }
}

/// The settings against which hyphens of a stored document were resolved.
pub(super) fn names_of(document: &Value) -> BTreeSet<String> {
    let names = document.get(NAMES).and_then(|names| names.get("env"));
    let names = names.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// JSON with keys in order and without spaces.
pub(super) fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index > 0 { "," } else { "" });
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(map) => write_object(map, text),
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn write_object(map: &Map<String, Value>, text: &mut String) {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort_unstable();
    text.push('{');
    for (index, key) in keys.into_iter().enumerate() {
        text.push_str(if index > 0 { "," } else { "" });
        text.push_str(&Value::String(key.clone()).to_string());
        text.push(':');
        write(&map[key], text);
    }
    text.push('}');
}
