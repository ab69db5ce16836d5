//! Starting instances.

use runtime::Bounds;

use crate::site::{DEFINITIONS, Site};

const PATH: &str = "/api/v1/workflows";
const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_start_names_the_instance() {
    let site = Site::open().await;
    let headers = [JSON, ("x-correlation-id", "mine-7")];
    let body = r#"{"workflow": "greet", "input": {"name": "Ada"}, "attributes": {"tier": "vip"}}"#;
    let answer = site.ask("POST", PATH, &headers, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let started = answer.json();
    assert_eq!(
        answer.header("location"),
        format!("{PATH}/{}", started["id"].as_str().unwrap())
    );
    assert_eq!(answer.header("x-correlation-id"), "mine-7");
    assert_eq!(started["correlation_id"], "mine-7");
    assert_eq!(
        (&started["workflow"], &started["version"]),
        (&"greet".into(), &"1.0.0".into())
    );
    assert_eq!(started["subject"], "Ada");
    assert!(started["created_at"].as_str().unwrap().ends_with('Z'));

    let shown = site.get(answer.header("location")).await.json();
    assert_eq!(shown["attributes"]["tier"], "vip");
    assert_eq!(shown["attributes"]["region"], "EU");
}

#[tokio::test]
async fn waiting_answers_with_the_whole_instance() {
    let site = Site::open().await;
    let ended = site
        .complete("greet", r#"{"name": "Ada", "secret": "4111"}"#)
        .await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(ended["output"], serde_json::json!({"hello": "Ada"}));
    assert_eq!(
        ended["input"],
        serde_json::json!({"name": "Ada", "secret": "***"})
    );
    assert_eq!(ended["steps"][0]["id"], "say");

    let open = site
        .post("/api/v1/workflows?wait=10ms", r#"{"workflow": "sleep"}"#)
        .await
        .json();
    assert_eq!(open["status"], "waiting");
    assert_eq!(open["waiting_for"][0]["kind"], "timer");
}

#[tokio::test]
async fn the_same_key_starts_once() {
    let site = Site::open().await;
    let headers = [JSON, ("idempotency-key", "k-1")];
    let body = r#"{"workflow": "greet", "input": {"name": "Ada"}}"#;
    let first = site.ask("POST", PATH, &headers, body).await;
    assert_eq!(
        (first.status.as_u16(), first.header("idempotent-replayed")),
        (201, "")
    );
    let again = site.ask("POST", PATH, &headers, body).await;
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replayed")),
        (201, "true")
    );
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(
        first.json()["correlation_id"],
        again.header("x-correlation-id")
    );

    let other = site
        .ask(
            "POST",
            PATH,
            &headers,
            r#"{"workflow": "greet", "input": {"name": "Bob"}}"#,
        )
        .await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (422, "ORC-0405")
    );
    // A refusal is not kept.
    let headers = [JSON, ("idempotency-key", "k-2")];
    assert_eq!(
        site.ask(
            "POST",
            PATH,
            &headers,
            r#"{"workflow": "greet", "input": {}}"#
        )
        .await
        .status,
        422
    );
    assert_eq!(site.ask("POST", PATH, &headers, body).await.status, 201);
}

#[tokio::test]
async fn items_of_a_batch_are_taken_or_refused_by_themselves() {
    let site = Site::open().await;
    let good = r#"{"workflow": "greet", "input": {"name": "Ada"}}"#;
    let body =
        format!(r#"{{"items": [{good}, {{"workflow": "nope"}}, {{"wrokflow": 1}}, {good}]}}"#);
    let headers = [JSON, ("idempotency-key", "b-1")];
    let path = "/api/v1/workflows/batch";
    let answer = site.ask("POST", path, &headers, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(
        (&answer["accepted"], &answer["refused"]),
        (&2.into(), &2.into())
    );
    assert_eq!(answer["items"][1]["error"]["code"], "ORC-0302");
    assert_eq!(answer["items"][2]["error"]["code"], "ORC-0107");

    let again = site.ask("POST", path, &headers, &body).await.json();
    assert_eq!(again["items"][3]["replayed"], true);
    assert_eq!(again["items"][3]["id"], answer["items"][3]["id"]);

    let none = site
        .post(path, r#"{"items": [{"workflow": "nope"}]}"#)
        .await;
    assert_eq!(
        (none.status.as_u16(), none.code().as_str()),
        (400, "ORC-0115")
    );
}

#[tokio::test]
async fn a_batch_that_waits_says_how_each_item_stands() {
    let site = Site::open().await;
    let (ends, sleeps) = (
        r#"{"workflow": "greet", "input": {"name": "Ada"}}"#,
        r#"{"workflow": "sleep"}"#,
    );
    let status =
        |answer: &serde_json::Value, index: usize| answer["items"][index]["status"].clone();
    let path = "/api/v1/workflows/batch?wait=1m";
    let body = format!(r#"{{"items": [{ends}, {{"workflow": "nope"}}, {ends}]}}"#);
    let headers = [JSON, ("idempotency-key", "w-1")];
    for replayed in [false, true] {
        let answer = site.ask("POST", path, &headers, &body).await.json();
        assert_eq!(answer["items"][0]["replayed"] == true, replayed);
        assert_eq!(
            (status(&answer, 0), status(&answer, 2)),
            ("completed".into(), "completed".into())
        );
        assert_eq!(status(&answer, 1), serde_json::Value::Null);
    }
    let body = format!(r#"{{"items": [{ends}, {sleeps}]}}"#);
    let answer = site
        .post("/api/v1/workflows/batch?wait=10ms", &body)
        .await
        .json();
    assert_eq!(status(&answer, 1), "waiting");
    let wrong = site.post("/api/v1/workflows/batch?wait=6m", &body).await;
    assert_eq!(wrong.status, 400, "{}", wrong.text);
}

#[tokio::test]
async fn a_cancelled_instance_ends_cancelled() {
    let site = Site::open().await;
    let id = site.start("sleep", "null").await;
    let path = format!("{PATH}/{id}/cancel");
    let stale = [JSON, ("if-match", "\"0\"")];
    assert_eq!(
        site.ask("POST", &path, &stale, "{}").await.code(),
        "ORC-0113"
    );
    let answer = site.post(&path, r#"{"reason": "no need"}"#).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json()["status"], "cancelled");
    let again = site.ask("POST", &path, &[], "").await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (409, "ORC-0401")
    );
}

#[tokio::test]
async fn a_cancel_sent_again_is_answered_as_the_first_was() {
    let site = Site::open().await;
    let id = site.start("sleep", "null").await;
    let path = format!("{PATH}/{id}/cancel");
    let headers = [JSON, ("idempotency-key", "c-1")];
    let body = r#"{"reason": "no need"}"#;
    let first = site.ask("POST", &path, &headers, body).await;
    let again = site.ask("POST", &path, &headers, body).await;
    assert_eq!(
        (first.status.as_u16(), first.header("idempotent-replayed")),
        (202, "")
    );
    assert_eq!(
        (again.status.as_u16(), again.header("idempotent-replayed")),
        (202, "true")
    );
    let other = site
        .ask("POST", &path, &headers, r#"{"reason": "other"}"#)
        .await;
    assert_eq!(other.status, 409);
}

#[tokio::test]
async fn a_full_door_says_when_to_come_again() {
    let bounds = Bounds {
        door_commands: 0,
        ..Bounds::default()
    };
    let site = Site::bounded(vec![], &[], bounds).await;
    assert_eq!(
        site.post_yaml("/api/v1/apply", DEFINITIONS).await.status,
        200
    );
    let answer = site.post(PATH, r#"{"workflow": "sleep"}"#).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (429, "ORC-0501")
    );
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    let path = "/api/v1/workflows/batch";
    let answer = site
        .post(path, r#"{"items": [{"workflow": "sleep"}]}"#)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (429, "ORC-0501")
    );
}

/// Nothing is spent on what is refused anyway, least of all while there is too much to do.
#[tokio::test]
async fn what_finds_the_state_too_far_behind_is_refused_unread() {
    let bounds = Bounds {
        projection_lag_bytes: 64 << 10,
        projection_gather_ms: 600_000,
        ..Bounds::default()
    };
    let site = Site::bounded(vec![], &[], bounds).await;
    let event = format!(r#"{{"note": "{}"}}"#, "x".repeat(30_000));
    let mut taken = 0;
    while site.post("/api/v1/events", &event).await.status == 202 {
        taken += 1;
        assert!(taken < 100, "the state is never too far behind");
    }
    assert!(taken > 0);
    for path in [PATH, "/api/v1/workflows/batch", "/api/v1/events"] {
        let answer = site.post(path, "no JSON").await;
        let got = (answer.status.as_u16(), answer.code());
        assert_eq!(got, (429, "ORC-0501".to_owned()), "{path}");
    }
    // Who reads has what is gathered written at once.
    assert_eq!(site.get("/api/v1/events").await.status, 200);
    assert_eq!(site.post(PATH, "no JSON").await.status, 400);
}
