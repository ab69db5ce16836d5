//! Searching what comes back from outside for the secrets that went there.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use memchr::memmem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::outcome::{Exchange, Failure, Outcome};
use crate::secrets::Secret;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Shorter values would mask harmless text; they are kept out by never being put into outcomes.
const MIN_SECRET_BYTES: usize = 8;

/// What may stay as it is in a URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// All texts to be searched for, the longest first, so that no part of one stays behind another.
pub(crate) struct Scrubber {
    needles: Vec<String>,
}

impl Scrubber {
    /// For the secrets of one call.
    pub(crate) fn new(secrets: &[Secret]) -> Self {
        let mut needles: Vec<String> = secrets
            .iter()
            // A file that holds a secret often ends in a line break, which is not sent.
            .flat_map(|secret| [secret.expose(), secret.expose().trim()])
            .filter(|value| value.len() >= MIN_SECRET_BYTES)
            .flat_map(forms)
            .collect();
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Self { needles }
    }

    /// Masks the secrets wherever an outcome has text.
    pub(crate) fn outcome(&self, outcome: &mut Outcome) {
        if self.needles.is_empty() {
            return;
        }
        match outcome {
            Outcome::Success(success) => {
                success.output = self.json(&success.output);
                self.option(&mut success.target);
                self.exchange(success.exchange.as_deref_mut());
            }
            Outcome::Accepted(accepted) => {
                self.option(&mut accepted.target);
                self.exchange(accepted.exchange.as_deref_mut());
            }
            Outcome::Failure(failure) => self.failure(failure),
        }
    }

    /// The text without secrets.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        self.text(&mut masked);
        masked
    }

    fn failure(&self, failure: &mut Failure) {
        self.text(&mut failure.error_type);
        self.text(&mut failure.message);
        if let Some(details) = &mut failure.details {
            self.value(details);
        }
        self.option(&mut failure.target);
        self.exchange(failure.exchange.as_deref_mut());
    }

    fn exchange(&self, exchange: Option<&mut Exchange>) {
        let Some(exchange) = exchange else { return };
        self.text(&mut exchange.method);
        self.text(&mut exchange.url);
        self.text(&mut exchange.response_snippet);
        for (name, value) in &mut exchange.request_headers {
            self.text(name);
            self.text(value);
        }
    }

    fn option(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            self.text(text);
        }
    }

    /// JSON text. It is only parsed when a secret is in it, or may hide behind an escape.
    fn json(&self, json: &Bytes) -> Bytes {
        let escaped = memchr::memchr(b'\\', json).is_some();
        if !escaped && !self.hits(json) {
            return json.clone();
        }
        if let Ok(mut value) = serde_json::from_slice::<Value>(json) {
            let masked = self.value(&mut value);
            return if masked {
                value.to_string().into()
            } else {
                json.clone()
            };
        }
        let mut text = String::from_utf8_lossy(json).into_owned();
        let masked = self.text(&mut text);
        if masked { text.into() } else { json.clone() }
    }

    /// Says whether anything was masked.
    fn value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(list) => list.iter_mut().fold(false, |hit, v| self.value(v) | hit),
            Value::Object(map) => self.map(map),
            Value::Number(number) if self.hits(number.to_string().as_bytes()) => {
                *value = Value::String(MASK.to_owned());
                true
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    fn map(&self, map: &mut Map<String, Value>) -> bool {
        let mut hit = false;
        for value in map.values_mut() {
            hit |= self.value(value);
        }
        let keys: Vec<String> = map
            .keys()
            .filter(|k| self.hits(k.as_bytes()))
            .cloned()
            .collect();
        for key in keys {
            let mut masked = key.clone();
            self.text(&mut masked);
            let value = map.remove(&key).unwrap_or(Value::Null);
            map.insert(masked, value);
            hit = true;
        }
        hit
    }

    /// Says whether anything was masked.
    fn text(&self, text: &mut String) -> bool {
        let mut hit = false;
        for needle in &self.needles {
            if memmem::find(text.as_bytes(), needle.as_bytes()).is_some() {
                *text = text.replace(needle.as_str(), MASK);
                hit = true;
            }
        }
        hit
    }

    fn hits(&self, bytes: &[u8]) -> bool {
        let mut needles = self.needles.iter();
        needles.any(|needle| memmem::find(bytes, needle.as_bytes()).is_some())
    }
}

/// A value and the ways in which it is written on the wire.
fn forms(value: &str) -> Vec<String> {
    let quoted = Value::String(value.to_owned()).to_string();
    let strict = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let lenient = utf8_percent_encode(value, UNRESERVED).to_string();
    let mut forms = vec![
        value.to_owned(),
        quoted[1..quoted.len() - 1].to_owned(),
        strict.to_lowercase_escapes(),
        lenient.to_lowercase_escapes(),
        lenient.replace("%20", "+"),
        strict,
        lenient,
        STANDARD.encode(value),
        URL_SAFE.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ];
    forms.extend(inside_base64(value));
    forms
}

