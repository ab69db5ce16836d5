//! `stock`: holds goods for order lines and releases them.
//!
//! `POST /holds` `{sku, quantity, order?}` answers 201, 404 for an unknown article, 409 when there is not enough;
//! `DELETE /holds/{id}` puts the goods back; `GET /holds`; `GET /stock`; `PUT /stock/{sku}` `{available}`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::calls::now_ms;
use crate::ledger::{IdempotencyKey, Ledger, Recorded, number_in};
use crate::refusal::Refusal;
use crate::service::lock;

/// What the shelves hold at the start: plenty of most, none of the last.
const AT_START: [(&str, u64); 5] = [
    ("lamp-oak", 100_000),
    ("desk-birch", 100_000),
    ("chair-felt", 100_000),
    ("shelf-pine", 12),
    ("vase-blue", 0),
];

#[derive(Clone, Debug, Serialize)]
struct Hold {
    id: String,
    sku: String,
    quantity: u64,
    order: Option<String>,
    at: i64,
    released_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HoldRequest {
    sku: String,
    quantity: u64,
    order: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Level {
    available: u64,
}

#[derive(Debug)]
struct Shelves {
    levels: BTreeMap<String, u64>,
    holds: Ledger<Hold>,
}

type Stock = Arc<Mutex<Shelves>>;

pub(crate) fn routes() -> Router {
    let levels = AT_START.map(|(sku, available)| (sku.to_owned(), available));
    let shelves = Shelves {
        levels: BTreeMap::from(levels),
        holds: Ledger::default(),
    };
    Router::new()
        .route("/holds", post(hold).get(holds))
        .route("/holds/{id}", delete(release))
        .route("/stock", get(levels_now))
        .route("/stock/{sku}", put(restock))
        .with_state(Stock::new(Mutex::new(shelves)))
}

async fn hold(
    State(stock): State<Stock>,
    key: IdempotencyKey,
    Json(request): Json<HoldRequest>,
) -> Result<Recorded<Hold>, Refusal> {
    if request.quantity == 0 {
        return Err(Refusal::invalid(
            "quantity",
            "expected a quantity of 1 or more, but got 0",
        ));
    }
    let body = json!(request);
    let Shelves { levels, holds } = &mut *lock(&stock);
    holds.record(key, body, |number| {
        take(levels, &request)?;
        Ok(Hold {
            id: format!("hold-{number}"),
            sku: request.sku,
            quantity: request.quantity,
            order: request.order,
            at: now_ms(),
            released_at: None,
        })
    })
}

fn take(levels: &mut BTreeMap<String, u64>, request: &HoldRequest) -> Result<(), Refusal> {
    let HoldRequest { sku, quantity, .. } = request;
    let Some(available) = levels.get_mut(sku) else {
        return Err(Refusal::not_found(format!("there is no article {sku:?}")));
    };
    if *available < *quantity {
        let message = format!("expected {quantity} of {sku:?}, but {available} are left");
        return Err(Refusal::new(StatusCode::CONFLICT, "out-of-stock", message));
    }
    *available -= quantity;
    Ok(())
}

async fn release(
    State(stock): State<Stock>,
    Path(id): Path<String>,
) -> Result<Json<Hold>, Refusal> {
    let Shelves { levels, holds } = &mut *lock(&stock);
    let hold = number_in(&id, "hold-").and_then(|number| holds.value_mut(number));
    let hold = hold.ok_or_else(|| Refusal::not_found(format!("there is no hold {id:?}")))?;
    if hold.released_at.is_some() {
        return Err(Refusal::gone(format!("hold {id:?} was released before")));
    }
    hold.released_at = Some(now_ms());
    if let Some(available) = levels.get_mut(&hold.sku) {
        *available += hold.quantity;
    }
    Ok(Json(hold.clone()))
}

async fn holds(State(stock): State<Stock>) -> Json<Value> {
    Json(json!({ "items": lock(&stock).holds.entries() }))
}

async fn levels_now(State(stock): State<Stock>) -> Json<Value> {
    Json(json!({ "levels": lock(&stock).levels }))
}

async fn restock(
    State(stock): State<Stock>,
    Path(sku): Path<String>,
    Json(level): Json<Level>,
) -> Json<Value> {
    let levels = &mut lock(&stock).levels;
    levels.insert(sku, level.available);
    Json(json!({ "levels": levels }))
}
