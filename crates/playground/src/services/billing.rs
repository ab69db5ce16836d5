//! `billing`: accounts in a database file of its own, so that what was done outlives the process.
//!
//! `POST /accounts` opens one (any JSON object is the customer), once per `Idempotency-Key`; `DELETE /accounts/{id}`
//! closes it (410 when it was closed before); `GET /accounts` counts and lists them.

mod accounts;

use std::path::Path as FilePath;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde_json::{Map, Value};

use accounts::{Account, AccountList, Accounts, Closing, Opening};

use crate::ledger::{IdempotencyKey, Recorded};
use crate::refusal::Refusal;
use crate::service::lock;

type Books = Arc<Mutex<Accounts>>;

pub(crate) fn routes(folder: &FilePath) -> Result<Router, rusqlite::Error> {
    let accounts = Accounts::open(&folder.join("billing.sqlite"))?;
    Ok(Router::new()
        .route("/accounts", post(open).get(list))
        .route("/accounts/{id}", delete(close))
        .with_state(Books::new(Mutex::new(accounts))))
}

async fn open(
    State(books): State<Books>,
    key: IdempotencyKey,
    Json(customer): Json<Map<String, Value>>,
) -> Result<Recorded<Account>, Refusal> {
    let customer = Value::Object(customer).to_string();
    let opening = on(books, move |accounts| {
        accounts.create(key.0.as_deref(), &customer)
    });
    match opening.await? {
        Opening::New(account) => Ok(Recorded::New(account)),
        Opening::Replay(account) => Ok(Recorded::Replay(account)),
        Opening::KeyReused => Err(Refusal::key_reused()),
    }
}

async fn close(
    State(books): State<Books>,
    Path(id): Path<String>,
) -> Result<Json<Account>, Refusal> {
    let wanted = id.clone();
    match on(books, move |accounts| accounts.delete(&wanted)).await? {
        Closing::Closed(account) => Ok(Json(account)),
        Closing::ClosedBefore => Err(Refusal::gone(format!("account {id:?} was closed before"))),
        Closing::Unknown => Err(Refusal::not_found(format!("there is no account {id:?}"))),
    }
}

async fn list(State(books): State<Books>) -> Result<Json<AccountList>, Refusal> {
    on(books, |accounts| accounts.list()).await.map(Json)
}

/// Database work off the threads that serve connections.
async fn on<T: Send + 'static>(
    books: Books,
    work: impl FnOnce(&mut Accounts) -> Result<T, rusqlite::Error> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(move || work(&mut lock(&books))).await;
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Refusal::broken(&error)),
        Err(error) => Err(Refusal::broken(&error)),
    }
}
