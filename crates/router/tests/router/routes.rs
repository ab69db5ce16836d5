//! Rules, defaults, chains of routers, and what goes with an event.

use definition::Target;
use router::{AdapterStats, Breaker, NoStats, Stats, Table, TargetStats};
use serde_json::json;

use crate::event::{Sample, catalog};

/// `router rule -> target` of every route, with priority and input where there are any.
fn routes(table: &Table, event: &Sample) -> Vec<String> {
    shown(table, event, &NoStats)
}

fn shown(table: &Table, event: &Sample, stats: &dyn Stats) -> Vec<String> {
    let found = table.route(event, stats);
    let mut shown = Vec::new();
    for offer in &found.offers {
        for route in &offer.routes {
            let mut line = format!("{} {} -> {}", route.router, route.rule, route.target);
            line.extend(route.priority.map(|word| format!(" {word}")));
            line.extend(route.input.as_ref().map(|input| format!(" {input}")));
            shown.push(line);
        }
        let failures = offer.failures.iter();
        shown.extend(failures.map(|failure| {
            format!(
                "{} {} failed: {}",
                failure.router, failure.rule, failure.reason
            )
        }));
        if !offer.taken {
            shown.push(format!("{} unrouted", offer.router));
        }
    }
    shown
}

#[test]
fn the_first_rule_that_holds_decides() {
    let table = Table::new(&catalog(
        r#"
router:
  - { condition: event.amount > 10000, destination: w }
  - { condition: event.region == "EU", destination: a }
  - default: b
"#,
    ));
    let to = |data| routes(&table, &Sample::new("t", data));
    assert_eq!(
        to(json!({ "amount": 20000, "region": "EU" })),
        ["default 0 -> workflow w"]
    );
    assert_eq!(to(json!({ "region": "EU" })), ["default 1 -> adapter a"]);
    assert_eq!(to(json!({ "amount": 1 })), ["default default -> adapter b"]);
    assert_eq!(to(json!(3)), ["default default -> adapter b"]);
    let none = Sample::of(json!({ "type": "t" }), None);
    assert_eq!(routes(&table, &none), ["default default -> adapter b"]);
}

#[test]
fn what_failed_is_told_and_a_missing_field_is_counted() {
    let table = Table::new(&catalog(
        r#"
router:
  - { condition: event.amount > 10000, destination: w }
  - { name: odd, condition: event.region > 3, destination: w }
"#,
    ));
    let event = Sample::new("t", json!({ "region": "EU" }));
    let found = table.route(&event, &NoStats);
    assert_eq!(found.missing, 1);
    assert_eq!(found.errors.len(), 1);
    assert_eq!(found.errors[0].rule.expect("a rule").to_string(), "odd");
    assert_eq!(routes(&table, &event), ["default unrouted"]);
}

const MANY: &str = r#"
routers:
  - name: orders
    match: meta.type.startsWith("order.")
    mode: all
    rules:
      - { name: vip, condition: event.vip, destination: w, priority: "${ event.how }", transform: { id: "${ event.id }", region: "${ env.region }" } }
      - { name: big, condition: event.total > 10, destination: next, priority: high, transform: { big: true } }
    default: b
  - name: next
    rules:
      - { condition: event.own, destination: w, priority: low, transform: 7 }
      - default: a
  - name: other
    match: meta.type == "other"
    rules: [{ condition: event.x == 1, destination: next }]
"#;

#[test]
fn all_rules_that_hold_decide_and_the_next_router_takes_over_what_was_said() {
    let table = Table::new(&catalog(MANY));
    let to = |data| routes(&table, &Sample::new("order.paid", data));
    assert_eq!(
        to(json!({ "vip": true, "how": "critical", "id": 7, "total": 11 })),
        [
            r#"orders vip -> workflow w critical {"id":7,"region":"EU"}"#,
            r#"next default -> adapter a high {"big":true}"#,
        ]
    );
    assert_eq!(
        to(json!({ "vip": false, "total": 11, "own": true })),
        ["next 0 -> workflow w low 7"]
    );
    assert_eq!(to(json!({})), ["orders default -> adapter b"]);
}

