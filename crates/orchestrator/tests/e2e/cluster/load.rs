//! Clients that do as the documentation says: an idempotency key, `Retry-After`, and another node
//! when one does not answer. They write down what was acknowledged to them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, until, until_or_late};

/// How many there are, by status.
const COUNTED: &str = "/api/v1/workflows/count?workflow=three&group_by=status";
/// Clients at once.
const CLIENTS: usize = 8;
/// After so long without an answer another node is asked: a take-over takes a lease, 5 s, and a moment.
const TRIED: Duration = Duration::from_secs(7);

/// Load on a cluster until it is told to end.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinHandle<Record>,
    begun: Arc<AtomicUsize>,
}

/// What the clients saw.
#[derive(Default)]
pub struct Record {
    /// What was acknowledged: ids and the number each was started with.
    pub acknowledged: BTreeMap<String, u64>,
    /// Requests that could not be made to succeed, with the last answer.
    pub failed: Vec<String>,
    /// Tries that did not succeed at once.
    pub retries: usize,
    /// The requests that succeeded.
    pub answered: Vec<Answered>,
}

/// A request that succeeded in the end.
pub struct Answered {
    /// When it did.
    pub at: Instant,
    /// How long that was after its first try.
    pub took: Duration,
    /// Its tries before: how long after the first each ended, and what it was told.
    pub tries: Vec<(Duration, String)>,
}

impl Load {
    /// Begins; the clients know these nodes.
    pub fn begin(urls: Vec<String>) -> Self {
        Self::begin_with(urls, "")
    }

    /// The same with a token, unless that is empty.
    pub fn begin_with(urls: Vec<String>, token: &str) -> Self {
        let (stop, begun) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (told, count) = (Arc::clone(&stop), Arc::clone(&begun));
        let client = http_client(token);
        let clients = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_all().build().unwrap();
            runtime.block_on(clients(client, urls, told, count))
        });
        let load = Self {
            stop,
            clients,
            begun,
        };
        load.until_more(20);
        load
    }

    /// Waits until so many further requests have succeeded.
    pub fn until_more(&self, more: usize) {
        let now = self.begun.load(Ordering::Acquire);
        until("the clients get on", || {
            (self.begun.load(Ordering::Acquire) >= now + more).then_some(())
        });
    }

    /// Ends, and answers what the clients saw.
    pub fn end(self) -> Record {
        self.stop.store(true, Ordering::Release);
        self.clients.join().unwrap()
    }
}

fn http_client(token: &str) -> reqwest::Client {
    let mut headers = HeaderMap::new();
    if !token.is_empty() {
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    let client = reqwest::Client::builder().timeout(TRIED).no_proxy();
    client.default_headers(headers).build().unwrap()
}

async fn clients(
    client: reqwest::Client,
    urls: Vec<String>,
    stop: Arc<AtomicBool>,
    begun: Arc<AtomicUsize>,
) -> Record {
    let record = Arc::new(Mutex::new(Record::default()));
    let clients = (0..CLIENTS).map(|number| {
        let mut client = Client {
            http: client.clone(),
            urls: urls.clone(),
            place: number,
            record: Arc::clone(&record),
        };
        let (stop, begun) = (Arc::clone(&stop), Arc::clone(&begun));
        async move {
            let mut n = number as u64;
            while !stop.load(Ordering::Acquire) {
                client.start(n).await;
                begun.fetch_add(1, Ordering::AcqRel);
                n += CLIENTS as u64;
            }
        }
    });
    futures_util::future::join_all(clients).await;
    std::mem::take(&mut record.lock().unwrap())
}

struct Client {
    http: reqwest::Client,
    urls: Vec<String>,
    place: usize,
    record: Arc<Mutex<Record>>,
}

impl Client {
    /// Starts a workflow, however often it takes.
    async fn start(&mut self, n: u64) {
        let (key, begun) = (format!("load-{n}"), Instant::now());
        let mut tries = Vec::new();
        while begun.elapsed() < PATIENCE {
            match self.once(&key, n).await {
                Ok(id) => {
                    let mut record = self.record.lock().unwrap();
                    record.acknowledged.insert(id, n);
                    record.answered.push(Answered {
                        at: Instant::now(),
                        took: begun.elapsed(),
                        tries,
                    });
                    return;
                }
                Err((again, said)) => {
                    tries.push((begun.elapsed(), said));
                    let Some(after) = again else { break };
                    self.record.lock().unwrap().retries += 1;
                    self.place += 1;
                    tokio::time::sleep(after).await;
                }
            }
        }
        let last = tries.pop().map(|(_, said)| said);
        self.record.lock().unwrap().failed.extend(last);
    }

    /// One try: the id, or after how long to try again (none: it makes no sense) and why.
    async fn once(&self, key: &str, n: u64) -> Result<String, (Option<Duration>, String)> {
        let url = &self.urls[self.place % self.urls.len()];
        let request = self.http.post(format!("{url}/api/v1/workflows"));
        let request = request.header("Idempotency-Key", key);
        let body = json!({"workflow": "three", "input": {"n": n}});
        let soon = Duration::from_millis(50);
        let answer = request.json(&body).send().await;
        let answer = answer.map_err(|error| (Some(soon), error.to_string()))?;
        let status = answer.status();
        let after = answer.headers().get("retry-after");
        let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
        let text = answer.text().await;
        let text = text.map_err(|error| (Some(soon), error.to_string()))?;
        if status.is_success() {
            let started: Value = serde_json::from_str(&text).unwrap();
            return Ok(started["id"].as_str().unwrap().to_owned());
        }
        let may_retry = status == 429 || status == 503;
        let after = may_retry.then(|| after.map_or(soon, Duration::from_secs));
        Err((after, format!("{url}: {status}: {text}")))
    }
}

impl Record {
    /// The longest time from a request's first try to its success.
    pub fn longest(&self) -> Duration {
        let took = self.answered.iter().map(|answered| answered.took);
        took.max().unwrap_or_default()
    }

    /// Everything that was acknowledged is there once, and ends as it should.
    pub fn check(&self, node: &crate::harness::Node) {
        assert!(self.failed.is_empty(), "{:?}", self.failed);
        let total = self.acknowledged.len() as u64;
        let all_completed = until_or_late(|| {
            let counted = node.get(COUNTED);
            let completed = json!({"status": "completed"});
            let groups = counted["groups"].as_array()?;
            let of = groups.iter().find(|group| group["group"] == completed)?;
            (of["count"].as_u64()? >= total && counted["total"] == of["count"]).then_some(())
        });
        if all_completed.is_none() {
            let open = node.get("/api/v1/workflows?workflow=three&status=active&limit=5");
            let ids = open["items"].as_array().into_iter().flatten();
            let whole: Vec<Value> = ids
                .filter_map(|item| Some(node.json(&["show", item["id"].as_str()?])))
                .collect();
            panic!(
                "{total} were acknowledged, there are {}; open are {whole:#?}",
                node.get(COUNTED)
            );
        }
        let counted = node.get(COUNTED);
        assert_eq!(
            counted["total"].as_u64(),
            Some(total),
            "each key started one: {counted}"
        );
        // A sample is looked at whole: what was computed, and how often each step ran.
        for (id, n) in self
            .acknowledged
            .iter()
            .step_by(1 + self.acknowledged.len() / 25)
        {
            let shown = node.json(&["show", id]);
            assert_eq!(shown["output"], json!(n + 1), "{shown}");
        }
    }
}
