//! A document as block-style YAML, as a person would write it.

use serde_json::Value;

/// The text of a document. Scalars are written as JSON, which YAML reads alike.
pub(super) fn yaml(document: &Value) -> String {
    let mut text = String::new();
    write(&mut text, document, 0, false);
    text
}

/// Writes a value; `inline` says that its first line continues the one that holds its key or dash.
fn write(text: &mut String, value: &Value, depth: usize, inline: bool) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (place, (key, value)) in entries.iter().enumerate() {
                begin(text, depth, inline && place == 0);
                text.push_str(key);
                text.push(':');
                below(text, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (place, item) in items.iter().enumerate() {
                begin(text, depth, inline && place == 0);
                text.push_str("- ");
                write(text, item, depth + 1, true);
            }
        }
        scalar => {
            begin(text, depth, inline);
            text.push_str(&scalar.to_string());
            text.push('\n');
        }
    }
}

/// Writes what stands under a key.
fn below(text: &mut String, value: &Value, depth: usize) {
    let block = match value {
        Value::Object(entries) => !entries.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    text.push(if block { '\n' } else { ' ' });
    write(text, value, depth + 1, !block);
}

fn begin(text: &mut String, depth: usize, inline: bool) {
    if !inline {
        text.extend(std::iter::repeat_n("  ", depth));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn blocks_nest_and_scalars_are_quoted() {
        let text = yaml(&json!({"a": {"b": [{"c": 1, "d": []}, [true, "x: y"]]}, "e": null}));
        let expected =
            "a:\n  b:\n    - c: 1\n      d: []\n    - - true\n      - \"x: y\"\ne: null\n";
        assert_eq!(text, expected);
    }
}
