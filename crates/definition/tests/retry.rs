//! Which retry plan a call gets, by the precedence of the language.

use definition::{
    Attempts, Catalog, OnExhausted, Origin, ResourceSet, RetryChoice, RetryPolicy, RetryQuestion,
    no_settings_check,
};

fn catalog(text: &str) -> Catalog {
    let base = Catalog {
        environment: "staging".to_owned(),
        ..Catalog::default()
    };
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), text.as_bytes().to_vec())]);
    set.apply_to(&base, &no_settings_check)
        .unwrap_or_else(|found| panic!("{}", found[0]))
        .new
}

const ADAPTER: &str = "
adapters:
  - name: pay
    type: http
    url: http://127.0.0.1
    retry: critical
    timeout: 20s
    default-action: create
    actions:
      create: { method: POST, retry: { max-attempts: 3 }, timeout: 7s }
      delete: { method: DELETE }
";
const STAGING: &str = "
---
environments: { staging: { retry-attempts: 2, timeout: 9s } }
";

fn named(name: &str) -> RetryChoice {
    RetryChoice::Named(name.to_owned())
}

/// The attempts and the time-out of a call, each with its origin.
fn check(
    text: &str,
    question: RetryQuestion<'_>,
    attempts: (u32, Origin),
    timeout_ms: (u64, Origin),
) {
    let explained = catalog(text).explain_retry(question);
    let found = (explained.max_attempts.value, explained.max_attempts.origin);
    assert_eq!(found, (Attempts::Limited(attempts.0), attempts.1));
    assert_eq!(
        (explained.timeout_ms.value, explained.timeout_ms.origin),
        timeout_ms
    );
}

fn built_in(name: &str) -> Origin {
    Origin::BuiltIn(name.to_owned())
}

fn staging() -> Origin {
    Origin::Environment("staging".to_owned())
}

#[test]
fn nothing_said_means_standard() {
    check(
        "environments: {}",
        RetryQuestion::default(),
        (5, built_in("standard")),
        (30_000, built_in("standard")),
    );
}

#[test]
fn the_nearest_choice_holds() {
    let call = RetryQuestion {
        adapter: Some("pay"),
        ..RetryQuestion::default()
    };
    check(ADAPTER, call, (3, Origin::Action), (7_000, Origin::Action));
    let delete = RetryQuestion {
        action: Some("delete"),
        ..call
    };
    check(
        ADAPTER,
        delete,
        (10, built_in("critical")),
        (20_000, Origin::Adapter),
    );
    let own = named("optional");
    let step = RetryQuestion {
        own: Some(&own),
        own_timeout_ms: Some(1),
        ..call
    };
    check(ADAPTER, step, (2, built_in("optional")), (1, Origin::Step));
}

#[test]
fn the_environment_overrides_built_ins_only() {
    let text = format!("{ADAPTER}{STAGING}");
    check(
        &text,
        RetryQuestion::default(),
        (2, staging()),
        (9_000, staging()),
    );
    let call = RetryQuestion {
        adapter: Some("pay"),
        ..RetryQuestion::default()
    };
    check(&text, call, (3, Origin::Action), (7_000, Origin::Action));
    let delete = RetryQuestion {
        action: Some("delete"),
        ..call
    };
    check(&text, delete, (2, staging()), (20_000, Origin::Adapter));
    let none = named("none");
    check(
        &text,
        RetryQuestion {
            own: Some(&none),
            ..RetryQuestion::default()
        },
        (1, built_in("none")),
        (9_000, staging()),
    );
}

#[test]
fn a_redefined_policy_shadows_the_built_in_one() {
    let text = format!("policies: {{ retry: {{ critical: {{ max-attempts: 4 }} }} }}{STAGING}");
    let critical = named("critical");
    let question = RetryQuestion {
        own: Some(&critical),
        ..RetryQuestion::default()
    };
    check(
        &text,
        question,
        (4, Origin::Policy("critical".to_owned())),
        (9_000, staging()),
    );
    let plan = catalog(&text).retry_plan(question);
    assert_eq!(
        plan.on_exhausted,
        OnExhausted::Fail,
        "what it leaves out comes from standard"
    );
}

