//! Callbacks: what is told, to whom, and what becomes of it.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};

use crate::site::{DEFINITIONS, Site};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PATIENCE: Duration = Duration::from_secs(30);

/// What arrived: headers and body.
type Told = (HeaderMap, String);

/// Somebody who is told, and answers with a status.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Receiver {
    async fn start() -> Self {
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let status = Arc::new(AtomicU16::new(200));
        let (keep, answer) = (Arc::clone(&told), Arc::clone(&status));
        let take = move |headers: HeaderMap, body: String| {
            keep.lock().unwrap().push((headers, body));
            let status = answer.load(Ordering::SeqCst);
            async move { StatusCode::from_u16(status).unwrap() }
        };
        let router = Router::new().route("/hook", post(take));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, status, told }
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn bodies(&self) -> Vec<Value> {
        let told = self.told.lock().unwrap();
        told.iter()
            .map(|(_, body)| serde_json::from_str(body).unwrap())
            .collect()
    }

    async fn until_told(&self, count: usize) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let bodies = self.bodies();
            if bodies.len() >= count {
                return bodies;
            }
            assert!(
                Instant::now() < until,
                "told of {} of {count}",
                bodies.len()
            );
            tokio::task::yield_now().await;
        }
    }
}

async fn site(callbacks: &str, receiver: &Receiver) -> Site {
    let site = Site::with(vec![], &[("ORCHESTRATOR_SECRET_CB", SECRET)]).await;
    site.apply(DEFINITIONS).await;
    site.apply(&callbacks.replace("URL", &receiver.url)).await;
    site
}

/// The deliveries once they are as they should be.
async fn until_deliveries(site: &Site, path: &str, fits: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let until = Instant::now() + PATIENCE;
    loop {
        let page = site.get(&format!("/api/v1/callbacks/{path}")).await.json();
        let items = page["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{page}"))
            .clone();
        if fits(&items) {
            return items;
        }
        assert!(Instant::now() < until, "{items:?}");
        tokio::task::yield_now().await;
    }
}

const SIGNED: &str = r#"
callbacks:
  - name: all
    event: workflow.*
    url: URL
    secret: "${ secrets.cb }"
    headers: { X-Team: ops }
  - { name: steps, event: step.completed, url: URL, workflow: sleep }
---
workflow:
  name: leak
  version: 1.0.0
  timeout: 1h
  input: { sensitive: [/card] }
  output: { paid: "${ input.card }", by: "${ input.name }" }
  steps: [{ id: say, adapter: local, action: echo }]
"#;

