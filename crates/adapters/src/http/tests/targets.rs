use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapter::Adapter;
use serde_json::{Value, json};

use super::{Service, answer, build, call, fine, nobody};

/// How many of the calls went to which target.
async fn spread(adapter: &dyn Adapter, calls: usize) -> Vec<String> {
    let mut targets = Vec::new();
    for _ in 0..calls {
        let outcome = adapter.call(call(None, &json!({}))).await;
        let target = match outcome {
            adapter::Outcome::Success(success) => success.target,
            other => other.failure().and_then(|failure| failure.target.clone()),
        };
        targets.push(target.unwrap());
    }
    targets
}

fn counts(targets: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for target in targets {
        *counts.entry(target.as_str()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn round_robin_takes_turns() {
    let (a, b) = (fine().await, fine().await);
    let adapter = build(&json!({"targets": [{"url": a.url}, {"url": b.url, "zone": "b"}]}));
    let targets = spread(&*adapter, 4).await;
    assert_eq!(targets[..2], targets[2..]);
    assert_ne!(targets[0], targets[1]);
    assert_eq!((a.arrived().len(), b.arrived().len()), (2, 2));
}

#[tokio::test]
async fn weighted_turns_are_spread_and_not_bunched() {
    let (a, b, c) = (fine().await, fine().await, fine().await);
    let adapter = build(&json!({"balance": "weighted", "targets": [
        {"url": a.url, "weight": 5}, {"url": b.url, "weight": 1}, {"url": c.url, "weight": 1},
    ]}));
    let targets = spread(&*adapter, 14).await;
    let name = |target: &String| match target.trim_end_matches('/') {
        url if url == a.url => 'a',
        url if url == b.url => 'b',
        _ => 'c',
    };
    let order: String = targets.iter().map(name).collect();
    assert_eq!(order, "aabacaaaabacaa");
}

#[tokio::test]
async fn a_target_that_fails_its_probe_gets_no_calls_until_it_recovers() {
    let well = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&well);
    let sick = Service::start(move |arrived| match arrived.path.as_str() {
        "/healthz" if !seen.load(Ordering::SeqCst) => answer(500, ""),
        _ => answer(200, "1"),
    })
    .await;
    let sound = fine().await;
    let adapter = build(&json!({
        "targets": [{"url": sick.url}, {"url": sound.url}],
        "health": {"path": "/healthz", "interval": "100ms"},
    }));
    until_counts(&*adapter, &[(&sound.url, 4)]).await;
    well.store(true, Ordering::SeqCst);
    until_counts(&*adapter, &[(&sick.url, 2), (&sound.url, 2)]).await;
    adapter.close().await;
}

/// Repeats rounds of four calls until they are spread like this.
async fn until_counts(adapter: &dyn Adapter, expected: &[(&str, usize)]) {
    let rounds = async {
        loop {
            let targets = spread(adapter, 4).await;
            let counts = counts(&targets);
            let fits = |(url, n): &(&str, usize)| counts.get(format!("{url}/").as_str()) == Some(n);
            if expected.iter().all(fits) && counts.len() == expected.len() {
                return;
            }
        }
    };
    let limit = Duration::from_secs(10);
    let met = tokio::time::timeout(limit, rounds).await;
    assert!(met.is_ok(), "calls were never spread as {expected:?}");
}

#[tokio::test]
async fn when_all_targets_are_down_the_call_is_tried_anyway() {
    let probed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&probed);
    let service = Service::start(move |arrived| match arrived.path.as_str() {
        "/healthz" => {
            seen.store(true, Ordering::SeqCst);
            answer(500, "")
        }
        _ => answer(200, "1"),
    })
    .await;
    let nobody = nobody();
    let adapter = build(&json!({
        "targets": [{"url": service.url}, {"url": nobody.url}],
        "health": {"path": "/healthz", "interval": "100ms"},
    }));
    let answered = async {
        while !probed.load(Ordering::SeqCst) || service.arrived().iter().all(|a| a.path != "/") {
            adapter.call(call(None, &json!({}))).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(10), answered)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_address_may_come_from_the_environment_or_from_the_call() {
    let service = fine().await;
    let port = service.url.rsplit(':').next().unwrap().to_owned();
    for (url, input) in [
        (format!("http://${{ env.host }}:{port}/x"), Value::Null),
        (
            format!("http://${{ call.host }}:{port}/x"),
            json!({"host": "127.0.0.1"}),
        ),
    ] {
        let adapter = build(&json!({"url": url}));
        let outcome = adapter.call(call(None, &input)).await;
        assert!(outcome.is_success(), "{url}: {outcome:?}");
        assert_eq!(service.only().path, "/x");
    }
}
