//! `chat`: takes messages for a channel.
//!
//! `POST /messages` with `text` and `channel` (both have a default, so that any JSON object will do); `GET /messages`.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::calls::now_ms;
use crate::ledger::{IdempotencyKey, Ledger, Recorded};
use crate::refusal::Refusal;
use crate::service::lock;

#[derive(Clone, Debug, Serialize)]
struct Message {
    id: String,
    channel: String,
    text: String,
    at: i64,
}

type Room = Arc<Mutex<Ledger<Message>>>;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/messages", post(say).get(messages))
        .with_state(Room::default())
}

async fn say(
    State(room): State<Room>,
    key: IdempotencyKey,
    Json(request): Json<Map<String, Value>>,
) -> Result<Recorded<Message>, Refusal> {
    let text = |name: &str| {
        request
            .get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let channel = text("channel").unwrap_or_else(|| "general".to_owned());
    let name = text("name").or_else(|| text("email"));
    let default = || {
        format!(
            "Say hello to {}.",
            name.as_deref().unwrap_or("a new customer")
        )
    };
    let text = text("text").unwrap_or_else(default);
    lock(&room).record(key, Value::Object(request), |number| {
        Ok(Message {
            id: format!("message-{number}"),
            channel,
            text,
            at: now_ms(),
        })
    })
}

async fn messages(State(room): State<Room>) -> Json<Value> {
    Json(json!({ "items": lock(&room).entries() }))
}
