//! A server without a socket.

use std::sync::{Arc, Mutex};

use adapter::OutboundPolicy;
use api::Backup;
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use runtime::{Bounds, Config, LogFilter, Runtime, Surroundings, SystemClock};
use serde_json::Value;
use server::{
    ArchiveFigures, Copies, CopyError, Door, Flags, SecretSources, Settings, TokenSettings, router,
};
use store::MemoryStore;
use tokio::sync::watch;
use tower::ServiceExt;

/// What every test has applied.
pub const DEFINITIONS: &str = r#"
adapters: [{ name: local, type: builtin }]
---
workflow:
  name: greet
  version: 1.0.0
  timeout: 1h
  trigger: { type: webhook, source: door-bell, condition: event.ring == true, input: { name: "${ event.name }" } }
  input: { schema: { type: object, required: [name], properties: { name: { type: string } } }, sensitive: [/secret] }
  subject: "${ input.name }"
  attributes: { region: "${ has(input.region) ? input.region : 'EU' }" }
  output: "${ steps.say.output }"
  steps:
    - { id: say, adapter: local, action: echo, input: { hello: "${ input.name }" } }
    - { id: log, adapter: local, action: log, input: { message: done } }
---
workflow:
  name: sleep
  version: 1.0.0
  timeout: 1h
  steps: [{ id: nap, wait: { for: 30m } }]
---
workflow:
  name: blink
  version: 1.0.0
  timeout: 1h
  steps: [{ id: nap, wait: { for: 1ms } }]
---
workflow:
  name: doze
  version: 1.0.0
  timeout: 1h
  steps: [{ id: nap, wait: { for: 30s } }]
---
workflow:
  name: refuse
  version: 1.0.0
  timeout: 1h
  steps:
    - { id: check, adapter: local, action: validate, input: { schema: { type: string }, value: 7 } }
---
workflow:
  name: ask
  version: 1.0.0
  timeout: 1h
  steps:
    - id: check
      adapter: local
      action: validate
      input: { schema: { type: string }, value: 7 }
      retry: critical
    - { id: after, adapter: local, action: echo, input: {} }
"#;

/// A server, its runtime, and the hold on its streams.
pub struct Site {
    router: Router,
    pub runtime: Runtime,
    pub store: Arc<MemoryStore>,
    pub log: Arc<FakeLog>,
    pub stop: watch::Sender<bool>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}

/// A stream that is read.
pub struct Following {
    body: Body,
    text: String,
}

impl Following {
    /// All records so far, up to those of this instance.
    pub async fn until(&mut self, id: &str) -> Vec<Value> {
        loop {
            let said = self.records();
            if said.iter().any(|record| record["workflow_id"] == id) {
                return said;
            }
            let limit = std::time::Duration::from_secs(20);
            let frame = tokio::time::timeout(limit, self.body.frame()).await;
            let frame =
                frame.unwrap_or_else(|_| panic!("{id} is not on the stream: {}", self.text));
            let data = frame.expect("it goes on").unwrap().into_data();
            let data = data.unwrap_or_default();
            self.text.push_str(std::str::from_utf8(&data).unwrap());
        }
    }

