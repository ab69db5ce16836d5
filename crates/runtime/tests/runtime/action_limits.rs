//! How many calls of one action are under way at once.

use std::time::Duration;

use engine::Id;
use runtime::Runtime;

use crate::harness::{Answer, World, apply, ended, pass_time, start, until};

/// What the tasks of an instance wait for.
async fn held(runtime: &Runtime, id: Id) -> Vec<String> {
    let instance = runtime.instance(id).await.expect("is there");
    let held = runtime.held(&instance).await.into_iter();
    held.map(|held| held.what).collect()
}

const ACTIONS: &str = "
adapters:
  - { name: bank, type: http, url: http://bank, actions: { pay: { concurrency: 2 }, look: {} } }
---
workflow:
  name: pay
  version: 1.0.0
  steps: [{ id: pay, adapter: bank, action: pay }]
---
workflow:
  name: one-by-one
  version: 1.0.0
  steps: [{ id: pay, adapter: bank, action: pay, concurrency: 1 }]
---
workflow:
  name: look
  version: 1.0.0
  steps: [{ id: look, adapter: bank, action: look }]
";

#[tokio::test(start_paused = true)]
async fn an_actions_limit_holds_for_all_its_calls_beside_that_of_a_step_and_over_a_crash() {
    let world = World::new();
    let runtime = world.open().await;
    apply(&runtime, ACTIONS).await;
    world.script.on("pay", Answer::Gated);
    let mut ids = vec![];
    for workflow in ["one-by-one", "one-by-one", "pay", "pay", "pay"] {
        ids.push(start(&runtime, workflow).await.id);
    }
    let look = start(&runtime, "look").await.id;
    ended(&runtime, look).await;
    let paying = |world: &World| world.script.at_once.lock().expect("unpoisoned").0;
    until("two pay", || paying(&world) == 2).await;
    pass_time(Duration::from_secs(5)).await;
    assert_eq!(paying(&world), 2);
    let mut told = vec![];
    for id in &ids {
        told.extend(held(&runtime, *id).await);
    }
    told.sort();
    let of_action = "as many calls of bank/pay as its limit allows (2) are under way";
    let of_step = "as many calls as the step's limit allows (1) are under way";
    assert_eq!(told, [of_step, of_action, of_action]);

    let runtime = world.crash(runtime).await;
    world.script.at_once.lock().expect("unpoisoned").1 = 0;
    world.script.gate(true);
    for id in ids {
        ended(&runtime, id).await;
    }
    let most = world.script.at_once.lock().expect("unpoisoned").1;
    assert!(
        most <= 2 + 2,
        "{most} at once, those of the process before included"
    );
}