#[test]
fn a_rule_that_cannot_say_what_it_starts_is_a_failure() {
    let table = Table::new(&catalog(MANY));
    let to = |data| routes(&table, &Sample::new("order.paid", data));
    assert_eq!(
        to(json!({ "vip": true, "how": "soon", "id": 7 })),
        ["orders vip failed: `priority` is \"soon\", which is none of critical, high, normal, low"]
    );
    let lacking = to(json!({ "vip": true, "how": "low" }));
    assert!(
        lacking[0].starts_with("orders vip failed: `transform` has no value:"),
        "{lacking:?}"
    );
}

#[test]
fn an_event_is_offered_to_every_router_that_no_other_leads_to() {
    let table = Table::new(&catalog(MANY));
    // `next` is asked through `orders` or `other` only.
    assert_eq!(
        routes(&table, &Sample::new("else", json!({}))),
        Vec::<String>::new()
    );
    assert_eq!(
        routes(&table, &Sample::new("other", json!({ "x": 1 }))),
        ["next default -> adapter a"]
    );
    assert_eq!(
        routes(&table, &Sample::new("other", json!({ "x": 2 }))),
        ["other unrouted"]
    );
}

#[test]
fn a_router_that_several_lead_to_is_asked_once() {
    let table = Table::new(&catalog(
        r#"
routers:
  - { name: left, rules: [{ default: both }] }
  - { name: right, mode: all, rules: [{ condition: true, destination: both }, { condition: true, destination: b }] }
  - { name: third, rules: [{ default: both }] }
  - { name: both, rules: [{ default: a }] }
"#,
    ));
    // Nothing is unrouted: what `third` leads to was asked for `left`.
    assert_eq!(
        routes(&table, &Sample::new("t", json!({}))),
        ["both default -> adapter a", "right 1 -> adapter b"]
    );
}

#[test]
fn a_router_that_takes_nothing_leaves_the_event_unrouted() {
    let table = Table::new(&catalog(
        r#"
routers:
  - { name: left, rules: [{ default: right }] }
  - { name: right, rules: [{ condition: event.x == 1, destination: a }] }
"#,
    ));
    assert_eq!(
        routes(&table, &Sample::new("t", json!({ "x": 2 }))),
        ["left unrouted"]
    );
}

#[test]
fn rules_about_attributes_never_ask_for_the_data() {
    let text: String = (0..20)
        .map(|n| format!("    - {{ condition: \"meta.type == 't{n}'\", destination: a }}\n"))
        .collect();
    let table = Table::new(&catalog(&format!(
        "router:\n  name: many\n  match: meta.source == '/shop'\n  rules:\n{text}    - {{ condition: event.x == 1, destination: b }}\n"
    )));
    let event = Sample::new("t7", json!({ "x": 1 }));
    assert_eq!(routes(&table, &event), ["many 7 -> adapter a"]);
    assert_eq!(event.asked.get(), 0);
    let event = Sample::new("else", json!({ "x": 1 }));
    assert_eq!(routes(&table, &event), ["many 20 -> adapter b"]);
    assert_eq!(event.asked.get(), 1);
}

struct Sick;

impl Stats for Sick {
    fn adapter(&self, name: &str) -> Option<AdapterStats> {
        (name == "a").then_some(AdapterStats {
            healthy: false,
            breaker: Breaker::HalfOpen,
            in_flight: 12,
            error_rate: 0.5,
        })
    }

    fn target(&self, _: &Target) -> TargetStats {
        TargetStats::default()
    }

    fn zone(&self) -> Option<&str> {
        None
    }
}

#[test]
fn conditions_see_how_adapters_are() {
    let table = Table::new(&catalog(
        r#"
router:
  - { condition: adapters.a.healthy, destination: a }
  - { condition: adapters.b.healthy, destination: a }
  - { condition: adapters.a.breaker == "half-open" && adapters.a.in-flight == 12 && adapters.a.error-rate > 0.4 && env.region == "EU" && env.name == "dev", destination: b }
"#,
    ));
    let event = Sample::new("t", json!({}));
    assert_eq!(shown(&table, &event, &Sick), ["default 2 -> adapter b"]);
    assert_eq!(shown(&table, &event, &NoStats), ["default unrouted"]);
}
