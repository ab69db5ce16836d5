//! The dashboard's files. What is in them depends on whether they were built; what holds either way is tested here.

use crate::site::Site;

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

#[tokio::test]
async fn a_link_leads_to_the_page_and_a_mistaken_path_to_a_problem() {
    let site = Site::open().await;
    for path in [
        "/",
        "/workflows",
        "/workflows/01a2174a-227b-71d0-9bad-57249499b6d0",
        "/definitions/greet",
    ] {
        let page = site.ask("GET", path, &[PAGE], "").await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
    }
    for path in [
        "/api",
        "/api/v2/workflows",
        "/api/v1/nothing",
        "/healthz/nothing",
    ] {
        let headers: &[_] = if path.starts_with("/api") {
            &[PAGE]
        } else {
            &[]
        };
        let answer = site.ask("GET", path, headers, "").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.code(), "ORC-0100", "{path}: {}", answer.text);
    }
    let answer = site.ask("GET", "/assets/nothing.js", &[PAGE], "").await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn a_page_may_load_from_this_server_only() {
    let site = Site::open().await;
    let page = site.ask("GET", "/", &[PAGE], "").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(!page.text.contains("<script>"), "{}", page.text);
}

#[tokio::test]
async fn the_page_needs_no_token_but_what_it_asks_does() {
    let tokens = vec![server::TokenSettings::of_token("ann", &["viewer"], "t-ann")];
    let site = Site::with(tokens, &[]).await;
    assert_eq!(site.ask("GET", "/", &[PAGE], "").await.status, 200);
    assert_eq!(site.get("/api/v1/system").await.status, 401);
    assert_eq!(site.get("/metrics").await.status, 401);
    assert_eq!(site.get("/workflows/1/events").await.status, 401);
}
