//! The dashboard: its files as Vite built them, and which paths are its own.

mod answer;
mod files;

use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};

use crate::door::unknown_path;

/// Whether a path may be one of the dashboard's. What it loads is no secret: whoever uses it says who they are with
/// each request to the API.
pub fn is_page(method: &Method, path: &str) -> bool {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let is_events = path.starts_with("/workflows/") && path.ends_with("/events");
    let is_other = path == "/api"
        || path.starts_with("/api/")
        || matches!(path, "/metrics" | "/healthz" | "/readyz");
    reads && !is_events && !is_other
}

/// A file of the dashboard, else its page for a person who follows a link, else nothing.
pub async fn page_or_nothing(request: Request) -> Response {
    let path = request.uri().path();
    if !is_page(request.method(), path) {
        return unknown_path(request).await.into_response();
    }
    if let Some(file) = files::find(path.trim_start_matches('/')) {
        return answer::file(&file, request.headers());
    }
    // The page itself finds out what an address means. A program that asks for something else than a page has
    // mistaken the path, and so has who asks for a part that is not there.
    let accepts = request.headers().get(header::ACCEPT);
    let wants_page = accepts
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"));
    if path.starts_with("/assets/") || (path != "/" && !wants_page) {
        return unknown_path(request).await.into_response();
    }
    match files::find("index.html") {
        Some(file) => answer::file(&file, request.headers()),
        None => answer::not_built(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, path: &str, expected: bool) {
        assert_eq!(is_page(&method, path), expected, "{method} {path}");
    }

    #[test]
    fn the_dashboard_takes_no_path_of_the_api() {
        for path in [
            "/",
            "/workflows",
            "/workflows/1",
            "/assets/a.js",
            "/definitions/api",
        ] {
            check(Method::GET, path, true);
            check(Method::HEAD, path, true);
            check(Method::POST, path, false);
        }
        for path in [
            "/api",
            "/api/v1/nothing",
            "/metrics",
            "/healthz",
            "/readyz",
            "/workflows/1/events",
        ] {
            check(Method::GET, path, false);
        }
    }
}
