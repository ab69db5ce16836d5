//! What people see of request and response.

use adapter::{Exchange, RESPONSE_SNIPPET_BYTES};
use http::HeaderMap;

use super::request::Prepared;

/// Names whose values are credentials, whoever set them.
const CREDENTIALS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
];

/// The masked picture of an attempt; without an answer the body is empty.
pub(super) fn exchange(
    request: &Prepared,
    status: Option<u16>,
    body: &[u8],
    duration_ms: u64,
) -> Box<Exchange> {
    Box::new(Exchange {
        method: request.method.to_string(),
        url: request.shown_url.clone(),
        status,
        request_headers: shown_headers(&request.headers),
        response_snippet: snippet(body),
        duration_ms,
    })
}

fn shown_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers.iter().map(|(name, value)| {
        let masked = value.is_sensitive() || CREDENTIALS.contains(&name.as_str());
        let value = if masked {
            "***".into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        (name.to_string(), value.into_owned())
    });
    shown.collect()
}

/// The beginning, readable and within bounds.
pub(super) fn snippet(body: &[u8]) -> String {
    let start = &body[..body.len().min(RESPONSE_SNIPPET_BYTES)];
    let mut text = String::from_utf8_lossy(start).into_owned();
    // A replacement character is longer than the byte that it stands for.
    let mut end = text.len().min(RESPONSE_SNIPPET_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}
