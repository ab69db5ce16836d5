//! What must hold after everything: of each instance's history, and of the calls that the services got.

use std::collections::{BTreeMap, BTreeSet};

use playground::{Call, CallPage, Playground};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::stage::Door;

/// Steps and the services that they call, in order.
pub const STEPS: [(&str, &str); 3] = [("check", "crm"), ("mail", "email"), ("tell", "chat")];

/// Histories read at once.
const READERS: usize = 8;

/// Every instance is listed, once, and completed.
pub async fn expect_completed(door: &Door, ids: &BTreeSet<String>) {
    let (mut listed, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = door
            .get(&format!("/api/v1/workflows?limit=1000{cursor}"))
            .await;
        for item in page["items"].as_array().unwrap() {
            assert_eq!(item["status"], "completed", "{item}");
            let new = listed.insert(item["id"].as_str().unwrap().to_owned());
            assert!(new, "{} is listed twice", item["id"]);
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let lost: Vec<_> = ids.difference(&listed).collect();
    assert!(lost.is_empty(), "answered, but not there: {lost:?}");
    let surplus: Vec<_> = listed.difference(ids).collect();
    assert!(surplus.is_empty(), "there, but never answered: {surplus:?}");
}

/// Every history is without gaps and has each step's completion once.
pub async fn expect_whole_histories(door: &Door, ids: &BTreeSet<String>) {
    let ids: Vec<String> = ids.iter().cloned().collect();
    let mut readers = JoinSet::new();
    for share in ids.chunks(ids.len().div_ceil(READERS)) {
        let (door, share) = (door.clone(), share.to_vec());
        readers.spawn(async move {
            for id in share {
                let path = format!("/api/v1/workflows/{id}/history?limit=1000");
                expect_whole(&id, &door.get(&path).await);
            }
        });
    }
    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
}

fn expect_whole(id: &str, page: &Value) {
    let records = page["items"].as_array().unwrap();
    for (seq, record) in (1..).zip(records) {
        assert_eq!(record["seq"], seq, "a gap in the history of {id}");
    }
    let of_type = |kind: &str| -> Vec<&Value> {
        let records = records.iter().filter(|record| record["type"] == kind);
        records.map(|record| &record["step"]).collect()
    };
    assert_eq!(of_type("instance-started").len(), 1, "{id}");
    assert_eq!(
        of_type("step-completed"),
        STEPS.map(|(step, _)| step),
        "{id}"
    );
    assert_eq!(of_type("instance-completed").len(), 1, "{id}");
}

/// What the calls show.
pub struct Calls {
    /// All of them.
    pub total: usize,
    /// Those that were made again.
    pub repeated: usize,
}

/// Each step of each instance was called, all its calls bore one key, and no two intentions share a key; the services
/// did each thing once.
pub async fn expect_one_key_each(playground: &Playground, ids: &BTreeSet<String>) -> Calls {
    let mut keys: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let mut total = 0;
    for (step, service) in STEPS {
        let page: CallPage =
            serde_json::from_value(at(playground, service, "_calls").await).unwrap();
        assert_eq!(page.items.len() as u64, page.total, "all calls are kept");
        total += page.items.len();
        for call in page.items {
            let Call {
                idempotency_key,
                instance,
                step: caller,
                ..
            } = call;
            assert_eq!(caller.as_deref(), Some(step), "of {service}");
            let intention = (instance.unwrap(), step.to_owned());
            keys.entry(intention)
                .or_default()
                .insert(idempotency_key.unwrap());
        }
    }
    let intentions: BTreeSet<_> = keys.keys().cloned().collect();
    let of_id = |id: &String| STEPS.map(|(step, _)| (id.clone(), step.to_owned()));
    let expected: BTreeSet<_> = ids.iter().flat_map(of_id).collect();
    assert_eq!(
        intentions, expected,
        "calls of each step of each instance, and no others"
    );
    for (intention, keys) in &keys {
        assert_eq!(keys.len(), 1, "{intention:?} was called with {keys:?}");
    }
    let distinct: BTreeSet<_> = keys.values().flatten().collect();
    assert_eq!(
        distinct.len(),
        intentions.len(),
        "two intentions share a key"
    );
    for (service, path) in [("email", "outbox"), ("chat", "messages")] {
        let done = at(playground, service, path).await;
        let done = done["items"].as_array().unwrap().len();
        assert_eq!(done, ids.len(), "things done by {service}");
    }
    Calls {
        total,
        repeated: total - intentions.len(),
    }
}

async fn at(playground: &Playground, service: &str, path: &str) -> Value {
    let url = playground.url(service).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(format!("{url}/{path}")).send().await.unwrap();
    answer.json().await.unwrap()
}
