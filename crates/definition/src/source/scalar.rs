//! What a plain scalar means: YAML's core schema, so that `no` stays text and `1.0.0` too.

use serde_json::Number;

use super::NodeValue;

/// The value of an unquoted scalar.
pub(super) fn plain(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" => NodeValue::Bool(true),
        "false" | "False" | "FALSE" => NodeValue::Bool(false),
        _ => match number(text) {
            Some(number) => NodeValue::Number(number),
            None => NodeValue::Text(text.to_owned()),
        },
    }
}

fn number(text: &str) -> Option<Number> {
    radix(text, "0x", 16)
        .or_else(|| radix(text, "0o", 8))
        .or_else(|| decimal(text))
}

fn radix(text: &str, prefix: &str, base: u32) -> Option<Number> {
    let digits = text.strip_prefix(prefix)?;
    let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    valid.then(|| u64::from_str_radix(digits, base).ok().map(Number::from))?
}

fn decimal(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let positive = text.strip_prefix('+').unwrap_or(text);
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let integer = positive.parse::<i64>().map(Number::from);
        return integer
            .or_else(|_| positive.parse::<u64>().map(Number::from))
            .ok()
            .or_else(|| float(positive));
    }
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if unsigned.chars().all(allowed) {
        float(positive)
    } else {
        None
    }
}

fn float(text: &str) -> Option<Number> {
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, json) in [
            ("no", "\"no\""),
            ("1.0.0", "\"1.0.0\""),
            ("1.0", "1.0"),
            ("-7", "-7"),
            ("+7", "7"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("1e3", "1000.0"),
            ("18446744073709551615", "18446744073709551615"),
            ("99999999999999999999", "1e20"),
            (".5", "0.5"),
            (".", "\".\""),
            ("-", "\"-\""),
            ("1-2", "\"1-2\""),
            (".inf", "\".inf\""),
            ("~", "null"),
            ("TRUE", "true"),
        ] {
            let json: serde_json::Value = serde_json::from_str(json).expect("a JSON value");
            let node = super::super::Node {
                value: plain(text),
                span: super::super::Span::default(),
                path: super::super::Path::default(),
            };
            assert_eq!(node.to_json(), json, "{text}");
        }
    }
}
