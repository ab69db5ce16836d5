//! Adapters: how they stand, and the switches of an incident.

use serde_json::{Value, json};

use crate::site::Site;

const PATH: &str = "/api/v1/adapters/local";

const BANK: &str = r#"
adapters:
  - name: bank
    type: http
    targets: [{ url: "http://127.0.0.1:1/a" }, { url: "http://127.0.0.1:1/b" }]
    concurrency: 5
    rate-limit: { rate: 100/s }
    circuit-breaker: { min-calls: 3 }
"#;

async fn switched(site: &Site, path: &str) -> Value {
    let answer = site.post(path, r#"{"reason": "a drill"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn an_adapter_says_how_it_stands() {
    let site = Site::open().await;
    site.post_yaml("/api/v1/apply", BANK).await;
    let shown = site.get("/api/v1/adapters/bank").await.json();
    let status = &shown["status"];
    assert_eq!(status["state"], "running");
    assert_eq!(
        (&status["concurrency"], &status["rate"]),
        (&json!(5), &json!("100/s"))
    );
    let names = [&status["targets"][0]["name"], &status["targets"][1]["name"]];
    assert_eq!(names, ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"]);
    assert_eq!(status["targets"][0]["breaker"], "closed");
    let local = site.get(PATH).await.json();
    assert_eq!(local["status"]["targets"][0]["breaker"], "none");
    let list = site.get("/api/v1/adapters").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_paused_adapter_holds_calls_back_and_the_instance_says_so() {
    let site = Site::open().await;
    let paused = switched(&site, &format!("{PATH}/pause")).await;
    assert_eq!(paused["status"]["state"], "paused");
    assert_eq!(paused["status"]["switched"]["reason"], "a drill");
    let id = site.start("greet", r#"{"name": "ann"}"#).await;
    let path = format!("/api/v1/workflows/{id}");
    let shown = site.get(&path).await.json();
    let waits = &shown["waiting_for"][0];
    assert_eq!(
        (&waits["kind"], &waits["step"]),
        (&json!("paused"), &json!("say"))
    );
    assert_eq!(waits["what"], "say waits: local paused local: a drill");
    assert_eq!(site.get(PATH).await.json()["status"]["waiting"], 1);
    let drained = switched(&site, &format!("{PATH}/drain")).await;
    assert_eq!(drained["status"]["state"], "drained");
    switched(&site, &format!("{PATH}/resume")).await;
    site.runtime
        .wait_ended(id.parse().unwrap(), 60_000)
        .await
        .unwrap();
    assert_eq!(site.get(&path).await.json()["status"], "completed");
    let audit = site.get("/api/v1/audit?kind=catalog-changed").await.json();
    assert_eq!(audit["items"][0]["reason"], "resume local: a drill");
}

#[tokio::test]
async fn a_target_is_switched_by_its_name() {
    let site = Site::open().await;
    site.post_yaml("/api/v1/apply", BANK).await;
    let target = "/api/v1/adapters/bank/targets/http%3A%2F%2F127.0.0.1%3A1%2Fb";
    let opened = switched(&site, &format!("{target}/open-breaker")).await;
    let targets = &opened["status"]["targets"];
    assert_eq!(
        (&targets[0]["breaker"], &targets[1]["breaker"]),
        (&json!("closed"), &json!("open"))
    );
    assert_eq!(targets[1]["switched"]["action"], "open-breaker");
    let reset = switched(&site, "/api/v1/adapters/bank/reset-breaker").await;
    assert_eq!(reset["status"]["targets"][1]["breaker"], "closed");
}

#[tokio::test]
async fn other_limits_hold_until_they_end() {
    let site = Site::open().await;
    site.post_yaml("/api/v1/apply", BANK).await;
    let patch = |body: &'static str| {
        let site = &site;
        async move {
            site.ask(
                "PATCH",
                "/api/v1/adapters/bank",
                &[("content-type", "application/json")],
                body,
            )
            .await
        }
    };
    let set = patch(r#"{"concurrency": 1, "rate": "5/m", "expires_in": "10m", "reason": "slow"}"#);
    let status = set.await.json()["status"].clone();
    assert_eq!(
        (&status["concurrency"], &status["rate"]),
        (&json!(1), &json!("5/m"))
    );
    assert_eq!(status["overridden"]["reason"], "slow");
    let back = patch(r#"{"reason": "over"}"#).await.json()["status"].clone();
    assert_eq!(
        (&back["concurrency"], &back["overridden"]),
        (&json!(5), &Value::Null)
    );
    for (body, says) in [
        (r#"{"concurrency": 1, "reason": "x"}"#, "/expires_in"),
        (r#"{"concurrency": 0, "reason": "x"}"#, "/concurrency"),
        (
            r#"{"rate": "fast", "expires_in": "1m", "reason": "x"}"#,
            "/rate",
        ),
        (r#"{"burst": 3, "reason": "x"}"#, "/burst"),
        (
            r#"{"rate": "1/s", "expires_in": "1y", "reason": "x"}"#,
            "/expires_in",
        ),
        (r#"{"rate": "1/s", "expires_in": "1m"}"#, "/reason"),
    ] {
        let refused = patch(body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (400, "ORC-0107")
        );
        assert!(refused.text.contains(says), "{body}: {}", refused.text);
    }
}

#[tokio::test]
async fn mistakes_say_how_to_mend_them() {
    let site = Site::open().await;
    let body = r#"{"reason": "x"}"#;
    for (path, status, says) in [
        ("/api/v1/adapters/lokal/pause", 404, "did you mean local?"),
        (
            "/api/v1/adapters/local/targets/a/pause",
            404,
            "there are default",
        ),
        ("/api/v1/adapters/local/pauze", 404, "did you mean pause?"),
    ] {
        let refused = site.post(path, body).await;
        assert_eq!(refused.status, status, "{path}");
        assert!(refused.text.contains(says), "{path}: {}", refused.text);
    }
    let without = site.post(&format!("{PATH}/pause"), "{}").await;
    assert_eq!(without.status, 400, "{}", without.text);
}
