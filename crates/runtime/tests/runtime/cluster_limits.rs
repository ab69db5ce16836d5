//! Breakers, rates and switches of several nodes.

use std::time::Duration;

use engine::Id;
use runtime::{AdapterOrder, BreakerState};

use crate::cluster::{Seat, World, until, until_shared};
use crate::harness::{Answer, apply, ended, pass_time, start};

async fn three(world: &World, resources: &str) -> Vec<Seat> {
    let seats = vec![
        world.joined(1).await,
        world.joined(2).await,
        world.joined(3).await,
    ];
    until_shared(&seats.iter().collect::<Vec<_>>()).await;
    apply(&seats[0].runtime, resources).await;
    // A home that begins lends nothing for three seconds.
    pass_time(Duration::from_secs(4)).await;
    seats
}

/// Starts so many, at each node in turn; their partitions are anybody's.
async fn start_all(seats: &[Seat], count: usize) -> Vec<Id> {
    let mut ids = vec![];
    for seat in seats.iter().cycle().take(count) {
        ids.push(start(&seat.runtime, "pay").await.instance.id());
    }
    ids
}

const BREAKER: &str = "
adapters:
  - name: bank
    type: http
    url: http://bank
    circuit-breaker: { window: 10s, min-calls: 10, failure-rate: 0.5, open-for: 10s, half-open-calls: 2 }
---
workflow:
  name: pay
  version: 1.0.0
  steps:
    - { id: pay, adapter: bank, action: pay, retry: { max-attempts: unlimited, initial-interval: 100ms, multiplier: 1, jitter: none } }
";

#[tokio::test(start_paused = true)]
async fn a_breaker_opens_on_all_nodes_and_probes_are_counted_in_total() {
    let world = World::new();
    let seats = three(&world, BREAKER).await;
    world.script.on("pay", Answer::FailFirst(usize::MAX));
    let ids = start_all(&seats, 60).await;
    until("enough have failed", || world.script.calls().len() >= 60).await;
    pass_time(Duration::from_millis(900)).await;
    for seat in &seats {
        let standing = seat.runtime.adapter_standing("bank").await;
        assert_eq!(standing.targets[0].state, BreakerState::Open);
        assert_eq!(standing.waiting, 60, "over all nodes");
    }
    let before = world.script.calls().len();
    pass_time(Duration::from_secs(7)).await;
    assert_eq!(world.script.calls().len(), before, "nothing goes out");
    world.script.on("pay", Answer::Gated);
    until("probes are sent", || world.script.calls().len() > before).await;
    pass_time(Duration::from_secs(5)).await;
    assert_eq!(world.script.calls().len(), before + 2, "two in all");
    world.script.gate(true);
    for id in ids {
        ended(&seats[0].runtime, id).await;
    }
    let standing = seats[2].runtime.adapter_standing("bank").await;
    assert_eq!(standing.targets[0].state, BreakerState::Closed);
}

const RATE: &str = "
adapters:
  - { name: bank, type: http, url: http://bank, rate-limit: { rate: 20/s, burst: 20 } }
---
workflow:
  name: pay
  version: 1.0.0
  steps: [{ id: pay, adapter: bank, action: pay }]
";

#[tokio::test(start_paused = true)]
async fn a_rate_holds_over_all_nodes_and_nobody_starves() {
    let world = World::new();
    let seats = three(&world, RATE).await;
    let began = seats[0].runtime.now_ms();
    let ids = start_all(&seats, 200).await;
    for _ in 0..30 {
        pass_time(Duration::from_millis(500)).await;
        let passed = seats[0].runtime.now_ms() - began;
        let most = 20 + usize::try_from(passed).expect("small") * 20 / 1_000;
        let calls = world.script.calls().len();
        assert!(
            calls <= most,
            "{calls} calls after {passed} ms, {most} at most"
        );
    }
    for id in ids {
        ended(&seats[1].runtime, id).await;
    }
    let took = seats[0].runtime.now_ms() - began;
    assert!(took <= 20_000, "200 calls at 20/s took {took} ms");
}

#[tokio::test(start_paused = true)]
async fn a_switch_holds_on_all_nodes_when_it_is_answered() {
    let world = World::new();
    let seats = three(&world, BREAKER).await;
    let pause =
        seats[0]
            .runtime
            .switch_adapter("ann", "a test", ("bank", None), &AdapterOrder::Pause);
    pause.await.expect("is switched");
    let ids = start_all(&seats, 12).await;
    pass_time(Duration::from_secs(5)).await;
    assert_eq!(world.script.calls().len(), 0);
    for seat in &seats {
        let instance = seat.runtime.instance(ids[4]).await.expect("is there");
        let held = seat.runtime.held(&instance).await;
        assert_eq!(held[0].kind, "paused", "whoever is asked");
    }
    let resume =
        seats[2]
            .runtime
            .switch_adapter("bob", "a test", ("bank", None), &AdapterOrder::Resume);
    resume.await.expect("is switched");
    for id in ids {
        ended(&seats[1].runtime, id).await;
    }
}

const STEPS: &str = "
adapters: [{ name: bank, type: http, url: http://bank }]
---
workflow:
  name: pay
  version: 1.0.0
  steps: [{ id: pay, adapter: bank, action: pay, concurrency: 4 }]
";

#[tokio::test(start_paused = true)]
async fn calls_of_a_step_are_never_more_at_once_than_its_limit_says_over_all_nodes() {
    let world = World::new();
    let seats = three(&world, STEPS).await;
    world.script.on("pay", Answer::Gated);
    let ids = start_all(&seats, 30).await;
    until("as many calls as may be", || {
        world.script.calls().len() == 4
    })
    .await;
    pass_time(Duration::from_secs(5)).await;
    assert_eq!(world.script.calls().len(), 4, "four in all");
    world.script.gate(true);
    for id in ids {
        ended(&seats[1].runtime, id).await;
    }
    let most = world.script.at_once.lock().expect("no holder panicked").1;
    assert!(most <= 4, "{most} at once");
}

const TURNS: &str = "
adapters: [{ name: bank, type: http, url: http://bank }]
---
workflow:
  name: pay
  version: 1.0.0
  concurrency: { limit: 2 }
  steps: [{ id: pay, adapter: bank, action: pay }]
";

#[tokio::test(start_paused = true)]
async fn as_many_run_as_the_limit_allows_wherever_they_are_started() {
    let world = World::new();
    let seats = three(&world, TURNS).await;
    world.script.on("pay", Answer::Gated);
    let ids = start_all(&seats, 9).await;
    until("two calls", || world.script.calls().len() == 2).await;
    pass_time(Duration::from_secs(5)).await;
    assert_eq!(world.script.calls().len(), 2);
    for seat in &seats {
        let last = seat.runtime.instance(ids[8]).await.expect("is there");
        let held = seat.runtime.held(&last).await;
        assert_eq!(
            held[0].what, "2 running, 6 are ahead of it",
            "whoever is asked"
        );
    }
    world.script.gate(true);
    for id in ids {
        ended(&seats[1].runtime, id).await;
    }
    let most = world.script.at_once.lock().expect("no holder panicked").1;
    assert_eq!(most, 2);
}
