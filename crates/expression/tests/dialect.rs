//! The dialect by example: what differs from or adds to CEL, and the errors that people meet.

use expression::{Document, EvalErrorKind, MAX_LENGTH, Program, Scope, Variables};
use serde_json::{Value, json};
use std::sync::Arc;

const NOW_MS: i64 = 1_700_000_000_123;

/// The variables of a running workflow.
struct Sample;

impl Variables for Sample {
    fn get(&self, root: &str, member: Option<&str>, field: Option<&str>) -> Option<Arc<Value>> {
        let value = match (root, member, field) {
            ("input", None, None) => json!({
                "amount": 100, "price": 99.5, "customer-id": "c-7", "none": null, "big": 18_446_744_073_709_551_615_u64,
                "tags": ["b", "a", "b"], "lines": [
                    {"sku": "x", "n": 2, "stock": "north"},
                    {"sku": "y", "n": 3, "stock": "south"},
                    {"sku": "z", "n": 5, "stock": "north"},
                ],
                "due": "2026-11-22T10:00:00+01:00", "pause": "1h30m",
            }),
            ("steps", Some("create-account"), Some("output")) => {
                json!({"id": 42, "in-flight": true})
            }
            ("steps", Some("create-account"), Some("status")) => json!("completed"),
            ("steps", Some("create"), Some("output")) => json!(null),
            ("env", Some("retry-limit"), None) => json!(5),
            ("env", Some("retry"), None) => json!(9),
            ("flags", Some("new-checkout"), None) => json!("b"),
            ("workflow", Some("correlation-id"), None) => json!("c1"),
            ("adapters", Some("crm-system"), None) => {
                json!({"healthy": true, "in-flight": 3, "error-rate": 0.25})
            }
            ("target", None, None) => json!({"in-flight": 4, "latency-p95": 12.5}),
            _ => return None,
        };
        Some(Arc::new(value))
    }
}

fn scope() -> Scope {
    Scope::new()
        .variables(["input", "now", "item", "error"])
        .steps(["create-account", "create", "3d-secure"])
        .open_members("env")
        .members("flags", ["new-checkout", "other"])
        .workflow()
        .adapters(["crm-system", "crm"])
        .record("target", ["in-flight", "latency-p95", "weight"])
}

fn compile(expression: &str) -> Program {
    Program::compile(expression, &scope()).unwrap_or_else(|error| panic!("{expression}: {error:?}"))
}

/// The same variables, those that are whole as documents.
struct Documents;

impl Variables for Documents {
    fn get(&self, root: &str, member: Option<&str>, field: Option<&str>) -> Option<Arc<Value>> {
        Sample.get(root, member, field)
    }

    fn document(&self, root: &str) -> Option<Arc<Document>> {
        let text = Sample.get(root, None, None)?.to_string();
        Some(Arc::new(Document::parse(text.into()).expect("it is JSON")))
    }
}

fn check(examples: &[(&str, Value)]) {
    for (expression, expected) in examples {
        let program = compile(expression);
        let found = program.evaluate(&Sample, NOW_MS);
        assert_eq!(found.as_ref(), Ok(expected), "{expression}");
        let found = program.evaluate(&Documents, NOW_MS);
        assert_eq!(found.as_ref(), Ok(expected), "{expression}, of documents");
    }
}

#[test]
fn takes_the_longest_known_name() {
    check(&[
        ("steps.create-account.output.id", json!(42)),
        ("steps.create-account.output.id-1", json!(41)),
        ("steps . create-account . output . id", json!(42)),
        ("steps['create-account'].output.id", json!(42)),
        ("steps.create-account.output[\"in-flight\"]", json!(true)),
        ("steps.create-account.output.`in-flight`", json!(true)),
        ("steps.create-account.status == 'completed'", json!(true)),
        ("env.retry-limit", json!(5)),
        ("env.retry - 1", json!(8)),
        ("env.retry -1", json!(8)),
        ("flags.new-checkout == 'b'", json!(true)),
        ("workflow.correlation-id + '!'", json!("c1!")),
        ("adapters.crm-system.in-flight - 1", json!(2)),
        ("adapters.crm-system.error-rate < 0.5", json!(true)),
        ("target.in-flight * 2", json!(8)),
        ("target.latency-p95", json!(12.5)),
        ("input['customer-id']", json!("c-7")),
    ]);
}

