//! A circuit breaker on real services: while billing is down for everybody, nobody fails, and billing is
//! left alone but for the probes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::dev::Dev;
use crate::harness::until;

/// Customers that come while billing is down.
const CUSTOMERS: usize = 500;
/// How long the breaker of the example is open, and how many probes follow.
const OPEN_FOR: Duration = Duration::from_secs(5);
const PROBES: u64 = 2;

fn billing(dev: &Dev) -> Value {
    let shown = dev.node.json(&["adapters", "show", "billing-system"]);
    shown["status"]["targets"][0].clone()
}

fn count(dev: &Dev, status: &str) -> u64 {
    let counts = dev.node.get("/api/v1/workflows/count?group_by=status");
    let groups = counts["groups"].as_array().unwrap().iter();
    let fits = |group: &&Value| group["group"]["status"] == status;
    groups
        .filter(fits)
        .map(|group| group["count"].as_u64().unwrap())
        .sum()
}

#[test]
fn with_billing_down_500_wait_none_fails_and_all_finish() {
    let dev = Dev::start();
    dev.switch("billing", &json!({"mode": "failing", "status": 503}));
    let item = |number: usize| {
        let customer =
            json!({"customer_id": format!("c-{number}"), "name": "Ada", "email": "a@example.org"});
        json!({"workflow": "customer-onboarding", "input": customer})
    };
    let items: Vec<Value> = (0..CUSTOMERS).map(item).collect();
    let taken = dev.post("/api/v1/workflows/batch", &json!({"items": items}));
    assert_eq!(taken["accepted"], CUSTOMERS, "{taken}");
    until("billing's breaker opens", || {
        (billing(&dev)["breaker"] == "open").then_some(())
    });
    // What was under way when it opened comes back.
    until("nothing is under way", || {
        (billing(&dev)["in_flight"] == 0).then_some(())
    });

    let before = dev.calls("billing");
    let rounds = 3;
    std::thread::sleep(OPEN_FOR * rounds);
    let during = dev.calls("billing") - before;
    assert!(during > 0, "no probe was sent");
    let most = PROBES * u64::from(rounds + 1);
    assert!(
        during <= most,
        "{during} calls while open, {most} probes at most"
    );
    assert_eq!(count(&dev, "failed") + count(&dev, "compensated"), 0);
    assert_eq!(count(&dev, "completed"), 0);
    let shown = dev.node.json(&["list", "--limit", "1"]);
    let id = shown["items"][0]["id"].as_str().unwrap().to_owned();
    until("an instance says that it waits for the breaker", || {
        let shown = dev.node.json(&["show", &id]);
        let waits = &shown["waiting_for"][0];
        (waits["kind"] == "breaker" || waits["kind"] == "retry").then_some(())
    });

    dev.switch("billing", &json!({"mode": "ok"}));
    until("all have finished", || {
        (count(&dev, "completed") == CUSTOMERS as u64).then_some(())
    });
    assert_eq!(billing(&dev)["breaker"], "closed");
}
