//! Signals over crashes: none lost, none taken twice.

use engine::{Command, Id, Payload, Refusal, Signal, SignalKey};
use runtime::{CommandError, Runtime};
use serde_json::{Value, json};

use crate::harness::{World, apply, ended, pass_time, start};

const WAITS: &str = r#"
workflow:
  name: pays
  version: 1.0.0
  output: ["${ steps.first.output }", "${ steps.second.output }", "${ steps.third.expired }"]
  steps:
    - { id: first, wait: { signal: paid } }
    - { id: second, wait: { signal: paid } }
    - { id: third, wait: { signal: paid, timeout: 1h, on-timeout: continue } }
"#;

fn signal(data: Value, key: Option<&str>) -> Command {
    let key = key.map(|key| SignalKey {
        key: key.as_bytes().to_vec().into(),
        digest: data.to_string().into(),
    });
    let name = "paid".to_owned();
    let data = Payload::from_value(data);
    Command::Signal(Signal { name, data, key })
}

async fn send(runtime: &Runtime, id: Id, data: Value, key: Option<&str>) {
    let sent = runtime.command(id, signal(data, key), "ann").await;
    sent.expect("is taken");
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_was_answered_survives_a_crash_and_is_taken_once() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, WAITS).await;
    let id = start(&runtime, "pays").await.id;
    let runtime = world.crash(runtime).await;
    send(&runtime, id, json!(1), Some("k")).await;
    let runtime = world.crash(runtime).await;
    let waiting = runtime.instance(id).await.expect("reads");
    let (waits, _) = waiting.waiting_for(9);
    let found = (waits[0].kind, waits[0].step.as_str(), &waits[0].signal);
    assert_eq!(found, ("signal", "second", &Some("paid".to_owned())));
    // Whoever had no answer sends it again.
    let again = runtime
        .command(id, signal(json!(1), Some("k")), "ann")
        .await;
    let repeated = CommandError::Refused(Refusal::SignalRepeated);
    assert_eq!(again.err(), Some(repeated));
    send(&runtime, id, json!(2), None).await;
    let runtime = world.crash(runtime).await;
    let instance = ended(&runtime, id).await;
    let output = instance.output().expect("an output").bytes();
    assert_eq!(output, "[1,2,true]", "the time-out survived as well");
    let late = runtime.command(id, signal(json!(3), None), "ann").await;
    assert!(matches!(
        late,
        Err(CommandError::Refused(Refusal::Ended(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn signals_that_come_early_are_kept_over_a_crash_and_bounded() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(
        &runtime,
        "
workflow:
  name: late
  version: 1.0.0
  output: '${ steps.go.output }'
  steps: [{ id: rest, wait: { for: 1h } }, { id: go, wait: { signal: paid } }]
",
    )
    .await;
    let id = start(&runtime, "late").await.id;
    for number in 0..engine::MAX_KEPT_SIGNALS {
        send(&runtime, id, json!(number), None).await;
    }
    let more = runtime
        .command(id, signal(json!("more"), None), "ann")
        .await;
    let full = CommandError::Refused(Refusal::TooManySignals {
        kept: engine::MAX_KEPT_SIGNALS,
        bytes: 658,
    });
    assert_eq!(more.err(), Some(full), "nothing is dropped for it");
    let runtime = world.crash(runtime).await;
    pass_time(std::time::Duration::from_secs(3_600)).await;
    let instance = ended(&runtime, id).await;
    assert_eq!(instance.output().expect("an output").bytes(), "0");
}

#[tokio::test(start_paused = true)]
async fn large_data_is_kept_as_a_blob_and_comes_back() {
    let world = World::new();
    let runtime = world.open_with_catalog().await;
    apply(&runtime, WAITS).await;
    let id = start(&runtime, "pays").await.id;
    let large = json!({ "text": "x".repeat(300_000) });
    send(&runtime, id, large.clone(), None).await;
    for _ in 0..3 {
        let other = Command::Signal(Signal {
            name: "other".to_owned(),
            data: Payload::from_value(large.clone()),
            key: None,
        });
        runtime.command(id, other, "ann").await.expect("is kept");
    }
    let runtime = world.crash(runtime).await;
    let instance = runtime.instance(id).await.expect("reads");
    assert_eq!(instance.kept_signals().len(), 3);
    let kept = instance.kept_signals()[2].data.as_ref().expect("data");
    assert_eq!(*kept.value(), large);
    let other = Command::Signal(Signal {
        name: "other".to_owned(),
        data: Payload::from_value(large.clone()),
        key: None,
    });
    let fourth = runtime.command(id, other, "ann").await;
    assert!(fourth.is_err(), "1 MiB of data is kept at most");
}
