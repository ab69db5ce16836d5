//! Callbacks and triggers of ends: what a catalog makes of them.

use definition::{
    Catalog, Diagnostic, LIFECYCLE, ResourceKey, ResourceKind, ResourceSet, StoredResource,
    no_settings_check,
};
use serde_json::json;

fn apply(base: &Catalog, text: &str) -> Result<Catalog, Vec<Diagnostic>> {
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), text.as_bytes().to_vec())]);
    set.apply_to(base, &no_settings_check)
        .map(|change| change.new)
}

fn applied(base: &Catalog, text: &str) -> Catalog {
    apply(base, text).unwrap_or_else(|found| panic!("{}", found[0]))
}

fn neighbours() -> Catalog {
    applied(&Catalog::default(), include_str!("neighbours.yaml"))
}

fn rebuilt(catalog: &Catalog) -> Catalog {
    let text = serde_json::to_string(&catalog.to_stored().collect::<Vec<_>>()).expect("JSON");
    let stored: Vec<StoredResource> = serde_json::from_str(&text).expect("the same resources");
    let rebuilt = Catalog::from_stored(&catalog.environment, catalog.version, stored);
    rebuilt.unwrap_or_else(|found| panic!("{}", found[0]))
}

/// The errors of a document, as message and hint.
fn errors(text: &str) -> Vec<(String, String)> {
    let found = apply(&neighbours(), text).expect_err("it is refused");
    let refusing = found.into_iter().filter(Diagnostic::refuses_apply);
    refusing
        .map(|found| (found.message, found.hint.unwrap_or_default()))
        .collect()
}

/// The names of those who are told of an event of the workflow `child`.
fn told(catalog: &Catalog, event: &str) -> Vec<String> {
    let child = catalog.workflow("child", None).expect("it was applied");
    let found = catalog.lifecycle.callbacks(child, event);
    found.map(|callback| callback.name.clone()).collect()
}

#[test]
fn the_callbacks_of_the_brief_deliver_by_an_adapter_and_a_workflow_of_their_own() {
    let base = neighbours();
    assert!(!base.lifecycle.is_wanted(), "nobody asked for anything");
    let catalog = applied(&base, include_str!("brief/callbacks.yaml"));
    assert!(catalog.lifecycle.is_wanted());
    let names: Vec<&String> = catalog.callbacks.keys().collect();
    assert_eq!(names.len(), 2);
    assert!(names[0].starts_with("workflow-completed-"), "{names:?}");
    assert_eq!(told(&catalog, "workflow.completed"), [names[0].clone()]);
    assert_eq!(told(&catalog, "workflow.failed"), [names[1].clone()]);
    assert!(told(&catalog, "workflow.started").is_empty());

    let delivery = catalog.callbacks[names[0]].delivery();
    let adapter = &catalog.adapters[&delivery];
    assert_eq!(
        adapter.settings["url"],
        "https://your-system.com/callbacks/success"
    );
    assert_eq!(
        adapter.settings["headers"],
        json!({ "Content-Type": "application/cloudevents+json" })
    );
    assert!(
        adapter.settings.get("auth").is_none(),
        "without a secret nothing is signed"
    );
    assert_eq!(adapter.settings["retry"]["max-elapsed"], "24h");
    let workflow = catalog
        .recorded_workflow(&delivery, "1.0.0")
        .expect("it is there");
    assert!(workflow.is_delivery() && workflow.concurrency.is_none());

    let again = rebuilt(&catalog);
    assert_eq!(told(&again, "workflow.failed"), [names[1].clone()]);
    assert!(again.adapters.contains_key(&delivery));
    let base = catalog.version;
    let same = applied(&catalog, include_str!("brief/callbacks.yaml"));
    assert_eq!(same.version, base, "the same again changes nothing");
}

const FULL: &str = r#"
callbacks:
  - name: crm
    event: workflow.*
    url: "${ env.base-url }/hook"
    secret: ["${ secrets.new-key }", "${ secrets.old-key }"]
    workflow: child
    when: event.status == 'completed' && env.region == 'EU'
    headers: { X-Team: ops }
    ordered: true
    retry: { max-attempts: 3, initial-interval: 1s }
    timeout: 5s
    concurrency: 2
"#;

#[test]
fn all_that_a_callback_says_reaches_what_delivers_for_it() {
    let catalog = applied(&neighbours(), FULL);
    let callback = &catalog.callbacks["crm"];
    assert!(callback.ordered && callback.signed && callback.when.is_some());
    let settings = &catalog.adapters["callback-crm"].settings;
    assert_eq!(
        settings["auth"],
        json!({ "standard-webhooks": {
            "secret": ["${ secrets.new-key }", "${ secrets.old-key }"], "id": "${ call.id }",
        }})
    );
    assert_eq!(settings["headers"]["X-Team"], "ops");
    assert_eq!(
        (&settings["timeout"], &settings["concurrency"]),
        (&json!("5s"), &json!(2))
    );
    let retry = &settings["retry"];
    assert_eq!(
        (&retry["max-attempts"], &retry["initial-interval"]),
        (&json!(3), &json!("1s"))
    );
    assert_eq!(
        retry["on-exhausted"], "dead-letter",
        "what it does not say is as ever"
    );
    let ordered = catalog.recorded_workflow("callback-crm", "2.0.0");
    let ordered = ordered.expect("one that waits is of another version");
    assert_eq!(
        ordered.concurrency.as_ref().map(|limit| limit.limit),
        Some(1)
    );
    for known in LIFECYCLE {
        let wanted = known.name.starts_with("workflow.");
        assert_eq!(
            told(&catalog, known.name).len(),
            usize::from(wanted),
            "{}",
            known.name
        );
    }
    let other = OWN.replace("VERSION", "1.0.0").replace("child", "other");
    let other = applied(
        &catalog,
        &(other + &FULL.replace("workflow: child", "workflow: other")),
    );
    let key = ResourceKey::new(ResourceKind::Callback, "crm");
    assert_eq!(other.resources[&key]["workflow"], "other");
    assert!(
        told(&other, "workflow.completed").is_empty(),
        "it is of another one now"
    );
}

