//! In what two documents differ, for a message.

use std::collections::BTreeSet;

use serde_json::Value;

/// No message names more differences.
const MAX_SHOWN: usize = 5;
/// No value is shown longer, in characters.
const MAX_VALUE: usize = 60;

/// The first differences between two documents, one a line.
pub(super) fn differences(before: &Value, after: &Value) -> String {
    let mut found = Vec::new();
    compare(before, after, &mut String::new(), &mut found);
    let more = found.len().saturating_sub(MAX_SHOWN);
    found.truncate(MAX_SHOWN);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    found.join("\n  = ")
}

fn compare(before: &Value, after: &Value, pointer: &mut String, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let part = key.replace('~', "~0").replace('/', "~1");
                descend(left.get(key), right.get(key), &part, pointer, found);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for index in 0..left.len().max(right.len()) {
                descend(
                    left.get(index),
                    right.get(index),
                    &index.to_string(),
                    pointer,
                    found,
                );
            }
        }
        _ if before == after => {}
        _ => found.push(format!(
            "{pointer}: {} became {}",
            shown(before),
            shown(after)
        )),
    }
}

fn descend(
    before: Option<&Value>,
    after: Option<&Value>,
    part: &str,
    pointer: &mut String,
    found: &mut Vec<String>,
) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(part);
    match (before, after) {
        (Some(before), Some(after)) => compare(before, after, pointer, found),
        (Some(before), None) => found.push(format!("{pointer}: {} was removed", shown(before))),
        (None, Some(after)) => found.push(format!("{pointer}: {} was added", shown(after))),
        (None, None) => {}
    }
    pointer.truncate(length);
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let start: String = text.chars().take(MAX_VALUE).collect();
    format!("{start}...")
}
