//! What the switches do to a service.

use std::time::{Duration, Instant};

use playground::{Mode, Switch};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Ground, answer};

async fn say(ground: &Ground, key: &str) -> u16 {
    answer(ground.post("chat", "/messages", key, &json!({ "text": "hello" })))
        .await
        .0
}

async fn messages(ground: &Ground) -> usize {
    ground.get("chat", "/messages").await["items"]
        .as_array()
        .map_or(0, Vec::len)
}

#[tokio::test]
async fn failing_answers_with_the_status_and_does_nothing() {
    let ground = Ground::start().await;
    let failing = Switch {
        status: 502,
        times: Some(2),
        ..Switch::to(Mode::Failing)
    };
    ground.turn("chat", &failing).await;
    assert_eq!(ground.get("chat", "/_switch").await["mode"], "failing");
    assert_eq!(
        [say(&ground, "a").await, say(&ground, "a").await],
        [502, 502]
    );
    assert_eq!(messages(&ground).await, 0);
    assert_eq!(say(&ground, "a").await, 201);
    let statuses: Vec<_> = ground
        .calls("chat", "?key=a")
        .await
        .items
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(statuses, [Some(502), Some(502), Some(201)]);
}

#[tokio::test]
async fn failing_after_the_effect_did_the_work() {
    let ground = Ground::start().await;
    let failing = Switch {
        times: Some(1),
        after_effect: true,
        ..Switch::to(Mode::Failing)
    };
    ground.turn("chat", &failing).await;
    assert_eq!(say(&ground, "a").await, 503);
    assert_eq!(messages(&ground).await, 1);
    assert_eq!(say(&ground, "a").await, 200);
    assert_eq!(messages(&ground).await, 1);
}

#[tokio::test]
async fn slow_answers_later() {
    let ground = Ground::start().await;
    let slow = Switch {
        delay_ms: 120,
        ..Switch::to(Mode::Slow)
    };
    ground.turn("chat", &slow).await;
    let before = Instant::now();
    assert_eq!(say(&ground, "a").await, 201);
    assert!(before.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn health_follows_the_switch() {
    let ground = Ground::start().await;
    for (mode, status) in [(Mode::Failing, 503), (Mode::Slow, 200), (Mode::Ok, 200)] {
        ground.turn("chat", &Switch::to(mode)).await;
        let (found, _) = answer(ground.request(Method::GET, "chat", "/healthz")).await;
        assert_eq!(found, status, "{mode:?}");
    }
    assert_eq!(
        ground.calls("chat", "").await.total,
        0,
        "health is not a call"
    );
}

#[tokio::test]
async fn down_refuses_connections_until_it_is_back_on_its_port() {
    let ground = Ground::start().await;
    assert_eq!(say(&ground, "a").await, 201);
    for round in ["b", "c"] {
        ground.turn("chat", &Switch::to(Mode::Down)).await;
        let refused = ground
            .post("chat", "/messages", round, &json!({}))
            .send()
            .await
            .unwrap_err();
        assert!(refused.is_connect(), "{refused:?}");
        ground.turn("chat", &Switch::to(Mode::Ok)).await;
        assert_eq!(say(&ground, round).await, 201);
    }
    assert_eq!(messages(&ground).await, 3);
}

#[tokio::test]
async fn down_twice_and_ok_twice_are_fine() {
    let ground = Ground::start().await;
    for mode in [Mode::Ok, Mode::Down, Mode::Down, Mode::Ok, Mode::Ok] {
        ground.turn("chat", &Switch::to(mode)).await;
    }
    assert_eq!(say(&ground, "a").await, 201);
}

#[tokio::test]
async fn a_service_told_to_go_down_still_answers_that_request() {
    let ground = Ground::start().await;
    let request = ground
        .request(Method::PUT, "chat", "/_switch")
        .json(&Switch::to(Mode::Down));
    let (status, switch) = answer(request).await;
    assert_eq!((status, &switch["mode"]), (200, &json!("down")));
    let refused = ground
        .post("chat", "/messages", "a", &json!({}))
        .send()
        .await
        .unwrap_err();
    assert!(refused.is_connect() || refused.is_request(), "{refused:?}");
}

#[tokio::test]
async fn going_down_cuts_what_is_in_flight() {
    let ground = Ground::start().await;
    ground
        .turn(
            "chat",
            &Switch {
                delay_ms: 600_000,
                ..Switch::to(Mode::Slow)
            },
        )
        .await;
    let request = ground.post("chat", "/messages", "a", &json!({}));
    let waiting = tokio::spawn(request.send());
    let arrived = async {
        while ground.calls("chat", "?key=a").await.items.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrived)
        .await
        .unwrap();
    ground.turn("chat", &Switch::to(Mode::Down)).await;
    assert!(waiting.await.unwrap().is_err());
    ground.turn("chat", &Switch::to(Mode::Ok)).await;
    assert_eq!(ground.calls("chat", "?key=a").await.items[0].status, None);
    assert_eq!(messages(&ground).await, 0);
}

#[tokio::test]
async fn impossible_switches_are_refused_and_change_nothing() {
    let ground = Ground::start().await;
    for body in [
        json!({ "mode": "failing", "status": 200 }),
        json!({ "mode": "down", "times": 2 }),
        json!({ "mode": "broken" }),
        json!({ "mode": "ok", "unknown": 1 }),
    ] {
        let request = ground
            .request(Method::PUT, "chat", "/_switch")
            .json::<Value>(&body);
        assert_eq!(answer(request).await.0, 422, "{body}");
    }
    assert_eq!(say(&ground, "a").await, 201);
}
