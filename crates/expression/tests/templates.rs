//! Templates by example.

use expression::{EvalErrorKind, Scope, Template, Variables};
use serde_json::{Value, json};
use std::sync::Arc;

struct Sample;

impl Variables for Sample {
    fn get(&self, root: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        let input = json!({
            "name": "Ann", "n": 5, "price": 2.5, "whole": 3.0, "none": null, "yes": true,
            "list": [1, "a"], "map": {"k": null},
        });
        (root == "input").then(|| Arc::new(input))
    }
}

fn scope() -> Scope {
    Scope::new()
        .variables(["input", "now"])
        .open_members("secrets")
}

#[test]
fn fills_in_values() {
    let examples = [
        (json!("${ input.n }"), json!(5)),
        (json!("${input.list}"), json!([1, "a"])),
        (json!("${ input.none }"), json!(null)),
        (
            json!("n=${ input.n }, p=${ input.price }, w=${ input.whole }"),
            json!("n=5, p=2.5, w=3"),
        ),
        (
            json!("<${ input.none }|${ input.yes }|${ input.name }>"),
            json!("<|true|Ann>"),
        ),
        (
            json!("${ input.list } ${ input.map }"),
            json!("[1,\"a\"] {\"k\":null}"),
        ),
        (json!("${ input.n }${ input.n }"), json!("55")),
        (json!(" ${ input.n }"), json!(" 5")),
        (
            json!("$${ input.n } costs $5 $ {x} }"),
            json!("${ input.n } costs $5 $ {x} }"),
        ),
        (json!("${ {'a': {'b': '}'}}['a'].b }!"), json!("}!")),
        (json!("${ r'\\d}' + '}' }"), json!("\\d}}")),
        (
            json!("at ${ timestamp(0) } for ${ duration('90s') }"),
            json!("at 1970-01-01T00:00:00.000Z for 90s"),
        ),
        (
            json!({"a": ["${ input.n + 1 }", 2, {"b": "x"}], "c": null}),
            json!({"a": [6, 2, {"b": "x"}], "c": null}),
        ),
        (json!("Zoë ${ input.name } 🐱"), json!("Zoë Ann 🐱")),
    ];
    for (source, expected) in examples {
        let template = Template::compile(&source, &scope()).expect("compiles");
        assert_eq!(template.evaluate(&Sample, 0), Ok(expected), "{source}");
    }
}

#[test]
fn knows_constants() {
    let constant = json!({"a": [1, "x", null], "b": "$${ y }"});
    let template = Template::compile(&constant, &scope()).expect("compiles");
    assert_eq!(
        template.constant(),
        Some(&json!({"a": [1, "x", null], "b": "${ y }"}))
    );
    let template = Template::compile(&json!(["${ 1 }"]), &scope()).expect("compiles");
    assert_eq!(template.constant(), None);
}

#[test]
fn reports_every_leaf_that_does_not_compile() {
    let source = json!({
        "a/b": ["ok", "x ${ inptu.n }"],
        "c": "${ input.n",
        "d": "${ }",
        "e": "${ 'open }",
        "f": "${ input.n + }",
    });
    let errors = Template::compile(&source, &scope()).expect_err("does not compile");
    let found: Vec<(&str, &str)> = errors
        .iter()
        .map(|it| (it.pointer.as_str(), it.error.message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/a~1b/1", "there is no variable `inptu` here"),
            ("/c", "expected `}` at the end of `${`"),
            ("/d", "the expression is empty"),
            ("/e", "this text has no closing '"),
            ("/f", "expected a value, but the expression ends"),
        ]
    );
    assert_eq!(&"x ${ inptu.n }"[errors[0].error.span.clone()], "inptu");
    let long = json!(format!("${{ {} }}", "a".repeat(5_000)));
    let errors = Template::compile(&long, &scope()).expect_err("too long");
    assert!(errors[0].error.message.contains("2048"), "{errors:?}");
}

#[test]
fn names_the_place_of_an_evaluation_error() {
    let source = json!({"a": {"b": "x ${ input.nothing }"}});
    let template = Template::compile(&source, &scope()).expect("compiles");
    let error = template.evaluate(&Sample, 0).expect_err("no such field");
    assert_eq!(error.kind, EvalErrorKind::MissingField);
    assert_eq!(
        error.message,
        "there is no field `nothing` in `input.nothing` at /a/b"
    );
    assert_eq!(error.span, Some(5..18));
}

#[test]
fn lets_secrets_stand_only_as_leaves() {
    let scope = Scope::new()
        .variable("input")
        .members("secrets", ["api-token"]);
    let compile = |source: Value| Template::compile_with_secret_leaves(&source, &scope);
    let template =
        compile(json!({"token": "${ secrets.api-token }", "n": "${ input.n }"})).expect("compiles");
    let expected = json!({"token": {"$secret": "api-token"}, "n": 5});
    assert_eq!(template.evaluate(&Sample, 0), Ok(expected));
    let references = template.references();
    assert!(
        references
            .iter()
            .any(|it| it.root == "secrets" && it.member.as_deref() == Some("api-token"))
    );
    for source in [
        "Bearer ${ secrets.api-token }",
        "${ secrets.api-token + 'x' }",
        "${ [secrets.api-token] }",
    ] {
        let errors = compile(json!(source)).expect_err(source);
        assert!(errors[0].error.message.contains("alone"), "{errors:?}");
    }
    let errors = compile(json!("${ secrets.api-tokn }")).expect_err("unknown");
    assert_eq!(
        errors[0].error.hint.as_deref(),
        Some("did you mean `api-token`?")
    );
    // In an adapter's settings a secret is a value like any other.
    let template = Template::compile(&json!("Bearer ${ secrets.api-token }"), &scope);
    assert!(template.is_ok());
}