const OWN: &str = r#"
workflow:
  name: child
  version: VERSION
  timeout: 1m
  callbacks: [{ name: end, event: workflow.completed, url: "http://127.0.0.1:9/VERSION" }]
  steps: [{ id: only, adapter: local, action: echo }]
---
"#;

#[test]
fn versions_of_a_workflow_share_what_delivers_for_a_callback_of_theirs() {
    let text = OWN.replace("VERSION", "2.0.0") + &OWN.replace("VERSION", "2.1.0");
    let catalog = applied(&neighbours(), &text);
    assert_eq!(told(&catalog, "workflow.completed"), ["child-end"]);
    let adapter = &catalog.adapters["callback-child-end"];
    assert_eq!(adapter.settings["url"], "http://127.0.0.1:9/2.1.0");
    assert!(catalog.callbacks.is_empty(), "it is for its workflow alone");
    let other = applied(
        &catalog,
        &OWN.replace("child", "other").replace("VERSION", "1.0.0"),
    );
    let other = other.workflow("other", None).expect("it was applied");
    let found = catalog.lifecycle.callbacks(other, "workflow.completed");
    assert_eq!(
        found
            .map(|callback| callback.name.as_str())
            .collect::<Vec<_>>(),
        ["other-end"]
    );
}

fn refused(callback: &str, message: &str, hint: &str) {
    let text = format!("callbacks:\n  - {{ url: \"http://127.0.0.1:9\", {callback} }}\n");
    let found = errors(&text);
    assert_eq!(found.len(), 1, "{callback}: {found:?}");
    assert!(found[0].0.contains(message), "{callback}: {found:?}");
    assert!(found[0].1.contains(hint), "{callback}: {found:?}");
}

#[test]
fn mistakes_say_how_to_mend_them() {
    let event = "event: workflow.completed";
    refused(
        "event: workflow.complete",
        "no lifecycle event",
        "did you mean `workflow.completed`?",
    );
    refused(
        "event: order.*",
        "no lifecycle event `order.*`",
        "known: workflow.started",
    );
    refused(
        &format!("{event}, secret: whsec_bm8="),
        "the name of a secret",
        "${ secrets.NAME }",
    );
    refused(
        &format!("{event}, workflow: chld"),
        "no workflow `chld`",
        "`child`",
    );
    refused(&format!("{event}, when: 'event.x =='"), "", "");
    let long = "n".repeat(125);
    refused(
        &format!("{event}, name: {long}"),
        "too long",
        "short `name`",
    );
    let own = OWN
        .replace("VERSION", "2.0.0")
        .replace("name: end,", "name: end, workflow: a,");
    assert!(errors(&own)[0].0.contains("stands beside the workflows"));
    let mine = "adapters: [{ name: callback-mine, type: builtin }]";
    assert!(
        errors(mine)[0]
            .0
            .contains("names that begin with `callback-`")
    );
}

fn started_by(name: &str, by: &str, on: &str) -> String {
    format!(
        "workflow: {{ name: {name}, version: 1.0.0, timeout: 1m, \
         trigger: {{ type: workflow, name: {by}{on} }}, \
         steps: [{{ id: only, adapter: local, action: echo }}] }}\n---\n"
    )
}

#[test]
fn ends_start_other_workflows_but_never_in_a_circle() {
    let text =
        started_by("bill", "child", "") + &started_by("tell", "child", ", on: [failed, stuck]");
    let catalog = applied(&neighbours(), &text);
    assert!(catalog.lifecycle.is_wanted());
    let started = |event: &str| -> Vec<String> {
        let found = catalog.lifecycle.triggers("child", event);
        found.map(|found| found.workflow.name.clone()).collect()
    };
    assert_eq!(started("workflow.completed"), ["bill"]);
    assert_eq!(started("workflow.failed"), ["tell"]);
    assert_eq!(started("workflow.stuck"), ["tell"]);
    assert!(started("workflow.cancelled").is_empty());

    assert!(
        errors(&started_by("bill", "bill", ""))[0]
            .0
            .contains("never come to rest")
    );
    let circle = started_by("a", "c", "") + &started_by("b", "a", "") + &started_by("c", "b", "");
    let found = errors(&circle);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.contains("in a circle: a, b, c, a"), "{found:?}");
    assert!(
        errors(&started_by("bill", "chld", ""))[0]
            .0
            .contains("no workflow `chld`")
    );
}

#[test]
fn every_type_stands_on_the_page() {
    let page = include_str!("../../../docs/callbacks.md");
    for known in LIFECYCLE {
        let line = format!("| `{}` | {} |", known.name, known.doc);
        assert!(
            page.contains(&line),
            "expected in docs/callbacks.md: {line}"
        );
    }
    let lines = page.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(lines.count(), LIFECYCLE.len(), "there are no others");
}
