//! What came of a case beside what was expected.

use std::collections::BTreeMap;

use adapter::nearest;
use definition::Expected;
use serde_json::Value;

/// What came of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ran {
    /// The status in a word.
    pub(crate) status: String,
    /// The error, if it failed: type and message.
    pub(crate) error: Option<(String, String)>,
    /// What it waits for, in sentences.
    pub(crate) waits: Vec<String>,
    /// Steps in the order in which they ended.
    pub(crate) path: Vec<String>,
    /// The output; null if there is none.
    pub(crate) output: Value,
    /// Calls by adapter, and by adapter and action.
    pub(crate) calls: BTreeMap<String, u64>,
}

/// What is not as expected, a sentence each.
pub(crate) fn differences(expected: &Expected, ran: &Ran) -> Vec<String> {
    let mut found = Vec::new();
    let Ran { status, .. } = ran;
    if expected
        .status
        .as_ref()
        .is_some_and(|wanted| wanted != status)
    {
        let wanted = expected.status.as_deref().unwrap_or_default();
        found.push(format!(
            "expected the status {wanted}, but it is {status}{}",
            why(ran)
        ));
    }
    let error = ran.error.as_ref().map(|(error, _)| error);
    if expected.error.is_some() && expected.error.as_ref() != error {
        let wanted = expected.error.as_deref().unwrap_or_default();
        let got = error.map_or("there is none".to_owned(), |error| format!("it is {error}"));
        found.push(format!("expected the error {wanted}, but {got}"));
    }
    if let Some(wanted) = expected.path.as_ref().filter(|path| **path != ran.path) {
        let (wanted, path) = (listed(wanted), listed(&ran.path));
        found.push(format!("expected the path {wanted}, but it is {path}"));
    }
    if let Some(wanted) = expected
        .output
        .as_ref()
        .filter(|output| **output != ran.output)
    {
        found.push(format!(
            "expected the output {wanted}, but it is {}",
            ran.output
        ));
    }
    for (name, wanted) in &expected.calls {
        let made = ran.calls.get(name).copied().unwrap_or_default();
        if made != *wanted {
            let near = nearest(name, ran.calls.keys().map(String::as_str));
            let near = near.filter(|_| made == 0 && *wanted > 0);
            let hint = near.map_or(String::new(), |name| format!(" (of {name} there are some)"));
            found.push(format!(
                "expected {wanted} calls of {name}, but there are {made}{hint}"
            ));
        }
    }
    found
}

fn listed(path: &[String]) -> String {
    format!("[{}]", path.join(", "))
}

/// Why the status is what it is, in brackets.
fn why(ran: &Ran) -> String {
    match (&ran.error, ran.waits.as_slice()) {
        (Some((error, message)), _) => format!(" ({error}: {message})"),
        (None, []) => String::new(),
        (None, waits) => format!(" ({})", waits.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ran() -> Ran {
        Ran {
            status: "failed".to_owned(),
            error: Some(("http.422".to_owned(), "no".to_owned())),
            waits: vec![],
            path: vec!["a".to_owned(), "undo a".to_owned()],
            output: Value::Null,
            calls: BTreeMap::from([("billing".to_owned(), 2), ("billing/create".to_owned(), 2)]),
        }
    }

    #[test]
    fn what_is_not_said_may_be_anything() {
        assert_eq!(
            differences(&Expected::default(), &ran()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_difference_is_a_sentence_with_both_sides() {
        let expected = Expected {
            status: Some("completed".to_owned()),
            path: Some(vec!["a".to_owned()]),
            output: Some(json!({"n": 1})),
            error: Some("http.500".to_owned()),
            calls: BTreeMap::from([("billing/create".to_owned(), 1), ("billing".to_owned(), 2)]),
        };
        assert_eq!(
            differences(&expected, &ran()),
            [
                "expected the status completed, but it is failed (http.422: no)",
                "expected the error http.500, but it is http.422",
                "expected the path [a], but it is [a, undo a]",
                "expected the output {\"n\":1}, but it is null",
                "expected 1 calls of billing/create, but there are 2",
            ]
        );
    }
}
