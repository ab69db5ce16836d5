//! Clients that start workflows and write down what was answered, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::harness::until;

/// Clients whose workflows complete before they are answered, and clients whose workflows stay open.
const CLIENTS: [&str; 4] = ["greet", "nap", "greet", "nap"];

/// A workflow that was answered for; times in milliseconds since the epoch.
#[derive(Clone, Debug)]
pub struct Answered {
    pub id: String,
    pub asked_at: i64,
    pub answered_at: i64,
    /// Whether it had completed by then.
    pub completed: bool,
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Answered>>>,
}

impl Load {
    /// Each client starts one workflow after the other.
    pub fn begin(url: &str) -> Self {
        let (stop, count) = (
            Arc::new(AtomicBool::new(false)),
            Arc::<AtomicUsize>::default(),
        );
        let client = |workflow: &'static str| {
            let client = Client {
                url: url.to_owned(),
                workflow,
                stop: Arc::clone(&stop),
                count: Arc::clone(&count),
            };
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.unwrap().block_on(client.run())
            })
        };
        Self {
            clients: CLIENTS.into_iter().map(client).collect(),
            stop,
            count,
        }
    }

    /// Waits until so many more were answered.
    pub fn until_more(&self, more: usize) {
        let wanted = self.count.load(Ordering::Relaxed) + more;
        until("more is answered", || {
            (self.count.load(Ordering::Relaxed) >= wanted).then_some(())
        });
    }

    /// Ends it; answers all that was answered.
    pub fn end(self) -> Vec<Answered> {
        self.stop.store(true, Ordering::Relaxed);
        let all = self
            .clients
            .into_iter()
            .flat_map(|client| client.join().unwrap());
        all.collect()
    }
}

struct Client {
    url: String,
    workflow: &'static str,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
}

impl Client {
    async fn run(self) -> Vec<Answered> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let waits = self.workflow == "greet";
        let path = if waits {
            "workflows?wait=60s"
        } else {
            "workflows"
        };
        let (url, mut answered) = (format!("{}/api/v1/{path}", self.url), vec![]);
        let input = json!({"name": "Ada", "for": "1h"});
        let body = json!({"workflow": self.workflow, "input": input}).to_string();
        while !self.stop.load(Ordering::Relaxed) {
            let asked_at = now_ms();
            let request = http.post(&url).header("content-type", "application/json");
            let answer = request.body(body.clone()).send().await.unwrap();
            let text = answer.text().await.unwrap();
            let started: Value = serde_json::from_str(&text).unwrap();
            let status = started["status"]
                .as_str()
                .unwrap_or_else(|| panic!("{text}"));
            assert_eq!(waits, status == "completed", "{text}");
            answered.push(Answered {
                id: started["id"].as_str().unwrap().to_owned(),
                asked_at,
                answered_at: now_ms(),
                completed: waits,
            });
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        answered
    }
}

/// The present time.
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}
