//! What each service does when nothing is switched.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{Ground, answer};

#[tokio::test]
async fn crm_refuses_a_record_without_a_good_email() {
    let ground = Ground::start().await;
    for (body, status, code) in [
        (
            json!({ "name": "Ada", "email": "Ada@Example.org" }),
            200,
            None,
        ),
        (json!({ "name": "Ada" }), 422, Some("email-missing")),
        (json!({ "email": "nowhere" }), 422, Some("email-invalid")),
        (json!({ "email": 7 }), 422, Some("email-missing")),
    ] {
        let (found, answer) = answer(ground.post("crm", "/validate", "k", &body)).await;
        assert_eq!(found, status, "{body}: {answer}");
        assert_eq!(answer["error"]["code"].as_str(), code, "{body}");
    }
}

#[tokio::test]
async fn crm_answers_with_the_tidied_record() {
    let ground = Ground::start().await;
    let body = json!({ "name": "Ada", "email": "Ada@Example.org", "tier": "vip" });
    let (_, answer) = answer(ground.post("crm", "/validate", "k", &body)).await;
    let tidied = json!({ "name": "Ada", "email": "ada@example.org", "tier": "vip" });
    assert_eq!(answer, json!({ "valid": true, "customer": tidied }));
}

#[tokio::test]
async fn billing_opens_an_account_once_per_key() {
    let ground = Ground::start().await;
    let ada = json!({ "name": "Ada", "email": "ada@example.org" });
    let (first_status, first) = answer(ground.post("billing", "/accounts", "k1", &ada)).await;
    let (again_status, again) = answer(ground.post("billing", "/accounts", "k1", &ada)).await;
    let (other_status, other) = answer(ground.post("billing", "/accounts", "k2", &ada)).await;
    assert_eq!((first_status, again_status, other_status), (201, 200, 201));
    assert_eq!(first["id"], again["id"]);
    assert_ne!(first["id"], other["id"]);
    assert_eq!(first["customer"], ada);

    let list = ground.get("billing", "/accounts").await;
    assert_eq!(
        (&list["total"], &list["open"], &list["replays"]),
        (&json!(2), &json!(2), &json!(1))
    );
    let replayed: Vec<bool> = ground
        .calls("billing", "?key=k1")
        .await
        .items
        .iter()
        .map(|call| call.replayed)
        .collect();
    assert_eq!(replayed, [false, true]);
}

#[tokio::test]
async fn billing_counts_right_when_many_come_at_once() {
    let ground = Ground::start().await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..200 {
        let key = format!("k{}", number % 50);
        running.spawn(answer(ground.post(
            "billing",
            "/accounts",
            &key,
            &json!({ "name": "Ada" }),
        )));
    }
    let statuses: Vec<u16> = running
        .join_all()
        .await
        .into_iter()
        .map(|(status, _)| status)
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 50);
    let list = ground.get("billing", "/accounts").await;
    assert_eq!(
        (&list["total"], &list["replays"]),
        (&json!(50), &json!(150))
    );
}

#[tokio::test]
async fn billing_refuses_another_customer_under_a_known_key() {
    let ground = Ground::start().await;
    answer(ground.post("billing", "/accounts", "k1", &json!({ "name": "Ada" }))).await;
    let (status, refusal) =
        answer(ground.post("billing", "/accounts", "k1", &json!({ "name": "Bob" }))).await;
    assert_eq!(
        (status, &refusal["error"]["code"]),
        (422, &json!("idempotency-key-reused"))
    );
}

#[tokio::test]
async fn billing_closes_an_account_once() {
    let ground = Ground::start().await;
    let (_, account) = answer(ground.post("billing", "/accounts", "k1", &json!({}))).await;
    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    for (path, status) in [
        (path.as_str(), 200),
        (&path, 410),
        ("/accounts/acc-9", 404),
        ("/accounts/x", 404),
    ] {
        let (found, _) = answer(ground.request(Method::DELETE, "billing", path)).await;
        assert_eq!(found, status, "{path}");
    }
    let list = ground.get("billing", "/accounts").await;
    assert_eq!((&list["total"], &list["open"]), (&json!(1), &json!(0)));
    assert_eq!(list["items"][0]["status"], "deleted");
}

#[tokio::test]
async fn email_keeps_what_it_would_send() {
    let ground = Ground::start().await;
    let ada = json!({ "name": "Ada", "email": "ada@example.org" });
    let bob = json!({ "to": "bob@example.org", "subject": "Your order" });
    for (key, body, status) in [
        ("k1", &ada, 201),
        ("k1", &ada, 200),
        ("k2", &bob, 201),
        ("k3", &json!({}), 422),
    ] {
        let (found, _) = answer(ground.post("email", "/send", key, body)).await;
        assert_eq!(found, status, "{key}");
    }
    let outbox = ground.get("email", "/outbox").await;
    assert_eq!(
        column(&outbox, "to"),
        ["ada@example.org", "bob@example.org"]
    );
    assert_eq!(column(&outbox, "subject"), ["Welcome", "Your order"]);
    assert_eq!(outbox["items"][0]["replays"], 1);
}