#[test]
fn workflow_and_policy_defaults_come_after_the_adapter() {
    let text = "policies: { defaults: { retry: optional, timeout: 3s } }";
    check(
        text,
        RetryQuestion::default(),
        (2, built_in("optional")),
        (3_000, Origin::Defaults),
    );
    let document = "workflow: { name: w, version: 1.0.0, defaults: { retry: none, timeout: 4s }, steps: [{ id: a, set: {} }] }";
    let workflow = definition::parse_workflow(document).expect("a workflow");
    let question = RetryQuestion {
        workflow: Some(&workflow),
        ..RetryQuestion::default()
    };
    check(
        text,
        question,
        (1, built_in("none")),
        (4_000, Origin::Workflow),
    );
}

#[test]
fn an_object_is_filled_from_environment_and_standard() {
    let own = RetryChoice::Inline(RetryPolicy {
        initial_interval_ms: Some(50),
        ..RetryPolicy::default()
    });
    let question = RetryQuestion {
        own: Some(&own),
        ..RetryQuestion::default()
    };
    let plan = catalog(STAGING.trim_start_matches("\n---\n")).retry_plan(question);
    assert_eq!(
        (
            plan.max_attempts,
            plan.initial_interval_ms,
            plan.max_interval_ms
        ),
        (2, 50, 60_000)
    );
}

#[test]
fn built_in_policies_are_as_written() {
    let plan = |name: &str| {
        let choice = named(name);
        catalog("environments: {}").retry_plan(RetryQuestion {
            own: Some(&choice),
            ..RetryQuestion::default()
        })
    };
    for (name, attempts, max_interval_ms, exhausted) in [
        ("standard", 5, 60_000, OnExhausted::Fail),
        ("critical", 10, 600_000, OnExhausted::Man),
        ("optional", 2, 60_000, OnExhausted::Continue),
        ("none", 1, 60_000, OnExhausted::Fail),
    ] {
        let plan = plan(name);
        let found = (plan.max_attempts, plan.max_interval_ms, plan.on_exhausted);
        assert_eq!(found, (attempts, max_interval_ms, exhausted), "{name}");
        assert_eq!(
            (plan.initial_interval_ms, plan.multiplier),
            (1_000, 2.0),
            "{name}"
        );
    }
}

#[test]
fn rules_stand_between_the_workflow_and_the_defaults_and_the_nearest_goes_first() {
    const RULES: &str = "
adapters: [{ name: mail, type: http, url: http://127.0.0.1, actions: { send: { method: POST } } }]
---
policies:
  defaults: { timeout: 1s }
  rules:
    - { name: mails, match: { adapter: mail }, set: { timeout: 2s, retry: { max-attempts: 2 } } }
    - { name: sends, match: { adapter: 'ma*', action: send }, set: { timeout: 3s } }
    - { name: elsewhere, match: { adapter: mail, env: production }, set: { timeout: 4s } }
    - { match: { adapter: mail, action: send, env: staging }, set: { timeout: 5s }, mode: evaluate }
";
    let rule = |name: &str| Origin::Rule(name.to_owned());
    let of = |action| RetryQuestion {
        adapter: Some("mail"),
        action,
        ..RetryQuestion::default()
    };
    check(RULES, of(None), (2, rule("mails")), (2_000, rule("mails")));
    let send = of(Some("send"));
    check(RULES, send, (2, rule("mails")), (3_000, rule("sends")));
    let own = RetryQuestion {
        own_timeout_ms: Some(9_000),
        ..send
    };
    check(RULES, own, (2, rule("mails")), (9_000, Origin::Step));
    let told = "rule adapter=mail,action=send,env=staging would set timeout 5000ms";
    assert_eq!(catalog(RULES).explain_retry(send).evaluated, [told]);
}
