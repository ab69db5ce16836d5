//! How events are spread over pools.

use std::collections::BTreeMap;

use definition::Target;
use proptest::prelude::*;
use router::{AdapterStats, NoStats, Stats, Table, TargetStats};
use serde_json::json;

use crate::event::{Sample, catalog};

fn pool(members: &str, how: &str) -> Table {
    Table::new(&catalog(&format!(
        "router: [{{ default: {{ pool: [{members}], {how} }} }}]"
    )))
}

/// Where so many events go, one after another.
fn sent(table: &Table, stats: &dyn Stats, events: usize) -> Vec<String> {
    let event = Sample::new("t", json!({}));
    let one = |_| {
        let found = table.route(&event, stats);
        found.offers[0].routes[0].target.to_string()
    };
    (0..events).map(one).collect()
}

fn counts(sent: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for target in sent {
        *counts.entry(target).or_default() += 1;
    }
    counts
}

/// What is known of targets, by name.
#[derive(Default)]
struct Known(BTreeMap<&'static str, TargetStats>, Option<&'static str>);

impl Stats for Known {
    fn adapter(&self, _: &str) -> Option<AdapterStats> {
        None
    }

    fn target(&self, target: &Target) -> TargetStats {
        let name = target.to_string();
        self.0.get(name.as_str()).copied().unwrap_or_default()
    }

    fn zone(&self) -> Option<&str> {
        self.1
    }
}

fn unavailable() -> TargetStats {
    TargetStats {
        available: false,
        ..TargetStats::default()
    }
}

fn busy(in_flight: u64) -> TargetStats {
    TargetStats {
        in_flight,
        ..TargetStats::default()
    }
}

#[test]
fn in_turn() {
    let table = pool("a, b/x, w", "balance: round-robin");
    let turn = ["adapter a", "adapter b/x", "workflow w", "adapter a"];
    assert_eq!(sent(&table, &NoStats, 4), turn);
}

#[test]
fn by_weight_and_evenly_mixed() {
    let table = pool(
        "{ destination: a, weight: 10 }, { destination: b, weight: 2 }, { destination: w, weight: 2 }",
        "balance: weighted",
    );
    let turn = "adapter a,adapter a,adapter b,adapter a,workflow w,adapter a,adapter a";
    assert_eq!(sent(&table, &NoStats, 7).join(","), turn);
    assert_eq!(sent(&table, &NoStats, 7).join(","), turn);
}

#[test]
fn one_that_cannot_is_passed_over_while_another_can() {
    let table = pool("a, b, w", "balance: round-robin");
    let known = Known([("adapter b", unavailable())].into(), None);
    let found = counts(sent(&table, &known, 100));
    assert_eq!(
        found,
        [("adapter a".to_owned(), 50), ("workflow w".to_owned(), 50)].into()
    );
    let none = ["adapter a", "adapter b", "workflow w"].map(|name| (name, unavailable()));
    let found = counts(sent(&table, &Known(none.into(), None), 99));
    assert_eq!(found.values().collect::<Vec<_>>(), [&33, &33, &33]);
}

#[test]
fn to_the_one_with_the_least_under_way() {
    let table = pool("a, b, w", "balance: least-connections");
    let known = Known(
        [
            ("adapter a", busy(3)),
            ("adapter b", busy(1)),
            ("workflow w", busy(2)),
        ]
        .into(),
        None,
    );
    assert_eq!(sent(&table, &known, 2), ["adapter b", "adapter b"]);
    // Among equals the turn decides.
    let found = counts(sent(&table, &NoStats, 30));
    assert_eq!(found.values().collect::<Vec<_>>(), [&10, &10, &10]);
}

#[test]
fn to_the_highest_score() {
    let table = pool(
        "{ destination: a, weight: 4, zone: x }, { destination: b, weight: 1, zone: y }, w",
        "balance: custom, score: 'target.weight - target.in-flight + (target.zone == node.zone ? 10 : 0)'",
    );
    // `w` has no zone, so it has no score and stands behind.
    let known = Known([("adapter a", busy(2))].into(), Some("x"));
    assert_eq!(sent(&table, &known, 2), ["adapter a", "adapter a"]);
    let known = Known([("adapter a", busy(2))].into(), Some("y"));
    assert_eq!(sent(&table, &known, 2), ["adapter b", "adapter b"]);
    let table = pool("a, b", "balance: custom, score: '0 - target.latency-p95'");
    let slow = |ms| TargetStats {
        latency_p95_ms: Some(ms),
        ..TargetStats::default()
    };
    let known = Known(
        [("adapter a", slow(20.5)), ("adapter b", slow(20.0))].into(),
        None,
    );
    assert_eq!(sent(&table, &known, 2), ["adapter b", "adapter b"]);
    // Nothing known: in turn.
    assert_eq!(
        sent(&table, &NoStats, 3),
        ["adapter a", "adapter b", "adapter a"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn weights_are_kept_exactly(weights in prop::collection::vec(1_usize..20, 1..6), down in 0_usize..6) {
        let member = |(index, weight): (usize, &usize)| {
            format!("{{ destination: a/x{index}, weight: {weight} }}")
        };
        let members: Vec<String> = weights.iter().enumerate().map(member).collect();
        let table = pool(&members.join(", "), "balance: weighted");
        let total: usize = weights.iter().sum();
        let found = counts(sent(&table, &NoStats, total * 3));
        for (index, weight) in weights.iter().enumerate() {
            prop_assert_eq!(found[&format!("adapter a/x{index}")], weight * 3);
        }
        // One that cannot take work leaves the others their shares.
        if weights.len() > 1 && down < weights.len() {
            let name: &'static str = format!("adapter a/x{down}").leak();
            let known = Known([(name, unavailable())].into(), None);
            let found = counts(sent(&table, &known, (total - weights[down]) * 3));
            for (index, weight) in weights.iter().enumerate().filter(|(index, _)| *index != down) {
                prop_assert_eq!(found[&format!("adapter a/x{index}")], weight * 3);
            }
        }
    }
}
