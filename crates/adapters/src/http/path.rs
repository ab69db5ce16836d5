//! Paths with values in them. Each value is one segment at most: it is encoded, so that nothing that a
//! workflow was given can lead a call to another resource.

use adapter::{Failure, error_type};
use expression::{Template, TemplateError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::values::Values;
use crate::settings::SCOPE;

const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A path such as `/accounts/${ call.id }`.
pub(super) struct PathTemplate(Vec<Part>);

enum Part {
    Text(String),
    Value(Template),
}

impl PathTemplate {
    /// Compiles each expression by itself.
    pub(super) fn compile(text: &str) -> Result<Self, Vec<TemplateError>> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let literal = rest[..start].ends_with('$');
            let end = if literal {
                start + 2
            } else {
                start + end_of_expression(&rest[start..])
            };
            if literal {
                parts.push(Part::Text(format!("{}{{", &rest[..start])));
            } else {
                parts.push(Part::Text(rest[..start].to_owned()));
                let expression = Value::String(rest[start..end].to_owned());
                parts.push(Part::Value(Template::compile(&expression, &SCOPE)?));
            }
            rest = &rest[end..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The path for a call.
    pub(super) fn evaluate(&self, values: &Values<'_>) -> Result<String, Box<Failure>> {
        let mut path = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Value(template) => path.push_str(&segment(template, values)?),
            }
        }
        Ok(path)
    }
}

/// Length of `${ ... }`: to the brace that closes it, braces within it and in quotes not counted.
fn end_of_expression(text: &str) -> usize {
    let mut depth = 0;
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth == 1 => return at + 1,
            (None, b'}') => depth -= 1,
            (None, _) => {}
        }
    }
    text.len()
}

/// An empty value would address the collection instead of the item, dots the one above.
fn segment(template: &Template, values: &Values<'_>) -> Result<String, Box<Failure>> {
    let text = values.text(template, "path")?.unwrap_or_default();
    if matches!(text.as_str(), "" | "." | "..") {
        let message = format!("expected a name or an id in the path, but found `{text}`");
        return Err(Box::new(Failure::permanent(error_type::INPUT, message)));
    }
    Ok(utf8_percent_encode(&text, KEPT).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::join_path;
    use adapter::conformance::example_call;
    use adapter::{CallSecrets, NoSecrets};
    use proptest::prelude::*;
    use serde_json::json;
    use std::sync::Arc;
    use url::Url;

    fn evaluate(text: &str, id: &str) -> Result<String, Box<Failure>> {
        let call = example_call(None, &json!({ "id": id }));
        let secrets = CallSecrets::new(Arc::new(NoSecrets));
        let path = PathTemplate::compile(text).unwrap();
        path.evaluate(&Values::new(&call, &secrets))
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_segment(id in any::<String>()) {
            let mut url = Url::parse("http://service/v1?fixed=1").unwrap();
            match evaluate("/accounts/${ call.id }/lines", &id) {
                Ok(path) => join_path(&mut url, &path),
                Err(_) => {
                    prop_assert!(matches!(id.as_str(), "" | "." | ".."));
                    return Ok(());
                }
            }
            let segments: Vec<&str> = url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 4, "{}", url);
            prop_assert_eq!([segments[0], segments[1], segments[3]], ["v1", "accounts", "lines"]);
            prop_assert_eq!((url.query(), url.fragment()), (Some("fixed=1"), None));
            let decoded = percent_encoding::percent_decode_str(segments[2]);
            prop_assert_eq!(decoded.decode_utf8().unwrap(), id);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[/${}\"'\\\\a ]{0,30}") {
            let _ = PathTemplate::compile(&text);
        }
    }
}
