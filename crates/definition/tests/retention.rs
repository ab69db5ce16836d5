//! How long ended instances are kept.

use definition::{Catalog, Diagnostic, ResourceSet, no_settings_check};

const WORKFLOW: &str = "workflow: { name: order, version: 1.0.0, timeout: 1h, steps: [{ id: a, fail: { type: x, message: y } }] }\n---\n";

fn apply(base: &Catalog, text: &str) -> Result<Catalog, Vec<Diagnostic>> {
    let (set, _) = ResourceSet::parse(vec![("a.yaml".into(), text.into())]);
    let applied = set.apply_to(base, &no_settings_check);
    applied.map(|change| change.new)
}

fn applied(policies: &str) -> Catalog {
    let text = format!("{WORKFLOW}policies:\n{policies}");
    apply(&Catalog::default(), &text).unwrap_or_else(|found| panic!("{found:?}"))
}

const RULES: &str = "  retention:
  - { match: { workflow: order }, keep: 30d }
  - { match: { status: failed }, keep: 90d }
  - { match: { workflow: order, status: completed }, keep: 1h }
  defaults: { retention: { instances: 7d } }
";

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

#[test]
fn the_nearest_rule_holds() {
    let catalog = applied(RULES);
    let keep = |workflow, status| match catalog.retention_rule(workflow, status) {
        Some(name) => Some(catalog.retention_rules[name].keep_ms),
        None => catalog.defaults.keep_instances_ms,
    };
    assert_eq!(keep("order", "completed"), Some(DAY_MS / 24));
    assert_eq!(keep("order", "failed"), Some(30 * DAY_MS));
    assert_eq!(keep("other", "failed"), Some(90 * DAY_MS));
    assert_eq!(keep("other", "completed"), Some(7 * DAY_MS));
}

#[test]
fn without_rules_all_is_kept() {
    let catalog = applied("  defaults: { timeout: 5s }\n");
    assert_eq!(catalog.retention_rule("order", "failed"), None);
    assert_eq!(catalog.defaults.keep_instances_ms, None);
}

#[test]
fn a_rule_for_the_same_replaces_and_the_rest_stays() {
    let catalog = applied(RULES);
    let change = "policies: { retention: [{ match: { workflow: order }, keep: 2d }] }";
    let changed = apply(&catalog, change).unwrap();
    assert_eq!(changed.retention_rules.len(), 3);
    let rule = &changed.retention_rules["workflow=order"];
    assert_eq!(rule.keep_ms, 2 * DAY_MS);
    let stored: Vec<_> = changed.to_stored().collect();
    let again = Catalog::from_stored("dev", 1, stored).unwrap();
    assert_eq!(again.retention_rules, changed.retention_rules);
    assert_eq!(again.defaults.keep_instances_ms, Some(7 * DAY_MS));
    let keys: Vec<_> = changed.resources.keys().cloned().collect();
    let left = changed.without(&keys).unwrap().new;
    assert!(left.retention_rules.is_empty());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |policies: &str, expected: &str| {
        let text = format!("{WORKFLOW}policies: {{ {policies} }}");
        let found = apply(&Catalog::default(), &text).unwrap_err();
        let told = format!("{found:?}");
        assert!(told.contains(expected), "{policies}: {told}");
    };
    refused("retention: [{ match: {}, keep: 1d }]", "matches everything");
    refused(
        "retention: [{ match: { workflow: order }, keep: 500ms }]",
        "at least 1s",
    );
    refused("defaults: { retention: { instances: 0s } }", "at least 1s");
    refused(
        "retention: [{ match: { workflow: ordre }, keep: 1d }]",
        "did you mean `order`?",
    );
    refused(
        "retention: [{ match: { status: running }, keep: 1d }]",
        "ORC-1013",
    );
    refused("retention: [{ match: { workflow: order } }]", "ORC-1012");
    refused("defaults: { retention: { events: 0s } }", "at least 1s");
    let twice = "{ match: { workflow: order }, keep: 1d }";
    refused(&format!("retention: [{twice}, {twice}]"), "ORC-1051");
}
