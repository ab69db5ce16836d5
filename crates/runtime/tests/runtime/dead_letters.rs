//! Calls that failed for good and are kept whole, over crashes.

use std::time::Duration;

use engine::record::Choice;
use engine::{Answer as Reply, Command, Id, Payload, Status};
use runtime::{
    Action, Asked, DeadLetter, Incoming, LetterFilter, LetterRefused, LetterStatus, OperationSet,
    Runtime,
};
use serde_json::json;

use crate::harness::{Answer, World, apply, ended, pass_time, start, start_of};

const WORKFLOWS: &str = "
adapters:
  - { name: crm, type: http, url: http://crm }
---
workflow:
  name: kept
  version: 1.0.0
  steps:
    - id: pay
      adapter: crm
      action: charge
      input: { amount: '${ input.n }' }
      retry: { max-attempts: 3, initial-interval: 1s, jitter: none, on-exhausted: dead-letter }
---
workflow:
  name: undone
  version: 1.0.0
  steps:
    - id: pay
      adapter: crm
      action: charge
      compensation: { adapter: crm, action: refund, retry: none }
    - { id: stop, fail: { type: too.bad, message: on purpose } }
";

const BY: (&str, &str, &str) = ("ann", "it is mended", "api");

fn waiting() -> LetterFilter {
    LetterFilter {
        status: Some(LetterStatus::Pending),
        ..LetterFilter::default()
    }
}

async fn letters(runtime: &Runtime) -> Vec<DeadLetter> {
    let page = runtime.dead_letters(&waiting(), None, 100).await;
    page.expect("lists").items
}

async fn open(world: &World) -> Runtime {
    let runtime = world.open().await;
    apply(&runtime, WORKFLOWS).await;
    runtime
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_for_good_is_kept_whole_and_called_anew_once() {
    let world = World::new();
    let runtime = open(&world).await;
    world.script.on("charge", Answer::FailFirst(3));
    let mut submit = start_of("kept", json!({ "n": 7 }));
    submit.correlation_id = "order-9".to_owned();
    let id = runtime.submit(submit).await.expect("starts").id;
    assert_eq!(ended(&runtime, id).await.status(), Status::Failed);
    let runtime = world.crash(runtime).await;
    let [letter] = &letters(&runtime).await[..] else {
        panic!("expected one letter");
    };
    assert_eq!(letter.input, json!({ "amount": 7 }));
    assert_eq!((letter.workflow_id, letter.step.as_str()), (id, "pay"));
    let kept = letter.attempts.iter().map(|attempt| attempt.attempt);
    assert_eq!(kept.collect::<Vec<_>>(), [1, 2, 3]);
    // The instance goes; the letter stays.
    runtime.delete(id, "ann", "").await.expect("is deleted");
    let runtime = world.crash(runtime).await;

    let anew = runtime
        .reprocess(letter.id, None, BY)
        .await
        .expect("starts");
    let runtime = world.crash(runtime).await;
    let instance = ended(&runtime, anew.id).await;
    assert_eq!(instance.status(), Status::Completed);
    assert_eq!(instance.header().started.correlation_id, "order-9");
    let last = world.script.calls().pop().expect("it was called");
    assert_eq!(last.action.as_deref(), Some("charge"));
    assert_eq!(letters(&runtime).await, []);
    let again = runtime.reprocess(letter.id, None, BY).await;
    assert!(matches!(again, Err(LetterRefused::Settled(_))), "{again:?}");
    let shown = runtime.dead_letter(letter.id).await.expect("reads");
    let settled = shown.and_then(|shown| shown.settled).expect("is settled");
    assert_eq!(
        (settled.instance, settled.by.as_str()),
        (Some(anew.id), "ann")
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_again_is_kept_again_and_another_input_helps() {
    let world = World::new();
    let runtime = open(&world).await;
    world.script.on("charge", Answer::Refuse);
    let id = start(&runtime, "kept").await.id;
    ended(&runtime, id).await;
    let first = letters(&runtime).await.remove(0);
    let anew = runtime.reprocess(first.id, None, BY).await.expect("starts");
    assert_eq!(ended(&runtime, anew.id).await.status(), Status::Failed);
    let [second] = &letters(&runtime).await[..] else {
        panic!("expected one letter");
    };
    assert_eq!((second.workflow_id, &second.input), (anew.id, &first.input));
    assert_eq!(second.correlation_id, first.correlation_id);
    world.script.on("charge", Answer::Echo);
    let amended = Payload::from_value(json!({ "amount": 2 }));
    let amended = runtime.reprocess(second.id, Some(amended), BY).await;
    let instance = ended(&runtime, amended.expect("starts").id).await;
    assert_eq!(
        instance.output().map(|output| (*output.value()).clone()),
        Some(json!({ "amount": 2 }))
    );
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_failed_for_good_is_a_letter_until_it_is_decided() {
    let world = World::new();
    let runtime = open(&world).await;
    world.script.on("refund", Answer::Refuse);
    let id = start(&runtime, "undone").await.id;
    let stuck = loop {
        let instance = runtime.instance(id).await.expect("reads");
        if instance.status() == Status::Stuck {
            break instance;
        }
        pass_time(Duration::from_millis(50)).await;
    };
    let runtime = world.crash(runtime).await;
    let [letter] = &letters(&runtime).await[..] else {
        panic!("expected one letter");
    };
    assert_eq!(
        (letter.kind.as_str(), letter.action.as_str()),
        ("compensation", "refund")
    );
    let decision = Id::from_slice(&stuck.pending_decisions()[0].id).expect("an id");
    assert_eq!(decision, letter.id);
    let answer = Reply::plain(Choice::Done);
    let command = Command::Decide {
        id: decision,
        answer,
    };
    runtime.command(id, command, "ann").await.expect("is taken");
    assert_eq!(letters(&runtime).await, []);
}

#[tokio::test(start_paused = true)]
async fn an_operation_settles_all_that_fit_over_crashes() {
    let world = World::new();
    let mut runtime = open(&world).await;
    world.script.on("charge", Answer::Refuse);
    for _ in 0..30 {
        let id = start(&runtime, "kept").await.id;
        ended(&runtime, id).await;
    }
    world.script.on("charge", Answer::Echo);
    pass_time(Duration::from_millis(5)).await;
    let calls = world.script.calls().len();
    let asked = Asked {
        action: Action::Reprocess,
        set: OperationSet::Letters(Box::new(waiting())),
        rate: Some(runtime::Rate {
            calls: 10,
            per_ms: 1_000,
        }),
    };
    let made = runtime
        .make_operation(&asked, 30, ("ann", "mended"), None)
        .await;
    let id = made.expect("is made").0.id;
    for _ in 0..3 {
        pass_time(Duration::from_millis(630)).await;
        runtime = world.crash(runtime).await;
    }
    let done = loop {
        let operation = runtime
            .operation(id)
            .await
            .expect("reads")
            .expect("is there");
        if operation.status.is_ended() {
            break operation;
        }
        pass_time(Duration::from_millis(50)).await;
    };
    assert_eq!(
        (done.done, done.refused, done.failed),
        (30, 0, 0),
        "{:?}",
        done.findings
    );
    pass_time(Duration::from_secs(60)).await;
    assert_eq!(letters(&runtime).await, []);
    // A call that was out at a crash is made again under the same key; no letter has two.
    let keys = world.script.calls().split_off(calls);
    let mut keys: Vec<String> = keys.into_iter().map(|call| call.idempotency_key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn letters_go_when_their_own_time_is_over() {
    let world = World::new();
    let runtime = open(&world).await;
    apply(
        &runtime,
        "policies: { defaults: { retention: { instances: 1h, dead-letters: 2d } } }",
    )
    .await;
    world.script.on("charge", Answer::Refuse);
    let id = start(&runtime, "kept").await.id;
    ended(&runtime, id).await;
    pass_time(Duration::from_secs(24 * 3_600)).await;
    assert_eq!(letters(&runtime).await.len(), 1);
    pass_time(Duration::from_secs(25 * 3_600)).await;
    assert_eq!(letters(&runtime).await, []);
}

#[tokio::test(start_paused = true)]
async fn of_several_who_settle_a_letter_at_the_same_moment_exactly_one_does() {
    let world = World::new();
    let runtime = open(&world).await;
    for _ in 0..5 {
        world.script.on("charge", Answer::Refuse);
        let id = start(&runtime, "kept").await.id;
        ended(&runtime, id).await;
        let letter = letters(&runtime).await.remove(0);
        world.script.on("charge", Answer::Echo);
        let calls = world.script.calls().len();
        // The very same order twice is one.
        let anew = async |who| {
            let anew = runtime.reprocess(letter.id, None, (who, BY.1, BY.2));
            anew.await.map(|_| ())
        };
        let away = async |who| runtime.discard(letter.id, (who, BY.1, BY.2)).await;
        let (one, two, three, four) =
            tokio::join!(anew("ann"), away("ann"), anew("bob"), away("bob"));
        let (done, late): (Vec<_>, Vec<_>) =
            [one, two, three, four].into_iter().partition(Result::is_ok);
        assert_eq!(done.len(), 1, "{late:?}");
        let before =
            |late: &Result<(), LetterRefused>| matches!(late, Err(LetterRefused::Settled(_)));
        assert!(late.iter().all(before), "{late:?}");
        pass_time(Duration::from_secs(30)).await;
        let shown = runtime.dead_letter(letter.id).await.expect("reads");
        let anew = shown.expect("is there").status == LetterStatus::Reprocessed;
        let made = world.script.calls().len() - calls;
        assert_eq!(made, usize::from(anew), "its call is made once or never");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_of_its_instance_settles_a_letter_over_a_crash() {
    let world = World::new();
    let runtime = open(&world).await;
    world.script.on("charge", Answer::Refuse);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let id = start(&runtime, "kept").await.id;
        ended(&runtime, id).await;
        ids.push(id);
    }
    let of = |id: Id, all: &[DeadLetter]| {
        let found = all.iter().find(|letter| letter.workflow_id == id);
        found.expect("has a letter").id
    };
    let waiting = letters(&runtime).await;
    let (retried, discarded) = (of(ids[0], &waiting), of(ids[1], &waiting));
    runtime.discard(discarded, BY).await.expect("waits");
    world.script.on("charge", Answer::Echo);
    for id in &ids {
        runtime
            .retry(*id, "it is mended", "ann")
            .await
            .expect("failed");
    }
    let runtime = world.crash(runtime).await;
    for id in &ids {
        assert_eq!(ended(&runtime, *id).await.status(), Status::Completed);
    }
    assert_eq!(letters(&runtime).await, []);
    let shown = async |id| {
        let shown = runtime.dead_letter(id).await.expect("reads");
        let shown = shown.expect("is there");
        (
            shown.status,
            shown.settled.and_then(|settled| settled.instance),
        )
    };
    let superseded = (LetterStatus::Superseded, Some(ids[0]));
    assert_eq!(shown(retried).await, superseded);
    assert_eq!(shown(discarded).await, (LetterStatus::Discarded, None));
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_event_carried_is_whole_over_a_crash() {
    let world = World::new();
    let mut runtime = open(&world).await;
    let strict = "
workflow:
  name: strict
  version: 1.0.0
  trigger: { type: event, event-type: order }
  input: { schema: { type: object, required: [id] } }
  steps: [{ id: a, adapter: crm, action: charge }]
";
    apply(&runtime, strict).await;
    // Too large for its record: the journal has it as a blob.
    let data = json!({ "note": "n".repeat(50_000) });
    for number in 0..10 {
        let event = Incoming {
            event_type: "order".to_owned(),
            source: "/test".to_owned(),
            subject: format!("c{number}"),
            meta: Payload::from_value(json!({ "type": "order" })),
            data: Payload::from_value(data.clone()),
            cause: "events".to_owned(),
            ..Incoming::default()
        };
        let taken = runtime.take_events(vec![event]).await.pop();
        taken
            .expect("one answer")
            .expect("it happened all the same");
        // Right behind the answer: the letter is not written yet.
        runtime = world.crash(runtime).await;
    }
    let letters = letters(&runtime).await;
    assert_eq!(letters.len(), 10);
    for letter in letters {
        assert!(letter.input == data, "{:.60}", letter.input.to_string());
    }
}