#[test]
fn mixes_int_and_double() {
    check(&[
        ("input.amount * 0.2", json!(20.0)),
        ("input.price * 2", json!(199.0)),
        ("input.amount + 0.5", json!(100.5)),
        ("0.5 - input.amount", json!(-99.5)),
        ("input.amount / 8", json!(12)),
        ("input.amount / 8.0", json!(12.5)),
        ("-input.amount", json!(-100)),
        ("input.amount % 7", json!(2)),
        ("input.big", json!(18_446_744_073_709_551_615_u64)),
        ("input.big / 2.0", json!(9_223_372_036_854_775_808.0)),
        ("100 == 100.0 && 1 < 1.5", json!(true)),
    ]);
    fails("input.amount % 7.0", EvalErrorKind::Other);
}

#[test]
fn adds_functions_for_lists() {
    check(&[
        ("sum(input.lines.map(l, l.n))", json!(10)),
        ("sum([1, 0.5])", json!(1.5)),
        ("sum([])", json!(0)),
        ("min([3, 1.5, 2])", json!(1.5)),
        ("max(['a', 'c', 'b'])", json!("c")),
        ("range(3)", json!([0, 1, 2])),
        ("range(0)", json!([])),
        (
            "group(input.lines, l, l.stock).map(g, {'stock': g.key, 'n': sum(g.items.map(i, i.n))})",
            json!([{"stock": "north", "n": 7}, {"stock": "south", "n": 3}]),
        ),
        (
            "group([1, null, 1], x, x)",
            json!([{"key": 1, "items": [1, 1]}, {"key": null, "items": [null]}]),
        ),
        ("input.tags.distinct().sort()", json!(["a", "b"])),
        (
            "input.lines.sortBy(l, -l.n).map(l, l.sku)",
            json!(["z", "y", "x"]),
        ),
        ("[[1], [2, [3]]].flatten()", json!([1, 2, [3]])),
        ("[1, 2, 3].slice(1, 3)", json!([2, 3])),
        ("[1, 2].reverse()", json!([2, 1])),
        ("[1, 2].last().value() + [1].first().orValue(0)", json!(3)),
        (
            "input.tags.transformMap(i, tag, i > 0, tag)",
            json!({"1": "a", "2": "b"}),
        ),
        ("cel.bind(total, sum([1, 2]), total * total)", json!(9)),
    ]);
    for expression in [
        "min([])",
        "max([1, 'a'])",
        "sum(['a'])",
        "range(-1)",
        "['a', 1].sort()",
    ] {
        fails(expression, EvalErrorKind::Other);
    }
}

#[test]
fn reads_times() {
    check(&[
        ("now", json!("2023-11-14T22:13:20.123Z")),
        ("now + duration('7d')", json!("2023-11-21T22:13:20.123Z")),
        ("duration('1d2h') == duration('26h')", json!(true)),
        ("duration('1500ms')", json!("1.5s")),
        ("timestamp(input.due) > now", json!(true)),
        ("timestamp(input.due).getHours('Europe/Berlin')", json!(10)),
        (
            "timestamp(input.due) - now < duration('1200d')",
            json!(true),
        ),
        ("b'hi'", json!("aGk=")),
        ("{1: 'a', true: 2u}", json!({"1": "a", "true": 2})),
        ("type(1)", json!("int")),
    ]);
    let ms = |expression: &str| compile(expression).evaluate_duration_ms(&Sample, NOW_MS);
    assert_eq!(ms("input.pause"), Ok(5_400_000));
    assert_eq!(ms("duration('1.5s')"), Ok(1_500));
    assert_eq!(ms("'7d'"), Ok(604_800_000));
    assert!(ms("5").is_err() && ms("'soon'").is_err() && ms("duration('-1s')").is_err());
    let at = |expression: &str| compile(expression).evaluate_timestamp_ms(&Sample, NOW_MS);
    assert_eq!(at("input.due"), Ok(1_795_338_000_000));
    assert_eq!(at("now + duration('1ms')"), Ok(NOW_MS + 1));
    assert!(at("input.amount").is_err() && at("'2026-11-22'").is_err());
    assert_eq!(compile("1 < 2").evaluate_bool(&Sample, 0), Ok(true));
    assert!(compile("1").evaluate_bool(&Sample, 0).is_err());
}