#[tokio::test]
async fn chat_takes_any_object() {
    let ground = Ground::start().await;
    let plain = json!({ "name": "Ada", "email": "ada@example.org" });
    let full = json!({ "channel": "orders", "text": "Order 1 is on its way." });
    for (key, body) in [("k1", &plain), ("k2", &full)] {
        answer(ground.post("chat", "/messages", key, body)).await;
    }
    let messages = ground.get("chat", "/messages").await;
    assert_eq!(column(&messages, "channel"), ["general", "orders"]);
    assert_eq!(
        column(&messages, "text"),
        ["Say hello to Ada.", "Order 1 is on its way."]
    );
}

#[tokio::test]
async fn stock_holds_what_there_is_and_takes_it_back() {
    let ground = Ground::start().await;
    let hold = async |key: &str, sku: &str, quantity: u64| {
        let body = json!({ "sku": sku, "quantity": quantity, "order": "o-1" });
        answer(ground.post("stock", "/holds", key, &body)).await
    };
    let (status, held) = hold("k1", "shelf-pine", 10).await;
    assert_eq!(status, 201);
    assert_eq!(hold("k1", "shelf-pine", 10).await.0, 200);
    let (status, refusal) = hold("k2", "shelf-pine", 3).await;
    assert_eq!(
        (status, &refusal["error"]["code"]),
        (409, &json!("out-of-stock"))
    );
    assert_eq!(hold("k3", "vase-blue", 1).await.0, 409);
    assert_eq!(hold("k4", "unknown", 1).await.0, 404);
    assert_eq!(hold("k5", "shelf-pine", 0).await.0, 422);

    let path = format!("/holds/{}", held["id"].as_str().unwrap());
    for status in [200, 410] {
        assert_eq!(
            answer(ground.request(Method::DELETE, "stock", &path))
                .await
                .0,
            status
        );
    }
    assert_eq!(
        ground.get("stock", "/stock").await["levels"]["shelf-pine"],
        12
    );
    assert_eq!(hold("k2", "shelf-pine", 3).await.0, 201);
}

#[tokio::test]
async fn stock_can_be_filled_up() {
    let ground = Ground::start().await;
    let fill = ground
        .request(Method::PUT, "stock", "/stock/vase-blue")
        .json(&json!({ "available": 1 }));
    assert_eq!(answer(fill).await.0, 200);
    let body = json!({ "sku": "vase-blue", "quantity": 1 });
    assert_eq!(
        answer(ground.post("stock", "/holds", "k1", &body)).await.0,
        201
    );
}

#[tokio::test]
async fn the_carriers_differ_in_price_and_speed() {
    let ground = Ground::start().await;
    let mut offers = Vec::new();
    for carrier in ["carrier-swift", "carrier-steady"] {
        let (status, offer) =
            answer(ground.post(carrier, "/offers", "k", &json!({ "weight_kg": 4.0 }))).await;
        assert_eq!(status, 200);
        offers.push(offer);
    }
    let number = |offer: &Value, field: &str| offer[field].as_f64().unwrap();
    assert!(number(&offers[0], "price") > number(&offers[1], "price"));
    assert!(number(&offers[0], "delivery_hours") < number(&offers[1], "delivery_hours"));
    let (status, _) = answer(ground.post(
        "carrier-swift",
        "/offers",
        "k",
        &json!({ "weight_kg": -1.0 }),
    ))
    .await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_carrier_books_once_and_cancels() {
    let ground = Ground::start().await;
    let order = json!({ "order": "o-1", "weight_kg": 4.0 });
    let (status, booking) = answer(ground.post("carrier-swift", "/bookings", "k1", &order)).await;
    assert_eq!((status, &booking["price"]), (201, &json!(20.0)));
    assert_eq!(
        answer(ground.post("carrier-swift", "/bookings", "k1", &order)).await,
        (200, booking.clone())
    );
    let path = format!("/bookings/{}", booking["id"].as_str().unwrap());
    for status in [200, 410] {
        assert_eq!(
            answer(ground.request(Method::DELETE, "carrier-swift", &path))
                .await
                .0,
            status
        );
    }
    assert_eq!(
        ground.get("carrier-steady", "/bookings").await["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_call_is_recorded_with_its_headers() {
    let ground = Ground::start().await;
    let request = ground
        .post("chat", "/messages", "i-1/notify/1", &json!({}))
        .header("X-Correlation-ID", "c-1")
        .header("X-Orchestrator-Instance", "i-1")
        .header("X-Orchestrator-Step", "notify")
        .header("X-Orchestrator-Attempt", "2");
    answer(request).await;
    answer(ground.post("chat", "/messages", "other", &json!({}))).await;
    let page = ground
        .calls("chat", "?instance=i-1&step=notify&limit=5")
        .await;
    assert_eq!((page.total, page.items.len()), (2, 1));
    let call = &page.items[0];
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/messages")
    );
    assert_eq!(call.idempotency_key.as_deref(), Some("i-1/notify/1"));
    assert_eq!(call.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(call.attempt.as_deref(), Some("2"));
    assert_eq!((call.status, call.replayed), (Some(201), false));
    assert!(call.at > 1_600_000_000_000, "{}", call.at);

    assert_eq!(
        answer(ground.request(Method::DELETE, "chat", "/_calls"))
            .await
            .0,
        204
    );
    assert!(ground.calls("chat", "").await.items.is_empty());
}

fn column(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[field].as_str().unwrap().to_owned())
        .collect()
}
