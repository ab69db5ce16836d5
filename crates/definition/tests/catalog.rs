//! Applying sets to a catalog, and catalogs as stored resources.

use definition::{
    Catalog, CatalogChange, ChangeAction, Diagnostic, ResourceKey, ResourceSet, SettingsError,
    StoredResource, no_settings_check,
};
use serde_json::json;

fn apply(base: &Catalog, text: &str) -> Result<CatalogChange, Vec<Diagnostic>> {
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), text.as_bytes().to_vec())]);
    set.apply_to(base, &no_settings_check)
}

fn applied(base: &Catalog, text: &str) -> CatalogChange {
    apply(base, text).unwrap_or_else(|found| panic!("{}", found[0]))
}

fn neighbours() -> Catalog {
    applied(
        &Catalog {
            environment: "dev".to_owned(),
            ..Catalog::default()
        },
        include_str!("neighbours.yaml"),
    )
    .new
}

fn workflow(version: &str, steps: &str) -> String {
    format!("workflow: {{ name: w, version: {version}, timeout: 1h, steps: [{steps}] }}")
}

const ONE: &str = "{ id: one, adapter: b, compensation: delete }";

#[test]
fn a_set_is_created_then_unchanged() {
    let first = applied(&neighbours(), &workflow("1.0.0", ONE));
    assert_eq!(first.changes[0].action, ChangeAction::Created);
    assert_eq!(first.new.version, 2);
    let again = applied(&first.new, &workflow("1.0.0", ONE));
    assert_eq!(again.changes[0].action, ChangeAction::Unchanged);
    assert_eq!(again.new.version, 2);
    assert!(again.stored().is_empty());
}

#[test]
fn an_adapter_may_change_and_a_version_may_not() {
    let base = applied(&neighbours(), &workflow("1.0.0", ONE)).new;
    let adapter = applied(
        &base,
        "adapters: [{ name: a, type: http, url: 'http://127.0.0.1:9' }]",
    );
    assert_eq!(adapter.changes[0].action, ChangeAction::Changed);
    let refused = apply(&base, &workflow("1.0.0", "{ id: two, adapter: b }"))
        .expect_err("the version is taken");
    assert_eq!(refused[0].code, "ORC-1050");
    applied(&base, &workflow("1.1.0", "{ id: two, adapter: b }"));
}

#[test]
fn all_or_nothing() {
    let text = format!(
        "{}\n---\n{}",
        workflow("1.0.0", ONE),
        "adapters: [{ name: bad, type: htp }]"
    );
    assert!(apply(&neighbours(), &text).is_err());
}

#[test]
fn unknown_names_are_refused_by_apply() {
    for (steps, code) in [
        ("{ id: one, adapter: c }", "ORC-1040"),
        ("{ id: one, adapter: b, action: destroy }", "ORC-1041"),
        ("{ id: one, workflow: other }", "ORC-1042"),
        ("{ id: one, workflow: child, version: '^2' }", "ORC-1042"),
        ("{ id: one, adapter: b, retry: mine }", "ORC-1043"),
        ("{ id: one, adapter: b, compensation: nothing }", "ORC-1048"),
        ("{ id: one, adapter: b, when: env.nothing }", "ORC-1045"),
        ("{ id: one, adapter: b, heartbeat-timeout: 3s }", "ORC-1060"),
    ] {
        let refused = apply(&neighbours(), &workflow("1.0.0", steps)).expect_err(steps);
        assert!(
            refused
                .iter()
                .any(|found| found.code == code && found.refuses_apply()),
            "{steps}: {refused:?}"
        );
    }
}

#[test]
fn bare_compensations_are_stored_resolved() {
    for (compensation, stored) in [
        ("delete", json!({ "adapter": "b", "action": "delete" })),
        ("a", json!({ "adapter": "a" })),
        ("child", json!({ "workflow": "child" })),
    ] {
        let steps = format!("{{ id: one, adapter: b, compensation: {compensation} }}");
        let change = applied(&neighbours(), &workflow("1.0.0", &steps));
        let workflow = change.new.workflow("w", None).expect("the workflow");
        assert_eq!(workflow.document["steps"][0]["compensation"], stored);
    }
}

#[test]
fn an_alias_is_resolved_at_its_own_place() {
    let steps = "{ id: one, adapter: b, compensation: &undo delete }, { id: two, adapter: b, compensation: *undo }";
    let change = applied(&neighbours(), &workflow("1.0.0", steps));
    let workflow = change.new.workflow("w", None).expect("the workflow");
    assert_eq!(
        workflow.document["steps"][0]["compensation"],
        workflow.document["steps"][1]["compensation"]
    );
    assert!(workflow.document["steps"][1]["compensation"].is_object());
}

