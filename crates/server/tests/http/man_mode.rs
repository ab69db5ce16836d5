//! Approvals: who may answer, with what, how often, and by which links.

use std::time::Duration;

use axum::Router;
use axum::routing::post;
use serde_json::{Value, json};
use server::TokenSettings;
use tokio::sync::mpsc;

use crate::site::{Answer, Site};

const GATED: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: pay
  version: 1.0.0
  timeout: 1h
  output: "${ steps.pay.output }"
  steps:
    - id: pay
      adapter: local
      action: echo
      input: { amount: "${ input.amount }" }
      isolate: true
      man-mode:
        always: true
        approvers: [user:ann, role:finance]
        delegate: true
        form: { type: object, required: [amount], properties: { amount: { type: integer, maximum: 100 } } }
    - { id: log, adapter: local, action: echo, input: 1 }
---
workflow:
  name: two-of-them
  version: 1.0.0
  timeout: 1h
  output: "${ steps.ask.output }"
  steps: [{ id: ask, decision: { prompt: "fine?", quorum: 2, comment: required } }]
---
workflow:
  name: hurry
  version: 1.0.0
  timeout: 1h
  output: "${ steps.ask.output.outcome }"
  steps: [{ id: ask, decision: { prompt: "quick?", timeout: 50ms } }]
"#;

async fn site() -> Site {
    let tokens = vec![
        TokenSettings::of_token("ann", &["operator"], "ann"),
        TokenSettings::of_token("bob", &["operator", "finance"], "bob"),
        TokenSettings::of_token("fay", &["finance"], "fay"),
        TokenSettings::of_token("root", &["admin"], "root"),
    ];
    let site = Site::with(tokens, &[]).await;
    let applied = site
        .ask(
            "POST",
            "/api/v1/apply",
            &[
                ("content-type", "application/yaml"),
                ("authorization", "Bearer root"),
            ],
            GATED,
        )
        .await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    site
}

async fn send(site: &Site, token: &str, method: &str, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    site.ask(method, path, &headers, body).await
}