fn fails(expression: &str, kind: EvalErrorKind) {
    let program = compile(expression);
    let error = program.evaluate(&Sample, NOW_MS).expect_err(expression);
    let of_documents = program.evaluate(&Documents, NOW_MS);
    assert_eq!(of_documents.as_ref(), Err(&error), "{expression}");
    assert_eq!(error.kind, kind, "{expression}: {error}");
    assert!(error.span.is_some(), "{expression}");
}

#[test]
fn tells_a_missing_field_from_other_errors() {
    for expression in [
        "input.nothing",
        "input.nothing.more == 1",
        "input['nothing']",
        "input.none.more",
        "input.nothing > 10 && true",
        "steps.create.output.id",
        "steps.3d-secure.output",
        "env.absent",
        "item.x",
        "[1].exists(x, input.nothing == x)",
        "input.?nothing.value()",
    ] {
        fails(expression, EvalErrorKind::MissingField);
    }
    for expression in [
        "input.amount.more",
        "input.tags[7]",
        "input.amount + 'x'",
        "1 / 0",
        "int('x')",
        "9223372036854775807 + 1",
        "0.0 / 0.0",
        "input.tags < input.tags",
    ] {
        fails(expression, EvalErrorKind::Other);
    }
    check(&[
        ("has(input.nothing)", json!(false)),
        ("has(input.none)", json!(true)),
        ("has(input.none.more)", json!(false)),
        ("has(steps.create.output)", json!(true)),
        ("has(steps.create.output.id)", json!(false)),
        ("has(steps.3d-secure.error)", json!(false)),
        ("has(env.absent)", json!(false)),
        ("input.?nothing.orValue(3)", json!(3)),
        ("env.?absent.orValue('x')", json!("x")),
        ("input.nothing == 1 || input.amount == 100", json!(true)),
        ("optional.of(1).orValue(1 / 0)", json!(1)),
    ]);
    fails("has(adapters.crm.healthy)", EvalErrorKind::MissingField);
}

/// The expression, a part of the message, a part of the hint, and the text that the error points at.
#[test]
fn explains_what_does_not_compile() {
    #[rustfmt::skip]
    let examples = [
        ("xyz.amount", "no variable `xyz`", "visible here: adapters", "xyz"),
        ("inptu.amount", "no variable `inptu`", "did you mean `input`?", "inptu"),
        ("input.customer-id", "no variable `id`", "input[\"customer-id\"]", "id"),
        ("customer-id == 'x'", "no variable `customer`", "input[\"customer-id\"]", "customer"),
        ("steps.create.output.user-name == 'x'", "`name`", "steps.create.output[\"user-name\"]", "name"),
        ("steps.create-acount.output", "no step `create-acount`", "did you mean `create-account`?", "create-acount"),
        ("steps.create-accounts.output", "no step `create-accounts`", "did you mean `create-account`?", "create-accounts"),
        ("steps.create-account", "followed by one of output, status", "create-account.output", "steps.create-account"),
        ("steps.create-account.outptu", "followed by one of", "create-account.output`?", "steps.create-account.outptu"),
        ("steps", "alone is not a value", "", "steps"),
        ("steps[input.amount].output", "a name in quotes", "", "input"),
        ("flags.unknown", "no flag `unknown`", "known: new-checkout, other", "unknown"),
        ("workflow.started", "no field `started`", "known: correlation-id, id, name", "started"),
        ("adapters.crm.latency", "followed by one of healthy, breaker", "", "adapters.crm.latency"),
        ("siez(input.tags)", "no function `siez`", "did you mean `size`?", "siez"),
        ("input.tags.sum()", "no function `sum`", "sum(value)", "sum"),
        ("startsWith(input.due, '2')", "no function `startsWith`", "value.startsWith(...)", "startsWith"),
        ("size(1, 2)", "does not take 2 arguments", "", "size"),
        ("math.gratest(1)", "no function `math.gratest`", "math.greatest", ""),
        ("input.due.matches('(')", "not a regular expression", "", "'('"),
        ("input.amount = 1", "`=` is not part", "`==`", "="),
        ("input.amount ==", "expected a value, but the expression ends", "", ""),
        ("(1", "expected `)`", "", ""),
        ("'abc", "no closing '", "", "'abc"),
        ("1 2", "expected an operator or the end, but found `2`", "", "2"),
        ("input.tags.map(1, 2)", "the name of a variable", "", "1"),
        ("has(input)", "`has` takes a field", "", "input"),
        ("'\\q'", "not begin a valid escape", "r'...'", "\\q"),
        ("99999999999999999999", "out of range", "", "99999999999999999999"),
        ("", "empty", "", ""),
        ("é", "`é` is not part", "", "é"),
    ];
    for (source, message, hint, place) in examples {
        let error = Program::compile(source, &scope()).expect_err(source);
        assert!(error.message.contains(message), "{source}: {error:?}");
        assert!(
            error.hint.as_deref().unwrap_or("").contains(hint),
            "{source}: {error:?}"
        );
        assert!(
            place.is_empty() || &source[error.span.clone()] == place,
            "{source}: {error:?}"
        );
    }
}

