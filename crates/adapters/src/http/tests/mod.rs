//! Tests against real servers on free ports.

mod auth;
mod conformance;
mod documentation;
mod outbound;
mod outcomes;
mod requests;
mod secrets;
mod settings;
mod targets;
mod tls;
mod wire;

use std::sync::{Arc, Mutex};

use adapter::conformance::example_call;
use adapter::{
    Adapter, BuildContext, Call, Failure, OutboundPolicy, Outcome, Secrets, StaticSecrets,
};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Clone, Debug)]
struct Arrived {
    method: String,
    /// Path and query.
    path: String,
    headers: http::HeaderMap,
    body: String,
    version: http::Version,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// What a service does with a request.
enum Reply {
    Answer(Response),
    Hang,
}

fn answer(status: u16, body: impl Into<Body>) -> Reply {
    answer_with(status, &[("content-type", "application/json")], body)
}

fn answer_with(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Reply::Answer(response.body(body.into()).unwrap())
}

type Behaviour = dyn Fn(&Arrived) -> Reply + Send + Sync;

#[derive(Clone)]
struct Shared {
    behaviour: Arc<Behaviour>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

/// A service on a free port; it ends with the test.
struct Service {
    url: String,
    shared: Shared,
    task: JoinHandle<()>,
}

impl Service {
    async fn start(behaviour: impl Fn(&Arrived) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Shared {
            behaviour: Arc::new(behaviour),
            arrived: Arc::default(),
        };
        let router = axum::Router::new()
            .fallback(serve)
            .with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, task }
    }

    /// What has arrived since the last question.
    fn arrived(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.shared.arrived.lock().unwrap())
    }

    fn only(&self) -> Arrived {
        let mut arrived = self.arrived();
        assert_eq!(arrived.len(), 1, "{arrived:?}");
        arrived.remove(0)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 64 * 1024 * 1024).await.unwrap();
    let arrived = Arrived {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().unwrap().to_string(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
        version: parts.version,
    };
    let reply = (shared.behaviour)(&arrived);
    shared.arrived.lock().unwrap().push(arrived);
    match reply {
        Reply::Answer(response) => response,
        Reply::Hang => std::future::pending().await,
    }
}

/// A service that answers `{"ok": true}`.
async fn fine() -> Service {
    Service::start(|_| answer(200, r#"{"ok":true}"#)).await
}

/// An address at which nobody listens, and nobody else can while this is held.
struct Nobody {
    url: String,
    _socket: TcpSocket,
}

fn nobody() -> Nobody {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    Nobody {
        url: format!("http://{}", socket.local_addr().unwrap()),
        _socket: socket,
    }
}

fn local() -> OutboundPolicy {
    OutboundPolicy {
        server_is_loopback: true,
        allow: Vec::new(),
    }
}

fn secrets() -> StaticSecrets {
    StaticSecrets::new([
        ("token", "token-value-1"),
        ("short", "abc"),
        (
            adapter::conformance::SECRET_NAME,
            adapter::conformance::SECRET_VALUE,
        ),
    ])
}

fn context() -> BuildContext {
    context_with(secrets())
}

fn context_with(secrets: impl Secrets + 'static) -> BuildContext {
    BuildContext {
        secrets: Arc::new(secrets),
        env: Arc::new(json!({"host": "127.0.0.1"})),
        outbound: local(),
    }
}

/// An adapter of kind `http` with these settings besides its type.
fn build(settings: &Value) -> Arc<dyn Adapter> {
    build_in(settings, context())
}

fn build_in(settings: &Value, context: BuildContext) -> Arc<dyn Adapter> {
    let mut settings = settings.clone();
    settings["type"] = "http".into();
    let built = crate::registry().build("tested", &settings, context);
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn call(action: Option<&str>, input: &Value) -> Call {
    example_call(action.map(Into::into), input)
}

fn output(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Success(success) => serde_json::from_slice(&success.output).unwrap(),
        other => panic!("expected a success, but got {other:?}"),
    }
}

fn failure(outcome: &Outcome) -> &Failure {
    let failure = outcome.failure();
    failure.unwrap_or_else(|| panic!("expected a failure, but got {outcome:?}"))
}
