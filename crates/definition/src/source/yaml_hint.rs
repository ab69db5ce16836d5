//! Expressions and YAML want the same characters: what to paste when YAML won.

/// Keys whose value is a bare expression.
const CONDITION_KEYS: [&str; 7] = [
    "when",
    "condition",
    "match",
    "until",
    "while",
    "accept",
    "score",
];

/// The quoted form of a text, as it can be pasted into YAML.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains('"') && !text.contains('\'') {
        return format!("'{text}'");
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A hint to quote a value that YAML took as a tag; `rest` is the line from the tag on.
pub(super) fn tag_hint(key: Option<&str>, before: &str, rest: &str) -> String {
    let in_flow = before.contains(['{', '[']);
    let end = if in_flow {
        rest.find([',', '}', ']'])
    } else {
        rest.find(" #")
    };
    let value = quoted(rest[..end.unwrap_or(rest.len())].trim_end());
    match key {
        Some(key) => format!("quote it: {key}: {value}"),
        None => format!("quote it: {value}"),
    }
}

/// A hint to quote, where the line holds an expression that YAML cannot read as it stands.
pub(super) fn quoting_hint(line: &str) -> Option<String> {
    if let Some(expression) = embedded_expression(line) {
        return Some(format!(
            "quote the value that holds the expression: {}",
            quoted(expression)
        ));
    }
    let (key, value) = condition(line)?;
    Some(format!("quote the expression: {key}: {}", quoted(value)))
}

fn embedded_expression(line: &str) -> Option<&str> {
    let start = line.find("${")?;
    if line[..start].ends_with(['"', '\'']) {
        return None;
    }
    let rest = &line[start..];
    Some(&rest[..=closing_brace(rest)?])
}

/// Where the first brace of a text is closed.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (index, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 1 => return Some(index),
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn condition(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start().trim_start_matches("- ").trim_start();
    let (key, value) = line.split_once(':')?;
    let value = value.trim();
    let wanted = CONDITION_KEYS.contains(&key) && !value.is_empty() && !already_quoted(value);
    wanted.then_some((key, value))
}

fn already_quoted(value: &str) -> bool {
    ['"', '\''].iter().any(|quote| {
        value.len() > 1
            && value.starts_with(*quote)
            && value.ends_with(*quote)
            && value.matches(*quote).count() == 2
    })
}
