//! Looking rules up gives the same as trying them one by one.

use std::fmt::Write;
use std::sync::Arc;

use definition::{Catalog, RouterMode};
use expression::Variables;
use proptest::prelude::*;
use router::{Event, NoStats, RuleName, Table};
use serde_json::{Map, Value, json};

use crate::event::{Sample, Unread, catalog};

impl Variables for Sample {
    fn get(&self, root: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        match root {
            "event" => self.data.clone(),
            "meta" => Some(self.meta.clone()),
            _ => None,
        }
    }
}

/// The rules that take an event, tried one by one.
fn one_by_one(catalog: &Catalog, event: &Sample) -> Vec<u32> {
    let router = &catalog.routers["default"];
    let holds = router.rules.iter().zip(0..).filter(|(rule, _)| {
        rule.condition
            .evaluate_bool(event, event.at_ms())
            .unwrap_or(false)
    });
    let places = holds.map(|(_, place)| place);
    match router.mode {
        RouterMode::First => places.take(1).collect(),
        RouterMode::All => places.collect(),
    }
}

fn looked_up(table: &Table, event: &dyn Event) -> Vec<u32> {
    let found = table.route(event, &NoStats);
    let routes = found.offers.iter().flat_map(|offer| &offer.routes);
    routes
        .map(|route| match route.rule {
            RuleName::At(place) => place,
            other => panic!("{other}"),
        })
        .collect()
}

fn field() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "event.region",
        "event.n",
        "event.on",
        "event.deep.kind",
        "event['a-b']",
        "meta.type",
        "meta.subject",
        "meta.deep.kind",
    ])
}

fn constant() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "'EU'", "'US'", "''", "1", "2", "0", "1.0", "2.5", "true", "false", "null",
    ])
}

/// A condition, most often a comparison of a field with constants.
fn condition() -> impl Strategy<Value = String> {
    let equal = (field(), constant()).prop_map(|(field, it)| format!("{field} == {it}"));
    let turned = (field(), constant()).prop_map(|(field, it)| format!("{it} == {field}"));
    let within = (field(), prop::collection::vec(constant(), 0..4))
        .prop_map(|(field, list)| format!("{field} in [{}]", list.join(", ")));
    let other = (field(), constant()).prop_map(|(field, it)| format!("{field} != {it}"));
    let simple = prop_oneof![4 => equal, 1 => turned, 2 => within, 1 => other].boxed();
    let pair = (
        simple.clone(),
        simple.clone(),
        prop::sample::select(vec!["&&", "||"]),
    );
    let both = pair.prop_map(|(left, right, with)| format!("{left} {with} {right}"));
    let not = simple.clone().prop_map(|it| format!("!({it})"));
    prop_oneof![5 => simple, 3 => both, 1 => not, 1 => Just("true".to_owned())]
}

fn value() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("EU"),
        json!("US"),
        json!(""),
        json!(1),
        json!(1.0),
        json!(2),
        json!(2.5),
        json!(-0.0),
        json!(0),
        json!(true),
        json!(false),
        json!(null),
        json!(["EU"]),
        json!({ "kind": "EU" }),
    ])
}

fn object() -> impl Strategy<Value = Value> {
    let names = vec!["region", "n", "on", "a-b", "type", "subject"];
    let flat = prop::collection::vec((prop::sample::select(names), value()), 0..6);
    (flat, prop::option::of(value())).prop_map(|(flat, kind)| {
        let mut map: Map<String, Value> = flat
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        if let Some(kind) = kind {
            map.insert("deep".to_owned(), json!({ "kind": kind }));
        }
        Value::Object(map)
    })
}

fn table_of(mode: &str, conditions: &[String]) -> (Catalog, Table) {
    let mut text = format!("router:\n  mode: {mode}\n  rules:\n");
    for condition in conditions {
        writeln!(
            text,
            "    - {{ condition: \"{condition}\", destination: a }}"
        )
        .expect("text");
    }
    let catalog = catalog(&text);
    let table = Table::new(&catalog);
    (catalog, table)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn looking_up_is_trying_one_by_one(
        mode in prop::sample::select(vec!["first", "all"]),
        conditions in prop::collection::vec(condition(), 1..40),
        events in prop::collection::vec((object(), prop::option::weighted(0.9, object())), 1..30),
    ) {
        let (catalog, table) = table_of(mode, &conditions);
        for (meta, data) in events {
            let event = Sample::of(meta, data);
            let (expected, found) = (one_by_one(&catalog, &event), looked_up(&table, &event));
            prop_assert_eq!(&expected, &found, "{:?} {:?}", event.meta, event.data);
            let found = looked_up(&table, &Unread(&event));
            prop_assert_eq!(expected, found, "unread: {:?} {:?}", event.meta, event.data);
        }
    }
}

#[test]
fn a_thousand_rules_over_one_field_are_one_look_up() {
    let conditions: Vec<String> = (0..1000)
        .map(|n| format!("event.region == 'r{n}' && event.n == {n}"))
        .collect();
    let (_, table) = table_of("first", &conditions);
    let event = Sample::new("t", json!({ "region": "r999", "n": 999 }));
    assert_eq!(looked_up(&table, &event), [999]);
    // Once to look the rule up, once to evaluate it.
    assert_eq!(event.asked.get(), 2);
}
