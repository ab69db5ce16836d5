//! The CEL specification's own tests, as far as we promise them; see `tests/cel/NOTICE`.

use crate::evaluate::Budget;
use crate::value::{Key, Value, double_text, equal};
use crate::{EvalError, eval};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;

const VECTORS: &str = include_str!("../tests/cel/vectors.jsonl");
/// The ids of the vectors that fail, one a line; `docs/expressions.md` lists them too.
const EXPECTED_FAILURES: &str = include_str!("../tests/cel/expected-failures.txt");

#[test]
fn passes_the_vectors_of_the_specification() {
    let mut failures = BTreeSet::new();
    let mut count = 0;
    for line in VECTORS.lines() {
        let vector: Json = serde_json::from_str(line).expect("a vector is JSON");
        count += 1;
        if let Err(why) = check(&vector) {
            let id = vector["id"].as_str().unwrap_or_default();
            println!("{id}: {}: {why}", vector["expr"]);
            failures.insert(id.to_owned());
        }
    }
    assert_eq!(count, 1205);
    let is_id = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let expected: BTreeSet<String> = EXPECTED_FAILURES
        .lines()
        .filter(is_id)
        .map(str::to_owned)
        .collect();
    assert_eq!(failures, expected);
}

fn check(vector: &Json) -> Result<(), String> {
    let expression = vector["expr"].as_str().unwrap_or_default();
    let (expression, input) = bind(expression, &vector["bindings"]);
    let found = eval::compile(&expression, &input)
        .map_err(|error| error.to_string())
        .and_then(|program| {
            let same =
                |value: Value<'_>, budget: &mut Budget| matches(&vector["value"], &value, budget);
            let variables = eval::Bindings(&input);
            program
                .run(&variables, 0, same)
                .map_err(|error| error.to_string())
        });
    match (found, vector["error"] == json!(true)) {
        (Err(_), true) | (Ok(true), false) => Ok(()),
        (Err(error), false) => Err(error),
        (Ok(_), _) => Err(format!("expected {}", vector["value"])),
    }
}

/// Bindings that JSON has not the types for are bound in the expression itself.
fn bind(expression: &str, bindings: &Json) -> (String, Map<String, Json>) {
    let mut input = Map::new();
    let mut bound = expression.to_owned();
    for (name, value) in bindings.as_object().into_iter().flatten() {
        let (kind, content) = only_entry(value);
        match kind {
            "uint" => bound = format!("cel.bind({name}, {}u, {bound})", text(content)),
            "bytes_base64" => {
                let encoded = text(content);
                bound = format!("cel.bind({name}, base64.decode('{encoded}'), {bound})");
            }
            _ => drop(input.insert(name.clone(), plain(value))),
        }
    }
    (bound, input)
}

fn plain(value: &Json) -> Json {
    let (kind, content) = only_entry(value);
    match kind {
        "int" => json!(text(content).parse::<i64>().expect("an int")),
        "list" => content
            .as_array()
            .into_iter()
            .flatten()
            .map(plain)
            .collect(),
        "map" => {
            let entries = content.as_array().into_iter().flatten();
            Json::Object(
                entries
                    .map(|entry| (text(&entry[0]["string"]).to_owned(), plain(&entry[1])))
                    .collect(),
            )
        }
        "null" | "bool" | "string" | "double" => content.clone(),
        other => panic!("a binding of type {other}"),
    }
}

fn matches<'a>(expected: &Json, found: &Value<'a>, budget: &mut Budget) -> Result<bool, EvalError> {
    let (kind, content) = only_entry(expected);
    Ok(match (kind, found) {
        ("null", Value::Null) => true,
        ("bool", Value::Bool(it)) => content == &json!(it),
        ("int", Value::Int(it)) => text(content) == it.to_string(),
        ("uint", Value::Uint(it)) => text(content) == it.to_string(),
        ("double", Value::Double(it)) => match content.as_f64() {
            Some(expected) => expected.to_bits() == it.to_bits(),
            None => text(content) == double_text(*it),
        },
        ("string", Value::String(it)) => text(content) == &**it,
        ("bytes_base64", Value::Bytes(it)) => text(content) == STANDARD.encode(it),
        ("type", Value::Type(it)) => text(content) == *it,
        ("list", Value::List(list)) => {
            let expected = content.as_array().map_or(&[][..], Vec::as_slice);
            let mut same = expected.len() == list.len();
            for (expected, found) in expected.iter().zip(list.iter()) {
                same &= matches(expected, &found, budget)?;
            }
            same
        }
        ("map", Value::Map(map)) => {
            let expected = content.as_array().map_or(&[][..], Vec::as_slice);
            let mut same = expected.len() == map.len();
            for entry in expected {
                let found = map
                    .entries()
                    .into_iter()
                    .find(|(key, _)| is_key(&entry[0], key));
                same &= match found {
                    Some((_, value)) => matches(&entry[1], &value, budget)?,
                    None => false,
                };
            }
            same && equal(found, found, budget)?
        }
        _ => false,
    })
}

fn is_key(expected: &Json, key: &Key<'_>) -> bool {
    let mut budget = Budget::new();
    matches(expected, &key.value(), &mut budget).unwrap_or(false)
}

fn only_entry(value: &Json) -> (&str, &Json) {
    let object = value.as_object().and_then(|it| it.iter().next());
    object.map_or(("", &Json::Null), |(kind, content)| {
        (kind.as_str(), content)
    })
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}
