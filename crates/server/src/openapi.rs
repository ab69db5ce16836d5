//! The OpenAPI document: 3.1, made from the routes themselves.

use std::collections::BTreeMap;

use api::{PROBLEM_JSON, Problem};
use axum::http::Method;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::routes::documented;

/// Every answer that is not what was asked for.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let schema = Ref::from_schema_name(Problem::name());
        let content = Content::new(Some(RefOr::Ref::<utoipa::openapi::Schema>(schema)));
        let response = ResponseBuilder::new()
            .description("A problem; `code` has a page at `type`")
            .content(PROBLEM_JSON, content)
            .build();
        BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}

/// What the document says beside its paths.
pub(crate) fn head() -> OpenApi {
    let description = "Starts workflows and tells what they do. Every error is a problem document \
                       (RFC 9457) whose `code` has a page. Every answer has `X-Correlation-ID`.";
    let info = InfoBuilder::new()
        .title("Orchestrator")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(description))
        .build();
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = utoipa::openapi::ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("token", SecurityScheme::Http(token))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .build()
}

/// The document as it is checked in and served.
pub fn openapi_json() -> String {
    let (_, document) = documented();
    text(&document)
}

/// Every route of the document, with each of its methods.
pub(crate) fn routes() -> Vec<(String, Method)> {
    let (_, document) = documented();
    let paths = document.paths.paths.into_iter();
    let routes = paths.flat_map(|(path, item)| {
        let methods = [
            (Method::GET, item.get),
            (Method::PUT, item.put),
            (Method::POST, item.post),
            (Method::DELETE, item.delete),
            (Method::PATCH, item.patch),
        ];
        let taken = methods
            .into_iter()
            .filter(|(_, operation)| operation.is_some());
        taken.map(move |(method, _)| (path.clone(), method))
    });
    routes.collect()
}

/// The document as JSON for people: sorted keys, so that a change shows as one.
pub(crate) fn text(document: &OpenApi) -> String {
    let value = serde_json::to_value(document).unwrap_or_default();
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}
