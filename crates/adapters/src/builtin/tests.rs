use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter::conformance::{
    SECRET_NAME, SECRET_VALUE, Scenario, Seen, Stage, Theatre, example_call, run,
};
use adapter::{Adapter, BuildContext, Failure, OutboundPolicy, Outcome, StaticSecrets};
use async_trait::async_trait;
use serde_json::{Value, json};

fn build(settings: &Value) -> Arc<dyn Adapter> {
    let mut settings = settings.clone();
    settings["type"] = "builtin".into();
    let context = BuildContext {
        secrets: Arc::new(StaticSecrets::new([(SECRET_NAME, SECRET_VALUE)])),
        env: Arc::new(json!({})),
        outbound: OutboundPolicy::default(),
    };
    let built = crate::registry().build("local", &settings, context);
    built.unwrap_or_else(|error| panic!("{error}"))
}

async fn call(action: &str, input: &Value) -> Outcome {
    let call = example_call(Some(action.into()), input);
    build(&json!({})).call(call).await
}

async fn check(action: &str, input: Value, expected: Value) {
    match call(action, &input).await {
        Outcome::Success(success) => {
            let output: Value = serde_json::from_slice(&success.output).unwrap();
            assert_eq!(output, expected, "{action} {input}");
        }
        other => panic!("{action} {input}: {other:?}"),
    }
}

async fn refused(action: &str, input: Value) -> Failure {
    let outcome = call(action, &input).await;
    let failure = outcome.failure().cloned();
    failure.unwrap_or_else(|| panic!("{action} {input}: {outcome:?}"))
}

#[tokio::test]
async fn each_action_does_what_it_says() {
    check("echo", json!({"a": [1]}), json!({"a": [1]})).await;
    check("transform", json!({"value": {"b": 2}}), json!({"b": 2})).await;
    check("log", json!({"message": "hello"}), Value::Null).await;
    check("log", json!({"message": {"any": "thing"}}), Value::Null).await;
    check("delay", json!({"for": "1ms"}), Value::Null).await;
    let schema = json!({"type": "object", "required": ["id"]});
    check(
        "validate",
        json!({"schema": schema, "value": {"id": 1}}),
        json!({"id": 1}),
    )
    .await;
}