#[test]
fn hyphens_mean_what_they_meant_when_they_were_applied() {
    let base = applied(
        &neighbours(),
        "environments: { dev: { vars: { a: 5, b: 3 } } }",
    )
    .new;
    let base = applied(
        &base,
        &workflow("1.0.0", "{ id: one, adapter: b, when: 'env.a-env.b > 1' }"),
    )
    .new;
    let later = applied(
        &base,
        "environments: { dev: { vars: { a: 5, b: 3, a-env: 1 } } }",
    )
    .new;
    let before = base.workflow("w", None).expect("the workflow");
    let rebuilt = rebuild(&later);
    let after = rebuilt.workflow("w", None).expect("the workflow");
    assert_eq!(before.hash, after.hash);
    let names = |workflow: &definition::Workflow| {
        let when = workflow.steps[0].when.as_ref().expect("a condition");
        when.references()
            .iter()
            .filter_map(|reference| reference.member.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(before), ["a", "b"]);
    assert_eq!(names(after), names(before));
}

fn rebuild(catalog: &Catalog) -> Catalog {
    let text = serde_json::to_string(&catalog.to_stored().collect::<Vec<_>>()).expect("JSON");
    let stored: Vec<StoredResource> = serde_json::from_str(&text).expect("the same resources");
    let rebuilt = Catalog::from_stored(&catalog.environment, catalog.version, stored);
    rebuilt.unwrap_or_else(|found| panic!("{}", found[0]))
}

#[test]
fn a_catalog_comes_back_from_its_stored_resources() {
    let text = format!(
        "{}\n---\npolicies: {{ defaults: {{ timeout: 5s, retry: gentle }}, retry: {{ gentle: {{ max-attempts: 7 }} }} }}",
        workflow("1.0.0", ONE)
    );
    let catalog = applied(&neighbours(), &text).new;
    let catalog = catalog
        .with_pin("child", Some(&semver::Version::new(1, 2, 0)))
        .expect("a pin")
        .new;
    let rebuilt = rebuild(&catalog);
    assert_eq!(rebuilt.resources, catalog.resources);
    assert_eq!(rebuilt.version, catalog.version);
    assert_eq!(
        rebuilt.workflows["child"].pinned,
        Some(semver::Version::new(1, 2, 0))
    );
    assert_eq!(rebuilt.env("region"), catalog.env("region"));
    let plan = |catalog: &Catalog| catalog.retry_plan(definition::RetryQuestion::default());
    assert_eq!(plan(&rebuilt), plan(&catalog));
    assert_eq!(plan(&rebuilt).max_attempts, 7);
    assert_eq!(
        format!("{:?}", rebuilt.adapters),
        format!("{:?}", catalog.adapters)
    );
}

#[test]
fn journaled_changes_lead_to_the_same_catalog() {
    let base = neighbours();
    let change = applied(&base, &workflow("1.0.0", ONE));
    let text = serde_json::to_string(&change.stored()).expect("JSON");
    let stored: Vec<definition::StoredChange> =
        serde_json::from_str(&text).expect("the same changes");
    let followed = base
        .with_changes(&stored)
        .expect("the stored form compiles");
    assert_eq!(followed.resources, change.new.resources);
    assert_eq!(followed.version, change.new.version);
}

#[test]
fn pins_choose_and_let_go() {
    let base = applied(&neighbours(), &workflow("1.0.0", ONE)).new;
    let base = applied(&base, &workflow("1.1.0-rc.1", ONE)).new;
    let chosen = |catalog: &Catalog| {
        catalog
            .workflow("w", None)
            .map(|found| found.version.to_string())
    };
    assert_eq!(chosen(&base).as_deref(), Some("1.0.0"));
    let candidate: semver::Version = "1.1.0-rc.1".parse().expect("a version");
    let pinned = base.with_pin("w", Some(&candidate)).expect("a pin").new;
    assert_eq!(chosen(&pinned).as_deref(), Some("1.1.0-rc.1"));
    let released = pinned.with_pin("w", None).expect("no pin").new;
    assert_eq!(chosen(&released).as_deref(), Some("1.0.0"));
    let refused = base
        .with_pin("w", Some(&semver::Version::new(9, 0, 0)))
        .expect_err("no such version");
    assert_eq!(refused[0].code, "ORC-1052");
}

#[test]
fn resources_can_be_removed() {
    let base = applied(&neighbours(), &workflow("1.0.0", ONE)).new;
    let key = ResourceKey::workflow("w", semver::Version::new(1, 0, 0));
    let change = base.without(std::slice::from_ref(&key)).expect("removed");
    assert_eq!(change.changes[0].action, ChangeAction::Removed);
    assert!(change.new.workflow("w", None).is_none());
    assert_eq!(change.new.version, base.version + 1);
    let nothing = change.new.without(&[key]).expect("nothing to remove");
    assert_eq!(nothing.new.version, change.new.version);
}

#[test]
fn an_adapters_own_type_has_its_say() {
    let check = |kind: &str, settings: &serde_json::Value| {
        assert_eq!(kind, "http");
        assert_eq!(settings["name"], "a");
        let error = |pointer: &str, not_yet| SettingsError {
            pointer: pointer.to_owned(),
            message: "expected a URL with a host, but it has none".to_owned(),
            hint: None,
            not_yet,
        };
        vec![error("/url", false), error("/nowhere", false)]
    };
    let text = "adapters:\n  - name: a\n    type: http\n    url: http:///\n";
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), text.as_bytes().to_vec())]);
    let found = set.validate(&Catalog::default(), &check);
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .any(|found| (found.line, found.column, found.code) == (4, 5, "ORC-1047"))
    );
}

#[test]
fn environments_extend_each_other() {
    let text = "environments:\n  base: { timeout: 5s, vars: { x: 1, y: 1 } }\n  prod: { extends: base, retry-attempts: 3, vars: { y: 2 } }";
    let catalog = applied(
        &Catalog {
            environment: "prod".to_owned(),
            ..Catalog::default()
        },
        text,
    )
    .new;
    let prod = &catalog.environments["prod"];
    assert_eq!(
        (prod.timeout_ms, prod.retry_attempts),
        (Some(5_000), Some(3))
    );
    assert_eq!(catalog.env("x").as_deref(), Some(&json!(1)));
    assert_eq!(catalog.env("y").as_deref(), Some(&json!(2)));
    assert_eq!(catalog.env("name").as_deref(), Some(&json!("prod")));
}
