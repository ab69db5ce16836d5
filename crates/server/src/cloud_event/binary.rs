//! CloudEvents whose attributes stand in headers.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use engine::Payload;

use super::attributes::{Arrived, Attribute, Attributes, refused};
use crate::door::{Refusal, not_json, read_json};

/// The event in these headers and this body.
///
/// # Errors
/// When it is not a CloudEvent; the error names the attribute.
pub(crate) fn binary<'a>(headers: &'a HeaderMap, body: &Bytes) -> Result<Arrived<'a>, Refusal> {
    let mut meta = Attributes::default();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix("ce-") else {
            continue;
        };
        let value = value.to_str().ok().and_then(percent_decoded);
        let value = value.ok_or_else(|| {
            refused(
                name,
                "expected visible ASCII, and anything else percent-encoded as UTF-8",
            )
        })?;
        if meta.insert(name, Attribute::Text(value)).is_some() {
            return Err(refused(name, "its header stands there twice"));
        }
    }
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.is_empty() {
        meta.insert("datacontenttype", Attribute::Text(kind.into()));
    }
    let data = match body.is_empty() {
        true => Payload::null(),
        false => data_of(kind, body)?,
    };
    Arrived::cloud_event(meta, data)
}

/// Data as JSON: JSON as it is, text as a string, anything else as a string in Base64.
pub(super) fn data_of(kind: &str, bytes: &Bytes) -> Result<Payload, Refusal> {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let text = std::str::from_utf8(bytes);
    let is_json = kind.is_empty() || kind.ends_with("/json") || kind.ends_with("+json");
    match text {
        Ok(_) if is_json => read_json(bytes.clone()).map_err(|error| not_json(&error)),
        Err(_) if is_json => Err(refused("data", "expected JSON in UTF-8")),
        Ok(text) if kind.starts_with("text/") => Ok(Payload::from_value(text.into())),
        _ => Ok(Payload::from_value(BASE64_STANDARD.encode(bytes).into())),
    }
}

/// Header values are percent-encoded where they are not visible ASCII.
fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .ok()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            })
            .collect()
    }

    const EVENT: [(&str, &str); 4] = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/crm"),
        ("ce-type", "customer.created"),
    ];

    #[test]
    fn attributes_come_from_headers_and_are_decoded() {
        let mut all = EVENT.to_vec();
        all.extend([
            ("ce-subject", "J%C3%BCrgen%20%25"),
            ("content-type", "application/json"),
        ]);
        let headers = headers(&all);
        let arrived = binary(&headers, &Bytes::from_static(b"{\"a\":1}")).unwrap();
        assert_eq!(arrived.meta.text("subject"), Some("J\u{fc}rgen %"));
        assert_eq!(arrived.data.bytes(), "{\"a\":1}");
    }

    #[test]
    fn other_data_becomes_a_string() {
        let mut all = EVENT.to_vec();
        all.push(("content-type", "text/plain; charset=utf-8"));
        let text = headers(&all);
        let arrived = binary(&text, &Bytes::from_static(b"hi \"you\"")).unwrap();
        assert_eq!(*arrived.data.value(), "hi \"you\"");
        all[4] = ("content-type", "image/png");
        let image = headers(&all);
        let arrived = binary(&image, &Bytes::from_static(b"\x89PNG")).unwrap();
        assert_eq!(*arrived.data.value(), "iVBORw==");
    }

    #[test]
    fn what_lacks_is_named() {
        for missing in 0..EVENT.len() {
            let mut some = EVENT.to_vec();
            let (name, _) = some.remove(missing);
            let refused = binary(&headers(&some), &Bytes::new()).unwrap_err();
            let attribute = name.trim_start_matches("ce-");
            let detail = refused.into_problem().detail;
            assert!(detail.contains(attribute), "{detail}");
        }
    }
}
