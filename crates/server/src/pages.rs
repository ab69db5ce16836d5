//! Documents that the server holds: OpenAPI, the language's schema, a page for each error code.

use std::sync::Arc;

use api::Code;
use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::door::Refusal;
use crate::openapi;
use crate::state::Door;

/// A page that shows the OpenAPI document; it loads nothing from elsewhere.
const BROWSER: &str = include_str!("pages/api.html");

pub(crate) fn routes(document: &OpenApi) -> Router<Arc<Door>> {
    let document: Arc<str> = openapi::text(document).into();
    Router::new()
        .route(
            "/api/v1/openapi.json",
            get(move || async move { json(&document) }),
        )
        .route(
            "/api/v1/schema",
            get(|| async { json(&definition::json_schema().to_string()) }),
        )
        .route("/api/docs", get(|| async { browser() }))
        .route("/api/docs/errors/{code}", get(error_page))
}

fn json(text: &str) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        text.to_owned(),
    )
        .into_response()
}

fn browser() -> Response {
    // Nothing but what the page itself holds may run or be fetched.
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                  connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(BROWSER)).into_response()
}

async fn error_page(Path(code): Path<String>) -> Result<Response, Refusal> {
    let of_language = || {
        definition::codes::ALL
            .iter()
            .find(|page| page.id == code)
            .map(|page| page.page())
    };
    let page = Code::find(&code).map(Code::page).or_else(of_language);
    let missing = || Refusal::new(Code::UNKNOWN_PATH, "there is no such error code");
    let page = page.ok_or_else(missing)?;
    Ok((
        [(header::CONTENT_TYPE, "text/markdown; charset=utf-8")],
        page,
    )
        .into_response())
}