/// The value in the middle of a longer base64 text (`user:password`, say): what does not depend on the
/// bytes before and behind it.
fn inside_base64(value: &str) -> impl Iterator<Item = String> + '_ {
    (0..3usize).flat_map(move |before| {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(value.as_bytes());
        let whole = bytes.len() / 3 * 3;
        let from = (before * 8).div_ceil(6);
        [
            STANDARD.encode(&bytes[..whole]),
            URL_SAFE.encode(&bytes[..whole]),
        ]
        .map(|text| text[from..].to_owned())
    })
}

trait LowercaseEscapes {
    fn to_lowercase_escapes(&self) -> String;
}

impl LowercaseEscapes for String {
    /// `%2F` as `%2f`; the rest unchanged.
    fn to_lowercase_escapes(&self) -> String {
        let mut escape = 0;
        self.chars()
            .map(|c| {
                escape = if c == '%' {
                    2
                } else {
                    i32::max(escape - 1, -1)
                };
                if c != '%' && escape >= 0 {
                    c.to_ascii_lowercase()
                } else {
                    c
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Effect, Success};
    use proptest::prelude::*;
    use serde_json::json;

    const SECRET: &str = "pa/ss+wörd \"42\"";

    fn scrub(output: &str) -> String {
        let mut outcome = Outcome::Success(Success::of(output.to_owned()));
        Scrubber::new(&[Secret::new(SECRET), Secret::new("12345678")]).outcome(&mut outcome);
        match outcome {
            Outcome::Success(success) => String::from_utf8(success.output.to_vec()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn check(text: &str, expected: &Value) {
        let scrubbed: Value = serde_json::from_str(&scrub(text)).unwrap();
        assert_eq!(&scrubbed, expected, "{text}");
    }

    #[test]
    fn every_form_of_a_secret_is_masked_and_json_stays_json() {
        for form in forms(SECRET) {
            let document = json!({"x": [format!("<{form}>")]}).to_string();
            let masked = scrub(&document);
            assert!(!masked.contains(&form), "{form}: {masked}");
            serde_json::from_str::<Value>(&masked).unwrap();
        }
        check("{\"n\":12345678,\"m\":7}", &json!({"n": "***", "m": 7}));
        check("{\"a12345678\":1}", &json!({"a***": 1}));
        check("[\"\\u0031\\u0032345678\"]", &json!(["***"]));
    }

    #[test]
    fn credentials_within_base64_are_masked() {
        for user in ["a", "ab", "abc", "abcd"] {
            let text = STANDARD.encode(format!("{user}:{SECRET}:tail"));
            let masked = scrub(&json!([text]).to_string());
            assert!(masked.contains(MASK), "{masked}");
        }
    }

    #[test]
    fn what_holds_no_secret_is_returned_byte_for_byte() {
        for text in ["{ \"a\" : 1.0 }", "\"a\\nb\"", "null", "no json"] {
            assert_eq!(scrub(text), text);
        }
    }

    #[test]
    fn the_line_break_behind_a_secret_does_not_hide_it() {
        let mut outcome = Outcome::Success(Success::of("\"<12345678>\""));
        Scrubber::new(&[Secret::new("12345678\n")]).outcome(&mut outcome);
        assert_eq!(outcome, Outcome::Success(Success::of("\"<***>\"")));
    }

    #[test]
    fn short_secrets_are_not_searched_for() {
        let mut outcome = Outcome::Success(Success::of("\"abc\""));
        Scrubber::new(&[Secret::new("abc")]).outcome(&mut outcome);
        assert_eq!(outcome, Outcome::Success(Success::of("\"abc\"")));
    }

    #[test]
    fn failures_and_exchanges_are_masked_everywhere() {
        let leak = || format!("x{SECRET}y");
        let exchange = Exchange {
            method: "GET".into(),
            url: leak(),
            status: None,
            request_headers: vec![(leak(), leak())],
            response_snippet: leak(),
            duration_ms: 0,
        };
        let mut outcome = Outcome::Failure(Failure {
            target: Some(leak()),
            exchange: Some(Box::new(exchange)),
            ..Failure::retryable(leak(), leak(), Effect::None).with_details(json!({leak(): leak()}))
        });
        Scrubber::new(&[Secret::new(SECRET)]).outcome(&mut outcome);
        let text = format!("{outcome:?}");
        assert!(!text.contains("wörd"), "{text}");
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_a_string(before in ".*", secret in "[ -~]{8,40}", after in ".*") {
            let output = json!({ "v": format!("{before}{secret}{after}") }).to_string();
            let mut outcome = Outcome::Success(Success::of(output));
            Scrubber::new(&[Secret::new(secret.as_str())]).outcome(&mut outcome);
            let Outcome::Success(success) = outcome else { unreachable!("it was a success") };
            let value: Value = serde_json::from_slice(&success.output).unwrap();
            prop_assert!(!value["v"].as_str().unwrap().contains(&secret));
        }
    }
}
