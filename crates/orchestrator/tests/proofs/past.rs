//! Acts on the past, on real services that count and whatever is killed meanwhile: a failed workflow goes on, one goes
//! back and one moves to another version, and nothing is done twice without need.

use std::collections::BTreeSet;
use std::time::Duration;

use playground::{Playground, PlaygroundOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::stage::{Server, until};

/// How long a slow service takes, so that its call is under way when the server is killed.
const SLOW_MS: u64 = 1_500;
/// How long anything may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Instances that move to another version.
const MOVING: usize = 20;

struct Scene {
    server: Server,
    playground: Playground,
    client: reqwest::Client,
    _dir: TempDir,
}

impl Scene {
    async fn set() -> Self {
        let dir = TempDir::new().unwrap();
        let options = PlaygroundOptions::on_free_ports(dir.path().join("playground"));
        let playground = Playground::start(options).await.unwrap();
        let (data, logs) = (dir.path().join("data"), dir.path().join("logs"));
        let server = Server::serve(&data, &logs, &[]).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let scene = Self {
            server,
            playground,
            client,
            _dir: dir,
        };
        scene.server.apply(&scene.adapters()).await;
        scene
    }

    fn adapters(&self) -> String {
        let url = |service| self.playground.url(service).unwrap();
        format!(
            r#"
adapters:
  - name: billing
    type: http
    url: {}
    timeout: 10s
    default-action: open
    actions:
      open: {{ method: POST, path: /accounts }}
      close: {{ method: DELETE, path: "/accounts/${{ call.output.id }}" }}
  - name: chat
    type: http
    url: {}
    timeout: 10s
    default-action: say
    actions: {{ say: {{ method: POST, path: /messages }} }}
"#,
            url("billing"),
            url("chat")
        )
    }

    async fn switch(&self, service: &str, switch: Value) {
        let url = format!("{}/_switch", self.playground.url(service).unwrap());
        let answer = self.client.put(url).json(&switch).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// The calls that a service got, as method and the end of the idempotency key.
    async fn calls(&self, service: &str) -> Vec<String> {
        let url = format!("{}/_calls", self.playground.url(service).unwrap());
        let answer = self.client.get(url).send().await.unwrap();
        let page: Value = answer.json().await.unwrap();
        let items = page["items"].as_array().unwrap().iter();
        let short = |call: &Value| {
            let key = call["idempotency_key"].as_str().unwrap();
            format!(
                "{} {}",
                call["method"].as_str().unwrap(),
                key.split_once('/').unwrap().1
            )
        };
        items.map(short).collect()
    }

    async fn submit(&self, workflow: &str) -> String {
        let body = json!({ "workflow": workflow, "version": "1.0.0", "input": { "name": "Ada" } });
        let answer = self.post("/api/v1/workflows", &body).await;
        assert_eq!(answer.0, 201, "{}", answer.1);
        answer.1["id"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let sent = self.server.try_send(self.server.post(path, body)).await;
        let answer = sent.unwrap();
        (answer.status, answer.body)
    }

    async fn act(&self, id: &str, verb: &str, body: Value) -> (u16, Value) {
        self.post(&format!("/api/v1/workflows/{id}/{verb}"), &body)
            .await
    }

    async fn kill_and_start_again(&mut self) {
        self.server.kill();
        self.server.start_again().await;
    }

    async fn until_at(&self, id: &str, step: &str) -> Value {
        let path = format!("/api/v1/workflows/{id}");
        until("the instance to wait there", WITHIN, async || {
            let shown = self.server.get(&path).await;
            (shown["waiting_for"][0]["step"] == step).then_some(shown)
        })
        .await
    }

    async fn seq_of(&self, id: &str, kind: &str, step: &str) -> u64 {
        let path = format!("/api/v1/workflows/{id}/history?type={kind}&step={step}");
        let page = self.server.get(&path).await;
        page["items"][0]["seq"].as_u64().unwrap()
    }
}

fn steps(list: &Value) -> Vec<String> {
    let steps = list.as_array().unwrap().iter();
    steps
        .map(|step| {
            format!(
                "{} {}",
                step["step"].as_str().unwrap(),
                step["why"].as_str().unwrap()
            )
        })
        .collect()
}

const TELLS: &str = r#"
workflow:
  name: tells
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: account, adapter: billing, compensation: close }
    - { id: tell, adapter: chat, retry: none, input: { text: "${ steps.account.output.id }" } }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_workflow_goes_on_when_the_chat_is_back() {
    let mut scene = Scene::set().await;
    scene.server.apply(TELLS).await;
    scene
        .switch("chat", json!({ "mode": "failing", "status": 503 }))
        .await;
    let id = scene.submit("tells").await;
    scene.server.until_status(&id, "compensated").await;
    scene.switch("chat", json!({ "mode": "ok" })).await;

    let (status, outlook) = scene.act(&id, "retry", json!({ "dry_run": true })).await;
    assert_eq!(status, 200, "{outlook}");
    assert_eq!(steps(&outlook["again"]), ["account undone", "tell failed"]);
    scene.kill_and_start_again().await;
    let (status, said) = scene
        .act(&id, "retry", json!({ "reason": "chat is back" }))
        .await;
    assert_eq!(status, 202, "{said}");
    scene.kill_and_start_again().await;

    let ended = scene.server.until_status(&id, "completed").await;
    assert_eq!(ended["generation"], 2);
    let billing: BTreeSet<String> = scene.calls("billing").await.into_iter().collect();
    let expected = [
        "DELETE account/1/compensate",
        "POST account/1",
        "POST account/2",
    ];
    assert_eq!(billing, expected.map(String::from).into());
    let listed = scene.server.get("/api/v1/workflows").await;
    assert_eq!(
        listed["items"].as_array().unwrap().len(),
        1,
        "it is listed once"
    );
    assert_eq!(scene.server.count("completed").await, 1);
    assert_eq!(scene.server.count("compensated").await, 0);
    let (status, said) = scene.act(&id, "retry", json!({})).await;
    assert_eq!((status, &said["code"]), (409, &json!("ORC-0406")), "{said}");

    // Once more from the last step on: billing is left alone.
    let from = json!({ "from": "tell" });
    let dry = json!({ "from": "tell", "dry_run": true });
    let (_, outlook) = scene.act(&id, "replay", dry).await;
    assert_eq!(outlook["taken"], json!(["account"]));
    assert_eq!(steps(&outlook["again"]), ["tell completed"]);
    let (status, started) = scene.act(&id, "replay", from).await;
    assert_eq!(status, 201, "{started}");
    let again = started["id"].as_str().unwrap();
    let again = scene.server.until_status(again, "completed").await;
    assert_eq!(again["steps"][0]["output"], ended["steps"][0]["output"]);
    let billing: BTreeSet<String> = scene.calls("billing").await.into_iter().collect();
    assert_eq!(billing, expected.map(String::from).into());
    let (status, said) = scene.act(&id, "replay", json!({ "from": "nowhere" })).await;
    assert_eq!((status, &said["code"]), (404, &json!("ORC-0303")), "{said}");
}

const WAITS: &str = r#"
workflow:
  name: waits
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: account, adapter: billing, compensation: close }
    - { id: tell, adapter: chat }
    - { id: go, wait: { signal: go } }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_undoes_what_was_done_since_and_begins_anew() {
    let mut scene = Scene::set().await;
    scene.server.apply(WAITS).await;
    let id = scene.submit("waits").await;
    scene.until_at(&id, "go").await;
    let began = scene.seq_of(&id, "step-scheduled", "account").await;

    let dry = json!({ "seq": began, "dry_run": true });
    let (status, outlook) = scene.act(&id, "restore", dry).await;
    assert_eq!(status, 200, "{outlook}");
    let since = outlook["since"].as_array().unwrap();
    let since: Vec<&str> = since
        .iter()
        .map(|effect| effect["calls"].as_str().unwrap())
        .collect();
    assert_eq!(since, ["billing", "chat"]);
    for (body, code) in [
        (json!({ "seq": 999 }), "ORC-0308"),
        (json!({ "at": "2001-01-01T00:00:00Z" }), "ORC-0308"),
    ] {
        let (_, said) = scene.act(&id, "restore", body).await;
        assert_eq!(said["code"], code, "{said}");
    }

    scene
        .switch("billing", json!({ "mode": "slow", "delay_ms": SLOW_MS }))
        .await;
    let order = json!({ "seq": began, "compensate": true, "reason": "a wrong account" });
    let (status, said) = scene.act(&id, "restore", order).await;
    assert_eq!(status, 202, "{said}");
    // The account is being closed.
    scene.kill_and_start_again().await;
    scene.switch("billing", json!({ "mode": "ok" })).await;

    let kinds = format!("/api/v1/workflows/{id}/history?type=instance-restored");
    until("it to be as it was", WITHIN, async || {
        let page = scene.server.get(&kinds).await;
        (!page["items"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;
    scene.kill_and_start_again().await;
    let shown = scene.until_at(&id, "go").await;
    assert_eq!(shown["generation"], 2);
    let billing: BTreeSet<String> = scene.calls("billing").await.into_iter().collect();
    let expected = [
        "DELETE account/1/compensate",
        "POST account/1",
        "POST account/2",
    ];
    assert_eq!(billing, expected.map(String::from).into());
    let chat: BTreeSet<String> = scene.calls("chat").await.into_iter().collect();
    assert_eq!(
        chat,
        ["POST tell/1", "POST tell/2"].map(String::from).into()
    );

    let (status, said) = scene.act(&id, "signal", json!({ "name": "go" })).await;
    assert_eq!(status, 202, "{said}");
    scene.server.until_status(&id, "completed").await;
}

const LONGER: &str = r#"
workflow:
  name: waits
  version: 1.1.0
  timeout: 1h
  steps:
    - { id: account, adapter: billing, compensation: close }
    - { id: tell, adapter: chat }
    - { id: go, wait: { signal: go } }
    - { id: tell-again, adapter: chat }
---
workflow:
  name: waits
  version: 2.0.0
  timeout: 1h
  steps:
    - { id: check, adapter: billing }
    - { id: account, adapter: billing, compensation: close }
    - { id: go, wait: { signal: go } }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_move_to_another_version_over_a_kill_and_those_that_do_not_fit_stay() {
    let mut scene = Scene::set().await;
    scene.server.apply(WAITS).await;
    let mut ids = Vec::new();
    for _ in 0..MOVING {
        ids.push(scene.submit("waits").await);
    }
    for id in &ids {
        scene.until_at(id, "go").await;
    }
    scene.server.apply(LONGER).await;

    let dry = json!({ "version": "2.0.0", "dry_run": true });
    let (status, outlook) = scene.act(&ids[0], "migrate", dry).await;
    assert_eq!(
        (status, &outlook["fits"]),
        (200, &json!(false)),
        "{outlook}"
    );
    let (status, said) = scene
        .act(&ids[0], "migrate", json!({ "version": "2.0.0" }))
        .await;
    assert_eq!((status, &said["code"]), (409, &json!("ORC-0430")), "{said}");
    assert!(
        said["detail"].as_str().unwrap().contains("step tell"),
        "{said}"
    );
    assert_eq!(scene.until_at(&ids[0], "go").await["version"], "1.0.0");

    let to = json!({ "version": "1.1.0" });
    for id in &ids[..MOVING / 2] {
        let (status, said) = scene.act(id, "migrate", to.clone()).await;
        assert_eq!(status, 202, "{said}");
    }
    scene.kill_and_start_again().await;
    for id in &ids[MOVING / 2..] {
        let (status, said) = scene.act(id, "migrate", to.clone()).await;
        assert_eq!(status, 202, "{said}");
    }
    let (status, _) = scene.act(&ids[0], "migrate", to).await;
    assert_eq!(status, 409, "it is there already");
    for id in &ids {
        let (status, said) = scene.act(id, "signal", json!({ "name": "go" })).await;
        assert_eq!(status, 202, "{said}");
    }
    for id in &ids {
        let ended = scene.server.until_status(id, "completed").await;
        assert_eq!(ended["version"], "1.1.0");
        assert_eq!(ended["steps"][3]["status"], "completed");
    }
    let billing = scene.calls("billing").await;
    assert_eq!(billing.len(), MOVING, "{billing:?}");
    let again = scene.calls("chat").await;
    let again = again.iter().filter(|call| *call == "POST tell-again/1");
    assert_eq!(again.count(), MOVING);
}
