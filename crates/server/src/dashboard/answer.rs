//! How a file goes out: packed, cached, and with what a page may do.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::files::File;

/// A page runs and loads what this server hands out, and nothing else; no script stands within it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A name that changes with its content may be kept for ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_FIRST: &str = "no-cache";

/// Answers a file, or that the browser has it already.
pub fn file(file: &File, asked: &HeaderMap) -> Response {
    let tag = file.tag();
    let mut response = if asked.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        whole(file, asked)
    };
    let headers = response.headers_mut();
    let cache = if file.is_hashed() {
        FOR_EVER
    } else {
        ASK_FIRST
    };
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    secured(response)
}

fn whole(file: &File, asked: &HeaderMap) -> Response {
    let accepted = asked.get(header::ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok()).unwrap_or("");
    let (packing, bytes) = file.packed(accepted);
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(file.media_type()),
    );
    if let Some(packing) = packing {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(packing));
    }
    response
}

fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What stands in for the dashboard in a binary that was built without it.
pub fn not_built() -> Response {
    secured(Html(include_str!("not-built.html")).into_response())
}