/// Starts a workflow and answers its id and the path of the decision that it asks for.
async fn asked(site: &Site, workflow: &str, input: Value) -> (String, String) {
    let body = json!({ "workflow": workflow, "input": input }).to_string();
    let started = send(site, "root", "POST", "/api/v1/workflows", &body).await;
    assert_eq!(started.status, 201, "{}", started.text);
    let id = started.json()["id"].as_str().unwrap().to_owned();
    for _ in 0..200 {
        let list = "/api/v1/decisions?status=pending";
        let list = send(site, "root", "GET", list, "").await.json();
        let items = list["items"].as_array().unwrap();
        if let Some(found) = items.iter().find(|item| item["workflow_id"] == id) {
            let decision = found["id"].as_str().unwrap();
            return (id, format!("/api/v1/decisions/{decision}"));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("expected {workflow} to ask");
}

async fn ended(site: &Site, id: &str) -> Value {
    site.runtime
        .wait_ended(id.parse().unwrap(), 20_000)
        .await
        .unwrap();
    let path = format!("/api/v1/workflows/{id}");
    send(site, "root", "GET", &path, "").await.json()
}

fn check(answer: &Answer, status: u16, code: &str) {
    let found = (answer.status.as_u16(), answer.code());
    assert_eq!(found, (status, code.to_owned()), "{}", answer.text);
}

#[tokio::test]
async fn who_is_no_approver_is_refused_and_nothing_changes() {
    let site = site().await;
    let (id, path) = asked(&site, "pay", json!({ "amount": 7 })).await;
    let shown = send(&site, "root", "GET", &path, "").await.json();
    assert_eq!(
        (&shown["kind"], &shown["data"], &shown["choices"]),
        (
            &json!("approval"),
            &json!({ "amount": 7 }),
            &json!(["approve", "amend", "reject"])
        )
    );
    let approve = format!("{path}/approve");
    check(
        &send(&site, "root", "POST", &approve, "").await,
        403,
        "ORC-0420",
    );
    let again = send(&site, "root", "GET", &path, "").await.json();
    assert_eq!(again, shown);
    // A named role is enough, also without the permission to decide.
    let answer = send(&site, "fay", "POST", &approve, r#"{"comment": "ok"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(ended(&site, &id).await["output"], json!({ "amount": 7 }));
    let second = send(&site, "ann", "POST", &format!("{path}/reject"), "").await;
    check(&second, 409, "ORC-0402");
    assert_eq!(second.json()["standing"]["by"], "fay");
}

#[tokio::test]
async fn an_amended_input_fits_the_form_and_runs() {
    let site = site().await;
    let (id, path) = asked(&site, "pay", json!({ "amount": 700 })).await;
    let amend = format!("{path}/amend");
    let wrong = send(&site, "ann", "POST", &amend, r#"{"data": {"amount": 101}}"#).await;
    check(&wrong, 422, "ORC-0425");
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/amount");
    let right = send(&site, "ann", "POST", &amend, r#"{"data": {"amount": 100}}"#).await;
    assert_eq!(
        right.json()["answers"][0]["choice"],
        "amend",
        "{}",
        right.text
    );
    assert_eq!(ended(&site, &id).await["output"], json!({ "amount": 100 }));
}

#[tokio::test]
async fn what_does_not_depend_on_it_has_finished_while_it_waits() {
    let site = site().await;
    let (id, path) = asked(&site, "pay", json!({ "amount": 1 })).await;
    let instance = format!("/api/v1/workflows/{id}");
    let mut shown = Value::Null;
    for _ in 0..200 {
        shown = send(&site, "root", "GET", &instance, "").await.json();
        if shown["steps"][1]["status"] == "completed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let words = [&shown["status"], &shown["steps"][0]["status"]];
    assert_eq!(words, ["waiting", "waiting"], "{shown}");
    assert_eq!(shown["steps"][1]["status"], "completed", "{shown}");
    assert_eq!(shown["waiting_for"][0]["kind"], "decision");
    let answer = send(&site, "ann", "POST", &format!("{path}/reject"), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        ended(&site, &id).await["error"]["type"],
        "decision.rejected"
    );
}

#[tokio::test]
async fn two_people_have_to_agree_and_comment() {
    let site = site().await;
    let (id, path) = asked(&site, "two-of-them", json!({})).await;
    let approve = format!("{path}/approve");
    let silent = send(&site, "ann", "POST", &approve, "").await;
    check(&silent, 422, "ORC-0424");
    let first = r#"{"comment": "yes", "data": {"n": 1}}"#;
    let first = send(&site, "ann", "POST", &approve, first).await;
    assert_eq!(first.json()["status"], "pending", "{}", first.text);
    let twice = send(&site, "ann", "POST", &approve, r#"{"comment": "yes!"}"#).await;
    check(&twice, 409, "ORC-0422");
    let other = r#"{"comment": "no", "data": {"n": 2}}"#;
    let other = send(&site, "bob", "POST", &approve, other).await;
    check(&other, 422, "ORC-0425");
    let second = send(&site, "bob", "POST", &approve, r#"{"comment": "me too"}"#).await;
    assert_eq!(second.json()["status"], "answered", "{}", second.text);
    let output = ended(&site, &id).await["output"].clone();
    assert_eq!(
        (&output["outcome"], &output["data"], &output["by"]),
        (&json!("approved"), &json!({ "n": 1 }), &json!("bob"))
    );
    let answers = send(&site, "root", "GET", &path, "").await.json()["answers"].clone();
    assert_eq!(answers.as_array().unwrap().len(), 2, "{answers}");
}

#[tokio::test]
async fn a_decision_is_handed_on_and_answered_after_its_time_is_refused() {
    let site = site().await;
    let (id, path) = asked(&site, "pay", json!({ "amount": 1 })).await;
    let delegate = format!("{path}/delegate");
    let to = r#"{"to": "user:root", "comment": "away"}"#;
    check(
        &send(&site, "root", "POST", &delegate, to).await,
        403,
        "ORC-0420",
    );
    let handed = send(&site, "ann", "POST", &delegate, to).await;
    assert_eq!(
        handed.json()["delegations"][0]["by"],
        "ann",
        "{}",
        handed.text
    );
    let approve = format!("{path}/approve");
    check(
        &send(&site, "ann", "POST", &approve, "").await,
        403,
        "ORC-0420",
    );
    assert_eq!(send(&site, "root", "POST", &approve, "").await.status, 200);
    ended(&site, &id).await;

    let (id, path) = asked(&site, "hurry", json!({})).await;
    assert_eq!(ended(&site, &id).await["output"], "expired");
    let late = send(&site, "root", "POST", &format!("{path}/approve"), "").await;
    check(&late, 409, "ORC-0423");
}

#[tokio::test]
async fn many_are_answered_at_once() {
    let site = site().await;
    let mut ids = Vec::new();
    for amount in 0..3 {
        ids.push(asked(&site, "pay", json!({ "amount": amount })).await.0);
    }
    asked(&site, "two-of-them", json!({})).await;
    let bulk = "/api/v1/decisions/answers";
    let all = json!({ "action": "approve", "filter": { "workflow": "pay" } });
    let mut dry = all.clone();
    dry["dry_run"] = json!(true);
    let counted = send(&site, "ann", "POST", bulk, &dry.to_string())
        .await
        .json();
    assert_eq!(
        (&counted["count"], &counted["answered"]),
        (&json!(3), &json!(0))
    );
    let mut wrong = all.clone();
    wrong["expect_count"] = json!(2);
    check(
        &send(&site, "ann", "POST", bulk, &wrong.to_string()).await,
        409,
        "ORC-0427",
    );
    let refused = send(&site, "root", "POST", bulk, &all.to_string())
        .await
        .json();
    assert_eq!(refused["answered"], 0, "{refused}");
    assert_eq!(
        refused["items"][0]["error"]["code"], "ORC-0420",
        "{refused}"
    );
    let done = send(&site, "ann", "POST", bulk, &all.to_string())
        .await
        .json();
    assert_eq!(done["answered"], 3, "{done}");
    for id in ids {
        assert_eq!(ended(&site, &id).await["status"], "completed");
    }
}

/// A chat that keeps what it is told.
async fn chat() -> (String, mpsc::UnboundedReceiver<Value>) {
    let (tell, told) = mpsc::unbounded_channel();
    let take = move |body: axum::Json<Value>| {
        tell.send(body.0).unwrap();
        async { axum::Json(json!({})) }
    };
    let router = Router::new().route("/", post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, told)
}

#[tokio::test]
async fn a_link_works_once_and_stands_in_no_record() {
    let site = site().await;
    let (url, mut told) = chat().await;
    let set = format!(
        "adapters: [{{ name: chat, type: http, url: \"{url}\" }}]\n---\n{}",
        r#"
workflow:
  name: told
  version: 1.0.0
  timeout: 1h
  output: "${ steps.ask.output.by }"
  steps:
    - id: ask
      decision:
        prompt: "ok?"
        approvers: [user:nobody]
        notify: [{ adapter: chat, input: { text: "${ decision.prompt } ${ decision.approve-url }" } }]
"#
    );
    let headers = [
        ("content-type", "application/yaml"),
        ("authorization", "Bearer root"),
    ];
    let applied = site.ask("POST", "/api/v1/apply", &headers, &set).await;
    assert_eq!(applied.status, 200, "{}", applied.text);
    let (id, path) = asked(&site, "told", json!({})).await;
    let text = told.recv().await.unwrap()["text"]
        .as_str()
        .unwrap()
        .to_owned();
    let link = text.strip_prefix("ok? http://127.0.0.1:8080").unwrap();
    let token = link.rsplit('/').next().unwrap();

    let page = site.get(link).await;
    assert!(
        page.text.contains("<button>Approve</button>"),
        "{}",
        page.text
    );
    let history = format!("/api/v1/workflows/{id}/history");
    let history = send(&site, "root", "GET", &history, "").await.text;
    assert!(history.contains("notice-scheduled"), "{history}");
    assert!(!history.contains(token), "{history}");
    let pending = send(&site, "root", "GET", &path, "").await.json();
    assert_eq!(
        pending["status"], "pending",
        "looking at a link changes nothing"
    );

    let mut wrong = link.to_owned();
    wrong.pop();
    check(&site.ask("POST", &wrong, &[], "").await, 404, "ORC-0320");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let done = site.ask("POST", link, &form, "comment=all+well").await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(ended(&site, &id).await["output"], "link:1");
    check(&site.ask("POST", link, &[], "").await, 409, "ORC-0402");
    let answers = send(&site, "root", "GET", &path, "").await.json()["answers"].clone();
    assert_eq!(answers[0]["comment"], "all well");
}
