//! Clients that do not give up: they send again, with the same key, until there is an answer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stage::{Answer, Door, pause};

/// Clients that send one start at a time.
const SINGLE_CLIENTS: usize = 6;
/// Starts that each of them sends.
pub const SINGLES_EACH: usize = 200;
/// Clients that send batches.
const BATCH_CLIENTS: usize = 2;
/// Batches that each of them sends.
const BATCHES_EACH: usize = 8;
/// Starts of a batch.
const BATCH: usize = 50;
/// All starts.
pub const STARTS: usize = SINGLE_CLIENTS * SINGLES_EACH + BATCH_CLIENTS * BATCHES_EACH * BATCH;

/// One in so many single starts is looked for in a list at once.
const LISTED_EVERY: usize = 4;
/// Between two tries.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Ids that were answered.
#[derive(Clone, Default)]
pub struct Taken(Arc<Mutex<BTreeSet<String>>>);

impl Taken {
    fn add(&self, id: &Value) {
        let new = self
            .0
            .lock()
            .unwrap()
            .insert(id.as_str().unwrap().to_owned());
        assert!(new, "{id} was the answer to two different starts");
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub fn ids(&self) -> BTreeSet<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Starts them all; they end when everything that they have to send was answered.
pub fn start(door: &Door, taken: &Taken) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for client in 0..SINGLE_CLIENTS {
        clients.spawn(send_singles(door.clone(), taken.clone(), client));
    }
    for client in 0..BATCH_CLIENTS {
        clients.spawn(send_batches(door.clone(), taken.clone(), client));
    }
    clients
}

fn submission(name: &str) -> Value {
    let input = json!({ "name": name, "email": format!("{name}@example.org"), "text": name });
    json!({ "workflow": "three-calls", "input": input, "correlation_id": name })
}

async fn send_singles(door: Door, taken: Taken, client: usize) {
    for number in 0..SINGLES_EACH {
        let name = format!("single-{client}-{number}");
        let body = submission(&name);
        let request = || door.post("/api/v1/workflows", &body);
        let answer = persist(&door, &name, request).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        taken.add(&answer.body["id"]);
        if number % LISTED_EVERY == 0 {
            expect_listed(&door, &name, &answer).await;
        }
    }
}

async fn send_batches(door: Door, taken: Taken, client: usize) {
    for number in 0..BATCHES_EACH {
        let name = format!("batch-{client}-{number}");
        let items = (0..BATCH).map(|item| submission(&format!("{name}-{item}")));
        let body = json!({ "items": items.collect::<Vec<_>>() });
        let items = loop {
            let request = || door.post("/api/v1/workflows/batch", &body);
            let answer = persist(&door, &name, request).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            let items = answer.body["items"].as_array().unwrap().clone();
            // Items that found no room, or no partition, may be sent again with the same keys.
            if items.iter().all(|item| item["id"].is_string()) {
                break items;
            }
            pause(AGAIN_AFTER).await;
        };
        assert_eq!(items.len(), BATCH);
        items.iter().for_each(|item| taken.add(&item["id"]));
    }
}

/// Sends until there is an answer that is no "not now".
async fn persist(door: &Door, key: &str, request: impl Fn() -> RequestBuilder) -> Answer {
    loop {
        let request = request().header("idempotency-key", key);
        match door.try_send(request).await {
            Ok(answer) if ![429, 503].contains(&answer.status) => return answer,
            Ok(_) | Err(_) => pause(AGAIN_AFTER).await,
        }
    }
}

/// A list taken right after the answer contains it: found by its correlation id, and, since it was started just now,
/// on the first page of all.
async fn expect_listed(door: &Door, name: &str, answer: &Answer) {
    let mut paths = vec![format!("/api/v1/workflows?correlation_id={name}")];
    if !answer.replayed {
        paths.push("/api/v1/workflows?limit=1000".to_owned());
    }
    for path in paths {
        // No answer: the server was killed meanwhile, and it is not right after any more.
        let Ok(page) = door.try_get(&path).await else {
            return;
        };
        let items = page["items"].as_array().unwrap();
        let listed = items.iter().any(|item| item["id"] == answer.body["id"]);
        let incomplete = &page["incomplete"];
        assert!(listed, "{path} lacks {name} (incomplete: {incomplete})");
    }
}