#[tokio::test]
async fn outputs_are_the_bytes_of_the_input() {
    for (action, input, expected) in [
        ("echo", "{ \"n\": 1.50 }", "{ \"n\": 1.50 }"),
        (
            "transform",
            "{\"value\": { \"n\": 1.50 } }",
            "{ \"n\": 1.50 }",
        ),
        ("validate", "{\"schema\":true,\"value\": 1.50}", "1.50"),
    ] {
        let mut call = example_call(Some(action.into()), &Value::Null);
        call.input = input.into();
        match build(&json!({})).call(call).await {
            Outcome::Success(success) => assert_eq!(success.output, expected, "{action}"),
            other => panic!("{action}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_input_that_does_not_fit_is_refused_for_good() {
    for (action, input, part) in [
        ("transform", json!({"vlaue": 1}), "unknown field `vlaue`"),
        ("transform", json!(7), "{value}"),
        ("log", json!({}), "missing field `message`"),
        ("delay", json!({"for": "soon"}), "soon"),
        ("delay", json!({"for": 5}), "{for}"),
        (
            "validate",
            json!({"schema": {"type": "nope"}, "value": 1}),
            "JSON Schema",
        ),
        (
            "validate",
            json!({"schema": {"$ref": "http://127.0.0.1:1/x"}, "value": 1}),
            "JSON Schema",
        ),
    ] {
        let failure = refused(action, input).await;
        assert_eq!(
            (failure.error_type.as_str(), failure.retryable),
            ("input", false)
        );
        assert!(failure.message.contains(part), "{action}: {failure:?}");
    }
    let failure = refused("transfrom", json!({})).await;
    assert_eq!(failure.error_type, "adapter.unknown-action");
    assert!(
        failure.message.contains("did you mean `transform`?"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_schema_is_pointed_out() {
    let schema = json!({"properties": {
        "lines": {"items": {"properties": {"quantity": {"type": "integer"}}}},
    }});
    let value = json!({"lines": [{"quantity": 1}, {"quantity": "a few"}]});
    let failure = refused("validate", json!({"schema": schema, "value": value})).await;
    assert_eq!(failure.error_type, "validation");
    assert!(
        failure.message.starts_with("/lines/1/quantity: "),
        "{failure:?}"
    );
    let errors = failure.details.unwrap()["errors"].clone();
    assert_eq!(errors[0]["pointer"], "/lines/1/quantity");
    assert_eq!(errors.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_its_time_but_no_longer_than_the_attempt_may() {
    let before = tokio::time::Instant::now();
    check("delay", json!({"for": "9s"}), Value::Null).await;
    assert!(before.elapsed() >= Duration::from_secs(9));
    let before = tokio::time::Instant::now();
    let failure = refused("delay", json!({"for": "7d"})).await;
    assert_eq!(failure.error_type, "timeout");
    assert!(before.elapsed() < Duration::from_secs(11));
}

#[test]
fn settings_are_checked() {
    let check = |settings: Value| {
        let errors = crate::registry().check(&settings);
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let fine = json!({"type": "builtin", "name": "local", "default-action": "echo", "timeout": "1s",
        "actions": {"delay": {"timeout": "1m", "retry": "none"}}});
    assert_eq!(check(fine), [""; 0]);
    for (more, expected) in [
        (
            json!({"url": "x"}),
            "/url: expected a known setting, but found `url`",
        ),
        (
            json!({"default-action": "ecko"}),
            "/default-action: expected one of `transform`, `validate`, `log`, `delay`, `echo`, but found `ecko` (did you mean `echo`?)",
        ),
        (
            json!({"actions": {"delay": {"path": "/"}}}),
            "/actions/delay/path: expected a known setting, but found `path`",
        ),
    ] {
        let mut settings = more;
        settings["type"] = "builtin".into();
        assert_eq!(check(settings), [expected]);
    }
}

/// In process there is nobody to be out of reach, to be busy or to answer too much.
struct InProcess;

#[async_trait]
impl Theatre for InProcess {
    fn gaps(&self) -> &[Scenario] {
        &[
            Scenario::RefusesForNow,
            Scenario::Unreachable,
            Scenario::AnswersTooMuch,
        ]
    }

    fn sees_calls(&self) -> bool {
        false
    }

    async fn stage(&self, scenario: Scenario) -> Stage {
        let secret = json!({ "$secret": SECRET_NAME });
        let (action, input) = match scenario {
            Scenario::Succeeds => ("transform", json!({"value": {"ok": true}})),
            Scenario::RefusesForGood => ("validate", json!({"schema": false, "value": 1})),
            Scenario::Hangs => ("delay", json!({"for": "1h"})),
            Scenario::RepeatsSecret => ("echo", secret),
            Scenario::RefusesWithSecret => ("transform", json!({ SECRET_VALUE: secret })),
            Scenario::RefusesForNow | Scenario::Unreachable | Scenario::AnswersTooMuch => {
                unreachable!("{scenario:?} is a gap")
            }
        };
        Stage {
            adapter: build(&json!({})),
            action: Some(action.into()),
            input,
        }
    }

    async fn seen(&self) -> Vec<Seen> {
        Vec::new()
    }
}

#[tokio::test]
async fn builtin_conforms() {
    run(&InProcess).await;
}

#[tokio::test]
async fn a_schema_that_refers_to_itself_ends() {
    for schema in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"$ref": "#/$defs/a", "$defs": {
            "a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}},
        }}),
    ] {
        check("validate", json!({"schema": schema, "value": 1}), json!(1)).await;
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_logged_message_is_one_line_that_names_the_step_and_no_secret() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let message = json!({"message": {"a": "x\ny", "b": {"$secret": SECRET_NAME}}});
    check("log", message, Value::Null).await;
    check("log", json!({"message": "first\nsecond"}), Value::Null).await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let found: Vec<&str> = text.lines().collect();
    assert_eq!(found.len(), 2, "{text}");
    assert!(found[0].contains(r#"{"a":"x\ny","b":"***"}"#), "{text}");
    assert!(found[1].contains("first\\nsecond"), "{text}");
    for part in ["instance-7", "charge", "correlation-7", "attempt=1"] {
        assert!(
            found.iter().all(|line| line.contains(part)),
            "{part}: {text}"
        );
    }
}
