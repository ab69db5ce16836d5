//! What it costs to route an event over 10, 100 and 1,000 rules: looked up by one field, by two, and one by one.
//! `cargo bench -p router` prints nanoseconds per event.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use definition::{Catalog, ResourceSet, no_settings_check};
use router::{Event, NoStats, Table};
use serde_json::{Value, json};

/// How long each figure is measured.
const MEASURED: Duration = Duration::from_millis(300);

/// Shapes of rules, by what they compare with the number of the rule.
const SHAPES: [(&str, &str); 4] = [
    ("attribute", "meta.type == 't{n}'"),
    ("field", "event.region == 'r{n}'"),
    (
        "field and more",
        "event.region == 'r{n}' && event.amount > 10",
    ),
    ("one by one", "event.number > {n}.5 && event.number < {n}.7"),
];

struct Sample {
    meta: Arc<Value>,
    data: Arc<Value>,
}

impl Event for Sample {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.meta.get(name)?.as_str()
    }

    fn meta(&self) -> Arc<Value> {
        self.meta.clone()
    }

    fn data(&self) -> Option<Arc<Value>> {
        Some(self.data.clone())
    }

    fn at_ms(&self) -> i64 {
        0
    }
}

fn table(rules: usize, shape: &str) -> Table {
    let mut text =
        "adapters: [{ name: a, type: builtin, default-action: echo }]\nrouter:\n".to_owned();
    for rule in 0..rules {
        let condition = shape.replace("{n}", &rule.to_string());
        writeln!(
            text,
            "  - {{ condition: \"{condition}\", destination: a/echo }}"
        )
        .expect("text");
    }
    let (set, _) = ResourceSet::parse(vec![("bench.yaml".to_owned(), text.into_bytes())]);
    let applied = set.apply_to(&Catalog::default(), &no_settings_check);
    Table::new(&applied.unwrap_or_else(|found| panic!("{}", found[0])).new)
}

/// An event that the rule at this place takes.
fn event(rule: usize) -> Sample {
    let number = format!("{rule}.6").parse::<f64>().expect("a number");
    Sample {
        meta: Arc::new(json!({ "type": format!("t{rule}"), "source": "/bench" })),
        data: Arc::new(json!({ "region": format!("r{rule}"), "amount": 11, "number": number })),
    }
}

/// Nanoseconds per event; the events go to rules all over the table.
fn measure(table: &Table, rules: usize) -> u128 {
    let events: Vec<Sample> = (0..97).map(|n| event(n * 7919 % rules)).collect();
    let (start, mut routed) = (Instant::now(), 0_u128);
    while start.elapsed() < MEASURED {
        for event in &events {
            let found = black_box(table.route(event, &NoStats));
            assert_eq!(found.offers[0].routes.len(), 1, "every event has its rule");
            routed += 1;
        }
    }
    start.elapsed().as_nanos() / routed
}

fn main() {
    println!("{:<16}{:>10}{:>10}{:>10}", "ns per event", 10, 100, 1000);
    for (name, shape) in SHAPES {
        let costs = [10, 100, 1000].map(|rules| measure(&table(rules, shape), rules));
        println!("{name:<16}{:>10}{:>10}{:>10}", costs[0], costs[1], costs[2]);
    }
}
