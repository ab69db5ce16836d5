//! Whatever is wrong with a request, it is answered with a problem document whose code has a page.

use axum::body::Body;
use axum::http::Request;

use crate::site::{Answer, Site, request};

const JSON: (&str, &str) = ("content-type", "application/json");

fn check(what: &str, answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{what}"
    );
    let problem: api::Problem = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(problem.code, code, "{what}: {}", problem.detail);
    assert_eq!(problem.status, status, "{what}");
    assert_eq!(
        problem.correlation_id,
        answer.header("x-correlation-id"),
        "{what}"
    );
    let page = format!("../../docs/errors/{code}.md");
    assert!(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(&page)
            .exists(),
        "{page}"
    );
}

/// What is sent, and how it is answered.
const BODIES: &[(&str, &str, u16, &str)] = &[
    ("no JSON", "{\"workflow\": ", 400, "ORC-0105"),
    ("empty", "", 400, "ORC-0105"),
    ("two documents", "{} {}", 400, "ORC-0105"),
    (
        "unknown key",
        r#"{"workflow": "greet", "inptu": {}}"#,
        400,
        "ORC-0107",
    ),
    ("missing key", r#"{"input": {}}"#, 400, "ORC-0107"),
    ("wrong type", r#"{"workflow": 7}"#, 400, "ORC-0107"),
    (
        "wrong nested type",
        r#"{"workflow": "greet", "attributes": {"a": 1}}"#,
        400,
        "ORC-0107",
    ),
    ("a list", "[]", 400, "ORC-0107"),
    (
        "a number too large",
        r#"{"workflow": "greet", "input": 1e999}"#,
        400,
        "ORC-0105",
    ),
    (
        "half a character",
        r#"{"workflow": "greet", "input": "\ud800"}"#,
        400,
        "ORC-0105",
    ),
    (
        "unknown workflow",
        r#"{"workflow": "gret"}"#,
        404,
        "ORC-0302",
    ),
    (
        "unknown version",
        r#"{"workflow": "greet", "version": "9.9.9"}"#,
        404,
        "ORC-0302",
    ),
    (
        "no version",
        r#"{"workflow": "greet", "version": "one"}"#,
        400,
        "ORC-0107",
    ),
    (
        "input that does not fit",
        r#"{"workflow": "greet", "input": {"name": 7}}"#,
        422,
        "ORC-0403",
    ),
    (
        "unknown priority",
        r#"{"workflow": "greet", "priority": "urgent"}"#,
        400,
        "ORC-0107",
    ),
    (
        "no time",
        r#"{"workflow": "greet", "start_at": "tomorrow"}"#,
        400,
        "ORC-0107",
    ),
];

#[tokio::test]
async fn wrong_bodies() {
    let site = Site::open().await;
    let deep = format!(
        "{{\"workflow\": \"greet\", \"input\": {}{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    check(
        "deep nesting",
        &site.post("/api/v1/workflows", &deep).await,
        400,
        "ORC-0106",
    );
    for (what, body, status, code) in BODIES {
        check(
            what,
            &site.post("/api/v1/workflows", body).await,
            *status,
            code,
        );
    }
}

/// What is asked for, and how it is answered; `{none}` stands for an id that nobody has.
const PATHS: &[(&str, &str, u16, &str)] = &[
    ("GET", "/nope", 404, "ORC-0100"),
    ("GET", "/api/v1/nope", 404, "ORC-0100"),
    ("GET", "/api/v1/workflows/", 404, "ORC-0100"),
    ("DELETE", "/api/v1/workflows", 405, "ORC-0101"),
    ("GET", "/api/v1/apply", 405, "ORC-0101"),
    ("GET", "/api/v1/workflows/abc", 400, "ORC-0110"),
    ("GET", "/api/v1/workflows/%ff", 400, "ORC-0110"),
    ("GET", "/api/v1/workflows/{none}", 404, "ORC-0301"),
    ("GET", "/api/v1/workflows/{none}/steps", 404, "ORC-0301"),
    (
        "GET",
        "/api/v1/workflows/{none}/steps/say/attempts",
        404,
        "ORC-0301",
    ),
    ("GET", "/api/v1/workflows/{none}/history", 404, "ORC-0301"),
    ("GET", "/api/v1/workflows/{none}/state", 404, "ORC-0301"),
    ("GET", "/api/v1/workflows/{none}/events", 404, "ORC-0301"),
    ("GET", "/workflows/{none}/events", 404, "ORC-0301"),
    ("POST", "/api/v1/workflows/{none}/cancel", 404, "ORC-0301"),
    ("GET", "/api/v1/workflows?statsu=running", 400, "ORC-0108"),
    ("GET", "/api/v1/workflows?status=runing", 400, "ORC-0109"),
    ("GET", "/api/v1/workflows?limit=0", 400, "ORC-0109"),
    ("GET", "/api/v1/workflows?limit=1001", 400, "ORC-0109"),
    (
        "GET",
        "/api/v1/workflows?created_after=yesterday",
        400,
        "ORC-0109",
    ),
    ("GET", "/api/v1/workflows?cursor=garbage", 400, "ORC-0111"),
    ("GET", "/api/v1/audit?cursor=%00", 400, "ORC-0111"),
    ("GET", "/api/v1/decisions?cursor=AAAA", 400, "ORC-0111"),
    ("GET", "/api/v1/stream?cursor=garbage", 400, "ORC-0111"),
    ("GET", "/api/v1/definitions/gret", 404, "ORC-0302"),
    (
        "GET",
        "/api/v1/definitions/greet/versions/9.9.9",
        404,
        "ORC-0302",
    ),
    ("GET", "/api/v1/adapters/nope", 404, "ORC-0305"),
    ("GET", "/api/v1/decisions/{none}", 404, "ORC-0304"),
    ("POST", "/api/v1/decisions/{none}/approve", 404, "ORC-0304"),
    ("POST", "/api/v1/decisions/{none}/amend", 404, "ORC-0304"),
    (
        "POST",
        "/api/v1/task-callbacks/nope/complete",
        404,
        "ORC-0307",
    ),
    ("GET", "/api/docs/errors/ORC-9999", 404, "ORC-0100"),
];

#[tokio::test]
async fn wrong_paths_queries_and_headers() {
    let site = Site::open().await;

    for (method, path, status, code) in PATHS {
        let path = &path.replace("{none}", "01990000-0000-7000-8000-000000000000");
        check(path, &site.ask(method, path, &[], "").await, *status, code);
    }
    let hook = site.post("/api/v1/hooks/nobody", "{}").await;
    check("an unknown hook", &hook, 404, "ORC-0306");
}

#[tokio::test]
async fn wrong_types_sizes_and_encodings() {
    let site = Site::open().await;
    let path = "/api/v1/workflows";
    let body = r#"{"workflow": "sleep"}"#;
    check(
        "no type",
        &site.ask("POST", path, &[], body).await,
        415,
        "ORC-0102",
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    check(
        "a form",
        &site.ask("POST", path, &form, body).await,
        415,
        "ORC-0102",
    );
    let bytes = request("POST", path, &[JSON], b"{\"workflow\": \"\xff\"}".to_vec());
    check("invalid UTF-8", &site.send(bytes).await, 400, "ORC-0104");
    let bad = [JSON, ("x-correlation-id", "")];
    check(
        "an empty correlation id",
        &site.ask("POST", path, &bad, body).await,
        400,
        "ORC-0112",
    );
    let long = "k".repeat(129);
    let bad = [JSON, ("idempotency-key", long.as_str())];
    check(
        "a long key",
        &site.ask("POST", path, &bad, body).await,
        400,
        "ORC-0112",
    );

    let large = [JSON, ("content-length", "104857600")];
    check(
        "100 MB announced",
        &site.ask("POST", path, &large, body).await,
        413,
        "ORC-0103",
    );
    let part = bytes::Bytes::from(vec![b' '; 64 << 10]);
    let parts =
        futures_util::stream::iter((0..1_600).map(move |_| Ok::<_, std::io::Error>(part.clone())));
    let streamed: Request<Body> = request("POST", path, &[JSON], Body::from_stream(parts));
    check(
        "100 MB streamed",
        &site.send(streamed).await,
        413,
        "ORC-0103",
    );

    let many = format!("{{\"items\": [{}]}}", vec![body; 10_001].join(","));
    check(
        "too many items",
        &site.post("/api/v1/workflows/batch", &many).await,
        413,
        "ORC-0114",
    );
}

#[tokio::test]
async fn a_wrong_field_is_pointed_at_and_the_nearest_name_offered() {
    let site = Site::open().await;
    let answer = site
        .post("/api/v1/workflows", r#"{"workflow": "greet", "inptu": {}}"#)
        .await
        .json();
    assert_eq!(answer["errors"][0]["hint"], "did you mean `input`?");
    assert_eq!(answer["errors"][0]["line"], 1);
    let answer = site
        .post(
            "/api/v1/workflows",
            r#"{"workflow": "greet", "input": {"name": 7}}"#,
        )
        .await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/name");
    let answer = site.get("/api/v1/workflows?statsu=running").await.json();
    assert_eq!(answer["errors"][0]["hint"], "did you mean `status`?");
}
