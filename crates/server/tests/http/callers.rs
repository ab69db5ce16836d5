//! Who may do what, and from where.

use server::TokenSettings;

use crate::site::{DEFINITIONS, Site};

async fn site() -> Site {
    let tokens = vec![
        TokenSettings::of_token("vic", &["viewer"], "v-token"),
        TokenSettings::of_token("ann", &["operator"], "a-token"),
        TokenSettings::of_token("root", &["admin"], "r-token"),
    ];
    Site::with(tokens, &[]).await
}

async fn check(site: &Site, token: &str, method: &str, path: &str, body: &str, expected: u16) {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("content-type", "application/json")];
    if !token.is_empty() {
        headers.push(("authorization", bearer.as_str()));
    }
    let answer = site.ask(method, path, &headers, body).await;
    assert_eq!(
        answer.status, expected,
        "{token} {method} {path}: {}",
        answer.text
    );
}

#[tokio::test]
async fn a_caller_may_what_its_roles_permit() {
    let site = site().await;
    let set = serde_json::json!({"files": [{"name": "all.yaml", "text": DEFINITIONS}]}).to_string();
    let start = r#"{"workflow": "greet", "input": {"name": "Ada"}}"#;
    check(&site, "", "GET", "/api/v1/workflows", "", 401).await;
    check(&site, "wrong", "GET", "/api/v1/workflows", "", 401).await;
    check(&site, "v-token", "GET", "/api/v1/workflows", "", 200).await;
    check(
        &site,
        "v-token",
        "POST",
        "/api/v1/apply?dry_run=true",
        &set,
        200,
    )
    .await;
    check(&site, "v-token", "POST", "/api/v1/apply", &set, 403).await;
    check(&site, "a-token", "POST", "/api/v1/apply", &set, 403).await;
    check(&site, "r-token", "POST", "/api/v1/apply", &set, 200).await;
    check(&site, "v-token", "POST", "/api/v1/workflows", start, 403).await;
    check(
        &site,
        "v-token",
        "POST",
        "/api/v1/hooks/door-bell",
        "{}",
        403,
    )
    .await;
    check(&site, "a-token", "POST", "/api/v1/workflows", start, 201).await;
    check(&site, "a-token", "GET", "/api/v1/audit", "", 403).await;
    check(&site, "r-token", "GET", "/api/v1/audit", "", 200).await;
    let (resume, backup) = ("/api/v1/system/resume", "/api/v1/system/backup");
    check(&site, "a-token", "POST", resume, "", 403).await;
    check(&site, "r-token", "POST", resume, "", 200).await;
    check(&site, "a-token", "POST", backup, "{}", 403).await;
    check(&site, "r-token", "POST", backup, "{}", 409).await;
    for open in [
        "/healthz",
        "/readyz",
        "/api/docs",
        "/api/v1/openapi.json",
        "/api/v1/schema",
    ] {
        check(&site, "", "GET", open, "", 200).await;
    }
    check(
        &site,
        "",
        "POST",
        "/api/v1/task-callbacks/nope/complete",
        "{}",
        404,
    )
    .await;
}

#[tokio::test]
async fn who_asks_is_recorded_and_never_taken_from_the_body() {
    let site = site().await;
    let set = serde_json::json!({"files": [{"name": "all.yaml", "text": DEFINITIONS}]}).to_string();
    check(&site, "r-token", "POST", "/api/v1/apply", &set, 200).await;
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer a-token"),
    ];
    let forged = r#"{"workflow": "greet", "input": {"name": "Ada"}, "actor": "root"}"#;
    assert_eq!(
        site.ask("POST", "/api/v1/workflows", &headers, forged)
            .await
            .code(),
        "ORC-0107"
    );
    let start = r#"{"workflow": "greet", "input": {"name": "Ada"}}"#;
    let id = site
        .ask("POST", "/api/v1/workflows", &headers, start)
        .await
        .json()["id"]
        .clone();
    let path = format!("/api/v1/workflows/{}/history", id.as_str().unwrap());
    let history = site.ask("GET", &path, &headers, "").await.json();
    assert_eq!(history["items"][0]["actor"], "ann");
}

#[tokio::test]
async fn pages_elsewhere_are_refused() {
    let site = Site::open().await;
    let answer = site
        .ask(
            "GET",
            "/api/v1/workflows",
            &[("host", "evil.example.com")],
            "",
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "ORC-0203")
    );
    let foreign = [
        ("origin", "https://evil.example.com"),
        ("content-type", "application/json"),
    ];
    let answer = site.ask("POST", "/api/v1/workflows", &foreign, "{}").await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "ORC-0204")
    );
    let own = [("origin", "http://127.0.0.1:8080")];
    assert_eq!(
        site.ask("GET", "/api/v1/workflows", &own, "").await.status,
        200
    );
    // A probe may come under any name.
    assert_eq!(
        site.ask("GET", "/healthz", &[("host", "pod-7")], "")
            .await
            .status,
        200
    );
}