#[test]
fn names_what_it_needs() {
    let program = compile(
        "steps.create-account.output.id > 0 && env.retry-limit > input.amount + input.price \
        && adapters.crm.in-flight < 3",
    );
    let found: Vec<_> = program
        .references()
        .iter()
        .map(|it| {
            (
                it.root.as_str(),
                it.member.as_deref(),
                it.field.as_deref(),
                &program.source()[it.span.0..it.span.1],
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "steps",
                Some("create-account"),
                Some("output"),
                "steps.create-account.output"
            ),
            ("env", Some("retry-limit"), None, "env.retry-limit"),
            ("input", None, None, "input"),
            (
                "adapters",
                Some("crm"),
                Some("in-flight"),
                "adapters.crm.in-flight"
            ),
        ]
    );
}

#[test]
fn is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Program>();
    shared::<expression::Template>();
}

#[test]
fn asks_only_for_what_it_reaches() {
    struct Refuses;
    impl Variables for Refuses {
        fn get(&self, root: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
            assert_eq!(root, "input", "only the left side is reached");
            Some(Arc::new(json!({"amount": 1})))
        }
    }
    let program = compile("input.amount == 1 || steps.create.output.id == 2");
    assert_eq!(program.evaluate_bool(&Refuses, 0), Ok(true));
}

#[test]
fn bounds_length_depth_and_cost() {
    let long = format!("1{}", " ".repeat(MAX_LENGTH));
    for source in [
        long,
        format!("{}1{}", "(".repeat(101), ")".repeat(101)),
        format!("{}1{}", "[".repeat(101), "]".repeat(101)),
        format!("{}true", "!".repeat(400)),
        format!("input{}", ".a".repeat(400)),
        "true ? 1 : ".repeat(101) + "1",
    ] {
        let error = Program::compile(&source, &scope()).expect_err(&source);
        assert!(
            error.message.contains("at most 2048") || error.message.contains("100 levels"),
            "{error}"
        );
    }
    check(&[
        (&format!("{}1{}", "(".repeat(99), ")".repeat(99)), json!(1)),
        (&vec!["1"; 1_000].join("+"), json!(1_000)),
        (&vec!["true"; 300].join("&&"), json!(true)),
    ]);
    for source in [
        "range(1000000)",
        "range(1000).map(a, range(1000).map(b, a * b)).size()",
        "range(1000).all(a, range(1000).all(b, range(1000).all(c, true))) || true",
        "range(300).map(a, range(300).map(b, 'x'.replace('', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'.replace('', 'zzzzzzzzzzzz')))).size()",
    ] {
        let error = compile(source).evaluate(&Sample, 0).expect_err(source);
        assert!(
            error.message.contains("costs more than"),
            "{source}: {error}"
        );
    }
}

#[test]
fn evaluates_for_the_command_line() {
    use expression::eval::{Error, run};
    let input = json!({"a": 1, "b.c": 2, "b": {"c": 3}, "steps.pay-now.output": {"id": 4}, "customer-id": 5});
    let value = |expression: &str| run(expression, &input);
    assert_eq!(value("a + b.c"), Ok(json!(3)));
    assert_eq!(value("steps.pay-now.output.id"), Ok(json!(4)));
    assert_eq!(value("customer-id - a"), Ok(json!(4)));
    assert_eq!(value("nothing || true"), Ok(json!(true)));
    assert!(matches!(value("a +"), Err(Error::Syntax(_))));
    assert!(matches!(value("nothing"), Err(Error::Evaluation(_))));
    assert!(matches!(value("nothing(a)"), Err(Error::Evaluation(_))));
    assert!(matches!(run("1", &json!([])), Err(Error::Input)));
}
