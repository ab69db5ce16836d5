//! The page that lists the services, and their switches within reach when they are down.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use crate::calls::{CallFilter, CallPage};
use crate::refusal::Refusal;
use crate::service::Service;
use crate::switch::Switch;

const PAGE: &str = include_str!("index.html");

type Services = Arc<BTreeMap<&'static str, Arc<Service>>>;

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    url: String,
    switch: Switch,
    calls: u64,
}

pub(crate) fn routes(services: &[Arc<Service>]) -> Router {
    let by_name = services
        .iter()
        .map(|service| (service.name, service.clone()));
    Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/services", get(list))
        .route("/{service}/_switch", get(read_switch).put(turn_switch))
        .route("/{service}/_calls", get(read_calls).delete(forget_calls))
        .with_state(Services::new(by_name.collect()))
}

fn find(services: &Services, name: &str) -> Result<Arc<Service>, Refusal> {
    let found = services.get(name).cloned();
    found.ok_or_else(|| {
        let known: Vec<&str> = services.keys().copied().collect();
        Refusal::not_found(format!(
            "expected one of {}, but got {name:?}",
            known.join(", ")
        ))
    })
}

async fn list(State(services): State<Services>) -> Json<Value> {
    let items: Vec<Listed> = services
        .values()
        .map(|service| Listed {
            name: service.name,
            url: service.url.clone(),
            switch: service.switch().clone(),
            calls: service.calls().total(),
        })
        .collect();
    Json(json!({ "items": items }))
}

async fn read_switch(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<Json<Switch>, Refusal> {
    let service = find(&services, &name)?;
    let switch = service.switch().clone();
    Ok(Json(switch))
}

async fn turn_switch(
    State(services): State<Services>,
    Path(name): Path<String>,
    Json(switch): Json<Switch>,
) -> Result<Json<Switch>, Refusal> {
    find(&services, &name)?.turn(switch.clone(), None).await?;
    Ok(Json(switch))
}

async fn read_calls(
    State(services): State<Services>,
    Path(name): Path<String>,
    Query(filter): Query<CallFilter>,
) -> Result<Json<CallPage>, Refusal> {
    let service = find(&services, &name)?;
    let page = service.calls().page(&filter);
    Ok(Json(page))
}

async fn forget_calls(
    State(services): State<Services>,
    Path(name): Path<String>,
) -> Result<StatusCode, Refusal> {
    find(&services, &name)?.calls().clear();
    Ok(StatusCode::NO_CONTENT)
}
