//! What is expected in each situation.

use std::time::Duration;

use super::{SCENARIOS, SECRET_NAME, SECRET_VALUE, Scenario, Seen, Stage, Theatre, example_call};
use crate::call::Call;
use crate::outcome::{Effect, Failure, Outcome, error_type};
use serde_json::{Value, json};

/// Runs all situations that are no gaps, one after the other.
///
/// # Panics
/// At the first expectation that is not met, naming the situation.
pub async fn run(theatre: &dyn Theatre) {
    for scenario in SCENARIOS {
        if !theatre.gaps().contains(&scenario) {
            play(theatre, scenario).await;
        }
    }
    if !theatre.gaps().contains(&Scenario::Hangs) {
        a_dropped_call_leaves_the_adapter_usable(theatre).await;
    }
}

async fn play(theatre: &dyn Theatre, scenario: Scenario) {
    let stage = theatre.stage(scenario).await;
    theatre.seen().await;
    let mut call = call_of(&stage);
    if scenario == Scenario::Hangs {
        call.timeout_ms = 1_000;
    }
    let outcome = stage.adapter.call(call).await;
    expect_no_secret(scenario, &outcome);
    expect(scenario, &outcome);
    if theatre.sees_calls() {
        expect_identity(scenario, &theatre.seen().await);
    }
    stage.adapter.close().await;
}

fn call_of(stage: &Stage) -> Call {
    example_call(stage.action.clone(), &stage.input)
}

fn expect(scenario: Scenario, outcome: &Outcome) {
    match scenario {
        Scenario::Succeeds => {
            assert_eq!(
                output(scenario, outcome),
                json!({"ok": true}),
                "{scenario:?}"
            );
        }
        Scenario::RepeatsSecret => {
            let output = output(scenario, outcome).to_string();
            assert!(output.contains("***"), "{scenario:?}: {output}");
        }
        Scenario::RefusesForGood | Scenario::RefusesWithSecret => {
            expect_failure(scenario, outcome, false, Effect::None);
        }
        Scenario::RefusesForNow | Scenario::Unreachable => {
            expect_failure(scenario, outcome, true, Effect::None);
        }
        Scenario::Hangs => {
            let failure = expect_failure(scenario, outcome, true, Effect::Unknown);
            assert_eq!(failure.error_type, error_type::TIMEOUT, "{scenario:?}");
        }
        Scenario::AnswersTooMuch => {
            let failure = expect_failure(scenario, outcome, false, Effect::Unknown);
            assert_eq!(failure.error_type, error_type::PAYLOAD_TOO_LARGE);
        }
    }
}

fn output(scenario: Scenario, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Success(success) => serde_json::from_slice(&success.output)
            .unwrap_or_else(|error| panic!("{scenario:?}: output is no JSON: {error}")),
        Outcome::Accepted(_) | Outcome::Failure(_) => {
            panic!("{scenario:?}: expected a success, but got {outcome:?}")
        }
    }
}

fn expect_failure(
    scenario: Scenario,
    outcome: &Outcome,
    retryable: bool,
    effect: Effect,
) -> &Failure {
    let Some(failure) = outcome.failure() else {
        panic!("{scenario:?}: expected a failure, but got {outcome:?}");
    };
    let found = (failure.retryable, failure.effect);
    assert_eq!(found, (retryable, effect), "{scenario:?}: {failure:?}");
    assert!(!failure.error_type.is_empty(), "{scenario:?}: {failure:?}");
    assert!(!failure.message.is_empty(), "{scenario:?}: {failure:?}");
    failure
}

/// The planted secret stands in no field, whatever the other side did with it.
fn expect_no_secret(scenario: Scenario, outcome: &Outcome) {
    let mut text = format!("{outcome:?}");
    if let Outcome::Success(success) = outcome {
        text.push_str(&String::from_utf8_lossy(&success.output));
    }
    assert!(!text.contains(SECRET_VALUE), "{scenario:?}: {text}");
}

/// Each call that arrived said who it is; where a secret was sent, it arrived as it is.
fn expect_identity(scenario: Scenario, seen: &[Seen]) {
    let wants_secret = matches!(
        scenario,
        Scenario::RepeatsSecret | Scenario::RefusesWithSecret
    );
    if scenario != Scenario::Unreachable {
        assert!(!seen.is_empty(), "{scenario:?}: nothing arrived");
    }
    let call = example_call(None, &json!({ "$secret": SECRET_NAME }));
    for seen in seen {
        assert_eq!(
            seen.idempotency_key.as_deref(),
            Some(call.idempotency_key.as_str())
        );
        assert_eq!(
            seen.correlation_id.as_deref(),
            Some(call.correlation_id.as_str())
        );
        assert_eq!(seen.traceparent, Some(call.traceparent()));
        assert!(
            seen.secret || !wants_secret,
            "{scenario:?}: no secret arrived"
        );
    }
}

async fn a_dropped_call_leaves_the_adapter_usable(theatre: &dyn Theatre) {
    let stage = theatre.stage(Scenario::Hangs).await;
    let dropped = stage.adapter.call(call_of(&stage));
    let cut = tokio::time::timeout(Duration::from_millis(50), dropped).await;
    assert!(cut.is_err(), "expected no answer, but got {cut:?}");
    let mut second = call_of(&stage);
    second.timeout_ms = 100;
    let outcome = stage.adapter.call(second).await;
    expect(Scenario::Hangs, &outcome);
    stage.adapter.close().await;
}
