//! `email`: takes mail and keeps it in an outbox instead of sending it.
//!
//! `POST /send` with `to` (or `email`), and anything else that the mail is made of; `GET /outbox`.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::calls::now_ms;
use crate::ledger::{IdempotencyKey, Ledger, Recorded};
use crate::refusal::Refusal;
use crate::service::lock;

#[derive(Clone, Debug, Serialize)]
struct Mail {
    id: String,
    to: String,
    subject: String,
    at: i64,
}

type Outbox = Arc<Mutex<Ledger<Mail>>>;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/send", post(send))
        .route("/outbox", get(outbox))
        .with_state(Outbox::default())
}

async fn send(
    State(outbox): State<Outbox>,
    key: IdempotencyKey,
    Json(request): Json<Map<String, Value>>,
) -> Result<Recorded<Mail>, Refusal> {
    let text = |name: &str| {
        request
            .get(name)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let to = text("to").or_else(|| text("email"));
    let to = to.ok_or_else(|| {
        Refusal::invalid("to-missing", "expected to or email, but there is neither")
    })?;
    let subject = text("subject").unwrap_or_else(|| "Welcome".to_owned());
    lock(&outbox).record(key, Value::Object(request), |number| {
        Ok(Mail {
            id: format!("mail-{number}"),
            to,
            subject,
            at: now_ms(),
        })
    })
}

async fn outbox(State(outbox): State<Outbox>) -> Json<Value> {
    Json(json!({ "items": lock(&outbox).entries() }))
}