    fn records(&self) -> Vec<Value> {
        // What is not whole yet is no JSON.
        let data = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "));
        data.filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

/// A log whose filter is only remembered.
#[derive(Default)]
pub struct FakeLog(Mutex<Option<String>>);

impl LogFilter for FakeLog {
    fn current(&self) -> String {
        self.0.lock().unwrap().clone().unwrap_or("info".to_owned())
    }

    fn set(&self, levels: Option<&str>) -> Result<(), String> {
        *self.0.lock().unwrap() = levels.map(str::to_owned);
        Ok(())
    }
}

impl Site {
    /// A server where everybody may do everything, with the definitions applied.
    pub async fn open() -> Self {
        let site = Self::with(vec![], &[]).await;
        let applied = site.post_yaml("/api/v1/apply", DEFINITIONS).await;
        assert_eq!(applied.status, 200, "{}", applied.text);
        site
    }

    /// A server with these callers and secrets, and nothing applied.
    pub async fn with(
        tokens: Vec<TokenSettings>,
        secrets: &[(&'static str, &'static str)],
    ) -> Self {
        Self::bounded(tokens, secrets, Bounds::default()).await
    }

    /// The same with these bounds of the runtime.
    pub async fn bounded(
        tokens: Vec<TokenSettings>,
        secrets: &[(&'static str, &'static str)],
        bounds: Bounds,
    ) -> Self {
        let (mut settings, _) = Settings::load(Flags::new(), |_| None).unwrap();
        settings.tokens = tokens;
        let secrets = secrets.to_vec();
        let find = move |name: &str| {
            secrets
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let secrets = SecretSources::new(find, None);
        let config = Config {
            outbound: OutboundPolicy {
                server_is_loopback: true,
                allow: vec![],
            },
            bounds,
            callback_base: Some("http://127.0.0.1:8080".to_owned()),
            ..Config::embedded("dev", 2)
        };
        let store = Arc::new(MemoryStore::new());
        let log = Arc::new(FakeLog::default());
        let with = Surroundings {
            store: Arc::clone(&store) as Arc<dyn store::Store>,
            kinds: adapters::registry(),
            clock: Arc::new(SystemClock),
            secrets: Arc::new(secrets.clone()),
            cluster: None,
            seed: 7,
            log_filter: Some(Arc::clone(&log) as Arc<dyn LogFilter>),
            on_fatal: Arc::new(|reason| panic!("{reason}")),
        };
        let runtime = Runtime::open(config, with).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let kinds = adapters::registry();
        let door = Door::new(&settings, runtime.clone(), secrets, kinds, stopping);
        let door = door.with_copies(Some(Arc::new(NoPlace)));
        Self {
            router: router(Arc::new(door)),
            runtime,
            store,
            log,
            stop,
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            text,
        }
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.send(request(method, path, headers, body.to_owned()))
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], body)
            .await
    }

    pub async fn post_yaml(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/yaml")], body)
            .await
    }

    /// Applies definitions.
    pub async fn apply(&self, definitions: &str) {
        let answer = self.post_yaml("/api/v1/apply", definitions).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }

    /// The instance once it has this status.
    pub async fn until_status(&self, id: &str, status: &str) -> Value {
        let path = format!("/api/v1/workflows/{id}");
        let waiting = async {
            loop {
                let shown = self.get(&path).await.json();
                if shown["status"] == status {
                    return shown;
                }
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        let ended = tokio::time::timeout(limit, waiting).await;
        ended.unwrap_or_else(|_| panic!("{id} is not {status}"))
    }

    /// The newest entries of the audit of a kind, once there are so many.
    pub async fn audited(&self, kind: &str, count: usize) -> Vec<Value> {
        let path = format!("/api/v1/audit?kind={kind}");
        let waiting = async {
            loop {
                let shown = self.get(&path).await.json();
                let items = shown["items"].as_array().unwrap().clone();
                if items.len() >= count {
                    return items;
                }
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_secs(20);
        let found = tokio::time::timeout(limit, waiting).await;
        found.unwrap_or_else(|_| panic!("{kind} is not {count} times in the audit"))
    }

    /// A stream of all, from now on.
    pub async fn follow(&self, query: &str) -> Following {
        let path = format!("/api/v1/stream?{query}");
        let request = request("GET", &path, &[], "");
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Following {
            body: response.into_body(),
            text: String::new(),
        }
    }

    /// Starts a workflow and answers its id.
    pub async fn start(&self, workflow: &str, input: &str) -> String {
        let body = format!("{{\"workflow\": {workflow:?}, \"input\": {input}}}");
        let answer = self.post("/api/v1/workflows", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Starts a workflow and waits for its end.
    pub async fn complete(&self, workflow: &str, input: &str) -> Value {
        let body = format!("{{\"workflow\": {workflow:?}, \"input\": {input}}}");
        let answer = self.post("/api/v1/workflows?wait=30s", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }
}

/// A request as a client on this machine sends it.
pub fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "127.0.0.1:8080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// A store with an archive that has caught up, and without a place for further copies.
struct NoPlace;

#[async_trait]
impl Copies for NoPlace {
    async fn back_up(&self, to: Option<&str>) -> Result<Backup, CopyError> {
        match to {
            Some("broken") => Err(CopyError::Failed("the disk is broken".to_owned())),
            _ => Err(CopyError::Refused("expected an address".to_owned())),
        }
    }

    fn archive(&self) -> Option<ArchiveFigures> {
        Some(ArchiveFigures {
            lag_bytes: 0,
            lag_ms: 0,
            bytes: 7,
            failures: 0,
        })
    }
}
