//! The playground as its users meet it: over HTTP, with a client that pools connections.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod examples;
mod index;
mod services;
mod switches;

use playground::{CallPage, Mode, Playground, PlaygroundOptions, Switch};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A playground on free ports, and a client.
struct Ground {
    playground: Playground,
    client: Client,
    dir: TempDir,
}

impl Ground {
    async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let playground = Playground::start(PlaygroundOptions::on_free_ports(dir.path()))
            .await
            .unwrap();
        Self {
            playground,
            client: Client::builder().no_proxy().build().unwrap(),
            dir,
        }
    }

    fn request(&self, method: Method, service: &str, path: &str) -> RequestBuilder {
        let url = self.playground.url(service).unwrap();
        self.client.request(method, format!("{url}{path}"))
    }

    fn post(&self, service: &str, path: &str, key: &str, body: &Value) -> RequestBuilder {
        let request = self.request(Method::POST, service, path).json(body);
        request.header("Idempotency-Key", key)
    }

    async fn get(&self, service: &str, path: &str) -> Value {
        let answer = self
            .request(Method::GET, service, path)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{service}{path}");
        answer.json().await.unwrap()
    }

    async fn calls(&self, service: &str, query: &str) -> CallPage {
        let calls = self.get(service, &format!("/_calls{query}")).await;
        serde_json::from_value(calls).unwrap()
    }

    /// Turns a service's switch on the index, which answers whatever the service does.
    async fn turn(&self, service: &str, switch: &Switch) {
        let request = self.request(Method::PUT, "index", &format!("/{service}/_switch"));
        let answer = request.json(switch).send().await.unwrap();
        assert_eq!(
            answer.status(),
            StatusCode::OK,
            "{}",
            answer.text().await.unwrap()
        );
    }
}

/// Sends, and gives status and body.
async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dir = TempDir::new().unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = PlaygroundOptions {
        dir: dir.path().to_owned(),
        // The crm is the first after the index.
        first_port: port - 1,
    };
    let error = Playground::start(options).await.unwrap_err().to_string();
    assert!(
        error.contains(&port.to_string()) && error.contains("crm"),
        "{error}"
    );
}

#[tokio::test]
async fn after_shutdown_nothing_answers_and_the_accounts_are_still_there() {
    let ground = Ground::start().await;
    let ada = json!({ "name": "Ada", "email": "ada@example.org" });
    let (status, _) = answer(ground.post("billing", "/accounts", "k1", &ada)).await;
    assert_eq!(status, 201);
    let Ground {
        playground,
        client,
        dir,
    } = ground;
    let url = playground.url("billing").unwrap().to_owned();
    playground.shutdown().await;
    let error = client
        .get(format!("{url}/accounts"))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_connect(), "{error}");

    let playground = Playground::start(PlaygroundOptions::on_free_ports(dir.path()))
        .await
        .unwrap();
    let ground = Ground {
        playground,
        client,
        dir,
    };
    let (status, replayed) = answer(ground.post("billing", "/accounts", "k1", &ada)).await;
    assert_eq!((status, &replayed["id"]), (200, &json!("acc-000001")));
}

#[tokio::test]
async fn dropping_it_frees_the_ports() {
    let ground = Ground::start().await;
    let url = ground.playground.url("chat").unwrap().to_owned();
    drop(ground.playground);
    let refused = async {
        // Tasks end at their next turn, not within the drop.
        while ground
            .client
            .get(format!("{url}/healthz"))
            .send()
            .await
            .is_ok()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), refused)
        .await
        .unwrap();
}

#[test]
fn a_switch_in_a_mode_has_the_defaults() {
    let switch = Switch::to(Mode::Failing);
    assert_eq!(
        (switch.status, switch.times, switch.after_effect),
        (503, None, false)
    );
}
