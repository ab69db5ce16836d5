//! `carrier-swift` and `carrier-steady`: two vendors who offer to take a parcel, one fast and dear, one slow and
//! cheap.
//!
//! `POST /offers` `{weight_kg}` answers with a price; `POST /bookings` `{order, weight_kg}` books, `DELETE
//! /bookings/{id}` cancels; `GET /bookings`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{delete, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::calls::now_ms;
use crate::ledger::{IdempotencyKey, Ledger, Recorded, number_in};
use crate::refusal::Refusal;
use crate::service::lock;

/// What makes a carrier this carrier.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carrier {
    name: &'static str,
    base_price: f64,
    price_per_kg: f64,
    delivery_hours: u32,
    /// How long it thinks about an offer.
    offer_delay_ms: u64,
}

impl Carrier {
    pub(crate) const SWIFT: Self = Self {
        name: "swift",
        base_price: 14.0,
        price_per_kg: 1.5,
        delivery_hours: 24,
        offer_delay_ms: 0,
    };

    pub(crate) const STEADY: Self = Self {
        name: "steady",
        base_price: 6.0,
        price_per_kg: 0.5,
        delivery_hours: 72,
        offer_delay_ms: 150,
    };

    /// In whole cents, so that it reads as money.
    fn price(&self, weight_kg: f64) -> f64 {
        ((self.base_price + self.price_per_kg * weight_kg) * 100.0).round() / 100.0
    }
}

#[derive(Debug, Deserialize)]
struct OfferRequest {
    weight_kg: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct BookingRequest {
    order: String,
    weight_kg: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Booking {
    id: String,
    carrier: &'static str,
    order: String,
    price: f64,
    tracking: String,
    at: i64,
    cancelled_at: Option<i64>,
}

#[derive(Clone)]
struct Desk {
    carrier: Carrier,
    bookings: Arc<Mutex<Ledger<Booking>>>,
}

pub(crate) fn routes(carrier: Carrier) -> Router {
    Router::new()
        .route("/offers", post(offer))
        .route("/bookings", post(book).get(bookings))
        .route("/bookings/{id}", delete(cancel))
        .with_state(Desk {
            carrier,
            bookings: Arc::default(),
        })
}

async fn offer(
    State(desk): State<Desk>,
    Json(request): Json<OfferRequest>,
) -> Result<Json<Value>, Refusal> {
    let weight = checked(request.weight_kg)?;
    let carrier = desk.carrier;
    tokio::time::sleep(Duration::from_millis(carrier.offer_delay_ms)).await;
    Ok(Json(json!({
        "carrier": carrier.name,
        "price": carrier.price(weight),
        "currency": "EUR",
        "delivery_hours": carrier.delivery_hours,
    })))
}

async fn book(
    State(desk): State<Desk>,
    key: IdempotencyKey,
    Json(request): Json<BookingRequest>,
) -> Result<Recorded<Booking>, Refusal> {
    let weight = checked(request.weight_kg)?;
    let carrier = desk.carrier;
    lock(&desk.bookings).record(key, json!(request), |number| {
        Ok(Booking {
            id: format!("booking-{number}"),
            carrier: carrier.name,
            price: carrier.price(weight),
            tracking: format!("{}-{}-{number}", carrier.name, request.order),
            order: request.order,
            at: now_ms(),
            cancelled_at: None,
        })
    })
}

async fn cancel(
    State(desk): State<Desk>,
    Path(id): Path<String>,
) -> Result<Json<Booking>, Refusal> {
    let mut bookings = lock(&desk.bookings);
    let booking = number_in(&id, "booking-").and_then(|number| bookings.value_mut(number));
    let booking =
        booking.ok_or_else(|| Refusal::not_found(format!("there is no booking {id:?}")))?;
    if booking.cancelled_at.is_some() {
        return Err(Refusal::gone(format!(
            "booking {id:?} was cancelled before"
        )));
    }
    booking.cancelled_at = Some(now_ms());
    Ok(Json(booking.clone()))
}

async fn bookings(State(desk): State<Desk>) -> Json<Value> {
    Json(json!({ "items": lock(&desk.bookings).entries() }))
}

fn checked(weight_kg: f64) -> Result<f64, Refusal> {
    if weight_kg > 0.0 && weight_kg <= 1_000.0 {
        return Ok(weight_kg);
    }
    let message = format!("expected a weight_kg above 0 and up to 1000, but got {weight_kg}");
    Err(Refusal::invalid("weight", message))
}
