//! Why a router sends an event where it does.

use router::{NoStats, Table, Verdict};
use serde_json::json;

use crate::event::{Sample, catalog};

/// One line per rule.
fn told(table: &Table, router: &str, event: &Sample) -> Vec<String> {
    let explained = table.explain(router, event, &NoStats).expect("a router");
    let mut lines = Vec::new();
    for one in explained {
        let matches = one.matches.map(|verdict| said(&verdict));
        lines.push(format!("{}: {}", one.router, matches.unwrap_or_default()));
        lines.extend(one.rules.iter().map(|rule| {
            let target = rule.target.map(ToString::to_string).unwrap_or_default();
            let mark = if rule.decides { " *" } else { "" };
            format!("{} {} -> {target}{mark}", rule.rule, said(&rule.verdict))
        }));
    }
    lines
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Holds => "holds".to_owned(),
        Verdict::False { part } => format!("not: {part}"),
        Verdict::Missing { part, message } => format!("missing: {part} ({message})"),
        Verdict::Error { part, message } => format!("failed: {part} ({message})"),
    }
}

const ROUTERS: &str = r#"
routers:
  - name: orders
    match: meta.type == "order"
    rules:
      - { condition: event.total > 10 && event.region == "EU" && event.vip, destination: w }
      - { name: typo, condition: event.totl > 10, destination: w }
      - { condition: "event.region > 3", destination: w }
      - { condition: event.total > 1, destination: { pool: [next, a] } }
      - { condition: event.total > 2, destination: b }
    default: a
  - name: next
    match: meta.type == "never"
    rules: [{ condition: event.vip, destination: w }]
    default: a
"#;

#[test]
fn every_rule_says_why_not() {
    let table = Table::new(&catalog(ROUTERS));
    let event = Sample::new("order", json!({ "total": 11, "region": "US", "vip": true }));
    let expected = [
        "orders: holds",
        r#"0 not: event.region == "EU" -> workflow w"#,
        "typo missing: event.totl (there is no field `totl`) -> workflow w",
        "2 failed: event.region > 3 (`>` is not defined for a text and an int) -> workflow w",
        "3 holds -> router next *",
        "4 holds -> adapter b",
        "default not: default -> adapter a",
        "next: ",
        "0 holds -> workflow w *",
        "default not: default -> adapter a",
    ];
    assert_eq!(told(&table, "orders", &event), expected);
    // Explaining takes no turn.
    assert_eq!(told(&table, "orders", &event), expected);
}

#[test]
fn an_event_that_the_router_is_not_for() {
    let table = Table::new(&catalog(ROUTERS));
    let found = told(
        &table,
        "orders",
        &Sample::new("other", json!({ "total": 3 })),
    );
    assert_eq!(found[0], r#"orders: not: meta.type == "order""#);
    assert!(found.iter().all(|line| !line.ends_with('*')), "{found:?}");
    assert!(
        table
            .explain("nowhere", &Sample::new("t", json!({})), &NoStats)
            .is_none()
    );
}

#[test]
fn the_default_decides_where_no_rule_does() {
    let table = Table::new(&catalog(ROUTERS));
    let found = told(
        &table,
        "orders",
        &Sample::new("order", json!({ "total": 0, "vip": 3 })),
    );
    assert_eq!(
        found.last().map(String::as_str),
        Some("default holds -> adapter a *")
    );
}