#[tokio::test]
async fn what_happens_is_told_signed_and_without_what_is_sensitive() {
    let receiver = Receiver::start().await;
    let site = site(SIGNED, &receiver).await;
    let ended = site
        .complete("leak", r#"{ "card": "4711-0815", "name": "Ada" }"#)
        .await;
    let id = ended["id"].as_str().unwrap();
    receiver.until_told(2).await;
    let deliveries = until_deliveries(&site, "all/deliveries?status=delivered", |found| {
        found.len() == 2
    })
    .await;
    let mut bodies = receiver.bodies();
    bodies.sort_by_key(|body| body["type"].as_str().unwrap().to_owned());
    let types: Vec<&Value> = bodies.iter().map(|body| &body["type"]).collect();
    assert_eq!(
        types,
        ["workflow.completed", "workflow.started"],
        "and none of deliveries"
    );
    let done = &bodies[0];
    assert_eq!(done["specversion"], "1.0");
    assert_eq!(done["source"], "/workflows/leak");
    assert_eq!(done["correlationid"], ended["correlation_id"]);
    let data = &done["data"];
    assert_eq!(
        (&data["workflow"], &data["id"], &data["status"]),
        (&json!("leak"), &json!(id), &json!("completed"))
    );
    assert_eq!(data["output"], json!({ "paid": "***", "by": "Ada" }));

    for (headers, body) in receiver.told.lock().unwrap().iter() {
        let header = |name: &str| headers[name].to_str().unwrap();
        let event: Value = serde_json::from_str(body).unwrap();
        assert_eq!(header("webhook-id"), event["id"]);
        assert!(header("webhook-id").starts_with(&format!("{id}/")));
        assert_eq!(header("content-type"), "application/cloudevents+json");
        assert_eq!(header("x-team"), "ops");
        let key = webhook::Key::standard(SECRET).unwrap();
        let at = header("webhook-timestamp").parse().unwrap();
        let expected = webhook::sign(&[key], header("webhook-id"), at, body.as_bytes());
        assert_eq!(header("webhook-signature"), expected);
    }
    assert_eq!(
        (&deliveries[0]["workflow_id"], &deliveries[0]["attempts"]),
        (&json!(id), &json!(1))
    );
    let list = site.get("/api/v1/callbacks").await.json();
    assert_eq!(list["items"][0]["name"], "all");
    assert_eq!(
        (&list["items"][0]["signed"], &list["items"][1]["signed"]),
        (&json!(true), &json!(false))
    );
    assert!(!list.to_string().contains("whsec"), "{list}");

    let path = format!(
        "/api/v1/correlations/{}",
        ended["correlation_id"].as_str().unwrap()
    );
    let graph = site.get(&format!("{path}?detail=workflows")).await.json();
    let edges = graph["edges"].as_array().unwrap();
    let told = edges
        .iter()
        .filter(|edge| edge["from"] == id && edge["kind"] == "told");
    assert_eq!(told.count(), 2, "{graph}");
}

const TRIED: &str = r#"
callbacks:
  - name: done
    event: workflow.completed
    url: URL
    workflow: greet
    when: event.output.hello != 'nobody'
    retry: { initial-interval: 10ms, max-interval: 20ms, max-attempts: 200 }
"#;

#[tokio::test]
async fn one_that_is_down_is_told_when_it_is_back_and_once_more_when_asked() {
    let receiver = Receiver::start().await;
    receiver.answers(404);
    let site = site(TRIED, &receiver).await;
    site.complete("greet", r#"{ "name": "nobody" }"#).await;
    site.complete("greet", r#"{ "name": "ada" }"#).await;
    receiver.until_told(2).await;
    let pending = until_deliveries(&site, "done/deliveries?status=pending", |found| {
        found.len() == 1 && !found[0]["last_error"].is_null()
    });
    assert_eq!(pending.await[0]["last_error"]["type"], "http.404");
    receiver.answers(200);
    let done = until_deliveries(&site, "done/deliveries?status=delivered", |found| {
        found.len() == 1
    })
    .await;
    assert!(done[0]["attempts"].as_u64().unwrap() >= 3, "{done:?}");
    let ids: Vec<String> = receiver
        .bodies()
        .iter()
        .map(|body| body["id"].to_string())
        .collect();
    assert!(
        ids.iter().all(|id| *id == ids[0]),
        "it is one event: {ids:?}"
    );

    let id = done[0]["id"].as_str().unwrap();
    let again = site
        .post(
            &format!("/api/v1/callbacks/done/deliveries/{id}/redeliver"),
            "",
        )
        .await;
    assert_eq!(again.status, 201, "{}", again.text);
    let both = until_deliveries(&site, "done/deliveries?status=delivered", |found| {
        found.len() == 2
    })
    .await;
    assert_eq!(both[0]["event_id"], both[1]["event_id"]);
    for path in ["nobody/deliveries", "done/deliveries?status=lost"] {
        let refused = site.get(&format!("/api/v1/callbacks/{path}")).await;
        assert!(refused.status.is_client_error(), "{path}: {}", refused.text);
    }
    let greeted = site.complete("greet", r#"{ "name": "nobody" }"#).await;
    let other = format!(
        "/api/v1/callbacks/done/deliveries/{}/redeliver",
        greeted["id"].as_str().unwrap()
    );
    assert_eq!(
        site.post(&other, "").await.code(),
        "ORC-0301",
        "that is no delivery"
    );
}

#[tokio::test]
async fn one_that_is_gone_leaves_a_dead_letter_that_can_be_delivered_after_all() {
    let receiver = Receiver::start().await;
    receiver.answers(410);
    let callbacks = "callbacks: [{ name: all, event: '*', url: URL, workflow: greet }]";
    let site = site(callbacks, &receiver).await;
    site.complete("greet", r#"{ "name": "ada" }"#).await;
    let failed = until_deliveries(&site, "all/deliveries?status=failed", |found| {
        found.len() == 4
    })
    .await;
    assert_eq!(failed[0]["last_error"]["type"], "http.410");
    let letters = site.get("/api/v1/dead-letters").await.json();
    let letters = letters["items"].as_array().unwrap();
    assert_eq!(
        letters.len(),
        4,
        "one each, and none of their own: {letters:?}"
    );
    receiver.answers(200);
    let told = receiver.bodies().len();
    let path = format!(
        "/api/v1/dead-letters/{}/reprocess",
        letters[0]["id"].as_str().unwrap()
    );
    let started = site.post(&path, "{}").await;
    assert!(started.status.is_success(), "{}", started.text);
    let bodies = receiver.until_told(told + 1).await;
    let first = &bodies[told]["id"];
    assert!(
        bodies[..told].iter().any(|body| body["id"] == *first),
        "the same event"
    );
}

const ORDERED: &str = r#"
callbacks:
  - name: steps
    event: step.completed
    url: URL
    ordered: true
    retry: { initial-interval: 10ms, max-interval: 20ms, max-attempts: 2000 }
"#;

#[tokio::test]
async fn in_order_means_that_one_waits_for_the_other() {
    let receiver = Receiver::start().await;
    receiver.answers(503);
    let site = site(ORDERED, &receiver).await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        let ended = site.complete("greet", r#"{ "name": "ada" }"#).await;
        let id = ended["id"].as_str().unwrap().to_owned();
        expected.extend([(id.clone(), "say".to_owned()), (id, "log".to_owned())]);
    }
    receiver.until_told(3).await;
    let first = receiver.bodies()[0]["id"].clone();
    assert!(
        receiver.bodies().iter().all(|body| body["id"] == first),
        "the others wait"
    );
    receiver.answers(200);
    until_deliveries(&site, "steps/deliveries?status=delivered", |found| {
        found.len() == 6
    })
    .await;
    let mut told: Vec<(String, String)> = Vec::new();
    for body in receiver.bodies() {
        let text = |pointer: &str| body.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let one = (text("/data/id"), text("/data/step/id"));
        if !told.contains(&one) {
            told.push(one);
        }
    }
    let of = |id: &str, told: &[(String, String)]| -> Vec<String> {
        told.iter()
            .filter(|(own, _)| own == id)
            .map(|(_, step)| step.clone())
            .collect()
    };
    for (id, _) in &expected {
        assert_eq!(
            of(id, &told),
            of(id, &expected),
            "in the order in which they happened"
        );
    }
}

const CHAIN: &str = r#"
workflow:
  name: bill
  version: 1.0.0
  timeout: 1h
  trigger: { type: workflow, name: greet }
  output: { was: "${ input.hello }", of: "${ event.workflow }", id: "${ event.id }" }
  steps: [{ id: say, adapter: local, action: echo }]
---
workflow:
  name: sorry
  version: 1.0.0
  timeout: 1h
  triggers: [{ type: workflow, name: refuse, on: [failed], condition: event.status == 'failed' }]
  output: "${ input.error.type }"
  steps: [{ id: say, adapter: local, action: echo }]
---
workflow:
  name: strict
  version: 1.0.0
  timeout: 1h
  input: { schema: { type: string } }
  trigger: { type: workflow, name: greet, on: completed }
  steps: [{ id: say, adapter: local, action: echo }]
"#;

async fn until_one(site: &Site, workflow: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let path = format!("/api/v1/workflows?workflow={workflow}&status=completed");
        let page = site.get(&path).await.json();
        if let [one] = page["items"].as_array().unwrap().as_slice() {
            let id = one["id"].as_str().unwrap();
            return site.get(&format!("/api/v1/workflows/{id}")).await.json();
        }
        assert!(Instant::now() < until, "{page}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_end_starts_what_waits_for_it() {
    let site = Site::open().await;
    site.apply(CHAIN).await;
    let greeted = site.complete("greet", r#"{ "name": "ada" }"#).await;
    let bill = until_one(&site, "bill").await;
    assert_eq!(
        bill["output"],
        json!({ "was": "ada", "of": "greet", "id": greeted["id"] })
    );
    assert_eq!(bill["correlation_id"], greeted["correlation_id"]);
    assert_eq!(bill["subject"], "ada");
    let path = format!(
        "/api/v1/correlations/{}",
        greeted["correlation_id"].as_str().unwrap()
    );
    let graph = site.get(&format!("{path}?detail=steps")).await.json();
    let edges = graph["edges"].as_array().unwrap();
    let led = edges
        .iter()
        .any(|edge| edge["from"] == greeted["id"] && edge["to"] == bill["id"]);
    assert!(led, "{graph}");

    let failed = site.start("refuse", "{}").await;
    site.until_status(&failed, "failed").await;
    assert_eq!(until_one(&site, "sorry").await["output"], "validation");

    let letters = site.get("/api/v1/dead-letters").await.json();
    let letters = letters["items"].as_array().unwrap();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(
        (&letters[0]["kind"], &letters[0]["workflow"]),
        (&json!("event"), &json!("strict"))
    );
}
