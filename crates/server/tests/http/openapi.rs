//! The OpenAPI document that is checked in is the one that the routes make.

use std::path::Path;

use crate::site::Site;

#[test]
fn the_checked_in_document_is_the_present_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let present = server::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &present).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        checked_in == present,
        "openapi.json has drifted: run with UPDATE_OPENAPI=1 and commit it"
    );
}

#[test]
fn the_document_is_whole() {
    let document: serde_json::Value = serde_json::from_str(&server::openapi_json()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut names = Vec::new();
    collect_references(&document, &mut names);
    for name in names {
        assert!(
            schemas.contains_key(&name),
            "{name} is named but not described"
        );
    }
}

fn collect_references(value: &serde_json::Value, names: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            let name = fields.get("$ref").and_then(|name| name.as_str());
            names.extend(
                name.and_then(|name| name.strip_prefix("#/components/schemas/"))
                    .map(str::to_owned),
            );
            fields
                .values()
                .for_each(|value| collect_references(value, names));
        }
        serde_json::Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, names)),
        _ => {}
    }
}

#[tokio::test]
async fn the_documents_are_served() {
    let site = Site::open().await;
    let served = site.get("/api/v1/openapi.json").await;
    assert_eq!(served.text, server::openapi_json());
    let page = site.get("/api/docs").await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        !page.text.contains("http://") && !page.text.contains("https://"),
        "the page loads from elsewhere"
    );
    for code in ["ORC-0301", "ORC-1010"] {
        let page = site.get(&format!("/api/docs/errors/{code}")).await;
        assert!(page.text.starts_with(&format!("# {code}")), "{}", page.text);
    }
    assert!(site.get("/api/v1/schema").await.json().is_object());
}
