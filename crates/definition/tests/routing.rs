//! Routers, event types and triggers: what a catalog makes of them.

use definition::{
    Action, Balance, Catalog, CatalogChange, ChangeAction, DEFAULT_KEEP_MS, Destination,
    Diagnostic, Duration, EventId, ResourceKey, ResourceKind, ResourceSet, RouterMode,
    SignatureScheme, StoredResource, Target, Trigger, TriggerKind, Wait, WindowShape,
    no_settings_check,
};
use serde_json::json;

fn apply(base: &Catalog, text: &str) -> Result<CatalogChange, Vec<Diagnostic>> {
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), text.as_bytes().to_vec())]);
    set.apply_to(base, &no_settings_check)
}

fn applied(base: &Catalog, text: &str) -> Catalog {
    apply(base, text)
        .unwrap_or_else(|found| panic!("{}", found[0]))
        .new
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

fn workflow(name: &str) -> String {
    format!(
        "workflow: {{ name: {name}, version: 1.0.0, timeout: 1h, steps: [{{ id: one, adapter: a }}] }}\n---\n"
    )
}

const PROCESSORS: &str = r#"
adapters:
  - { name: gdpr-compliant-processor, type: http, url: "http://127.0.0.1:9" }
routers:
  - { name: standard-processor, rules: [{ default: child }] }
---
"#;

#[test]
fn the_router_of_the_brief_is_the_default_one() {
    let text = workflow("high-value-processor") + PROCESSORS;
    let base = applied(&neighbours(), &text);
    let catalog = applied(&base, include_str!("brief/router.yaml"));
    let router = &catalog.routers["default"];
    assert_eq!(router.mode, RouterMode::First);
    assert_eq!(router.rules[0].condition.source(), "event.amount > 10000");
    let targets: Vec<String> = router.targets().map(ToString::to_string).collect();
    assert_eq!(
        targets,
        [
            "workflow high-value-processor",
            "adapter gdpr-compliant-processor",
            "router standard-processor",
        ]
    );
    assert_eq!(router.next().collect::<Vec<_>>(), ["standard-processor"]);
    assert_eq!(
        *router.document,
        json!({
            "name": "default",
            "rules": [
                { "condition": "event.amount > 10000", "destination": { "workflow": "high-value-processor" } },
                { "condition": "event.region == \"EU\"", "destination": { "adapter": "gdpr-compliant-processor" } },
            ],
            "default": { "router": "standard-processor" },
        })
    );
}

const LONG: &str = r#"
environments: { dev: { vars: { region: EU, eu: 1 } } }
---
router:
  name: orders
  description: where orders go
  match: meta.type.startsWith("order.")
  mode: all
  rules:
    - name: vip
      condition: event.customer.tier == "vip" && adapters.b.healthy
      destination: b/read
      priority: "${ event.express ? 'critical' : 'high' }"
      transform: { order: "${ event.id }", region: "${ env.region }" }
    - condition: true
      destination:
        pool:
          - child
          - { destination: b, weight: 3, zone: x }
          - { destination: { adapter: b, action: delete } }
        balance: custom
        score: "target.weight / (1 + target.in-flight) + (target.zone == node.zone ? 1 : 0)"
  default: { workflow: child }
"#;

#[test]
fn a_router_comes_back_from_its_stored_form() {
    let catalog = applied(&neighbours(), LONG);
    let router = &catalog.routers["orders"];
    assert_eq!(router.mode, RouterMode::All);
    assert_eq!(router.rules[0].name.as_deref(), Some("vip"));
    assert_eq!(router.document["$names"], json!({ "env": ["region"] }));
    let Destination::Pool(pool) = &router.rules[1].destination else {
        panic!("{:?}", router.rules[1]);
    };
    let members: Vec<(String, u32, Option<&str>)> = pool
        .members
        .iter()
        .map(|member| {
            (
                member.target.to_string(),
                member.weight,
                member.zone.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        members,
        [
            ("workflow child".to_owned(), 1, None),
            ("adapter b".to_owned(), 3, Some("x")),
            ("adapter b/delete".to_owned(), 1, None),
        ]
    );
    assert!(
        matches!(&pool.balance, Balance::Custom(score) if score.source().contains("in-flight"))
    );
    assert_eq!(rebuilt(&catalog).routers, catalog.routers);
    assert_eq!(rebuilt(&catalog).resources, catalog.resources);
    let again = apply(&catalog, LONG).expect("the same");
    assert!(
        again
            .changes
            .iter()
            .all(|change| change.action == ChangeAction::Unchanged)
    );
}

#[test]
fn a_stored_router_may_be_applied_as_it_is() {
    let catalog = applied(&neighbours(), LONG);
    let text = json!({ "router": *catalog.routers["orders"].document }).to_string();
    let again = apply(&catalog, &text).unwrap_or_else(|found| panic!("{}", found[0]));
    assert_eq!(again.changes[0].action, ChangeAction::Unchanged);
}

#[test]
fn a_name_means_what_it_meant_when_the_router_was_applied() {
    let base = applied(
        &neighbours(),
        "router: [{ condition: event.x == 1, destination: a }, { default: b }]",
    );
    let target = |catalog: &Catalog| catalog.routers["default"].targets().next().cloned();
    let adapter = Target::Adapter {
        adapter: "a".to_owned(),
        action: None,
    };
    assert_eq!(target(&base), Some(adapter.clone()));
    // A workflow goes before an adapter of the same name, but only for who is applied from then on.
    let later = applied(&base, &workflow("a"));
    assert_eq!(target(&rebuilt(&later)), Some(adapter));
    let anew = applied(
        &later,
        "router: [{ condition: event.x == 1, destination: a }, { default: b }]",
    );
    assert_eq!(target(&anew), Some(Target::Workflow("a".to_owned())));
}

#[test]
fn routers_and_event_types_can_be_removed() {
    let catalog = applied(
        &neighbours(),
        &format!("{LONG}\n---\nevents: [{{ type: order.created }}]"),
    );
    let keys = [
        ResourceKey::new(ResourceKind::Router, "orders"),
        ResourceKey::new(ResourceKind::Event, "order.created"),
    ];
    let change = catalog.without(&keys).expect("removed");
    assert!(change.new.routers.is_empty() && change.new.events.is_empty());
}

#[test]
fn apply_refuses_what_leads_nowhere_or_in_a_circle() {
    for (text, code) in [
        ("router: [{ default: chld }]", "ORC-1049"),
        ("router: [{ default: c/read }]", "ORC-1040"),
        ("router: [{ default: b/raed }]", "ORC-1041"),
        ("router: [{ default: { router: nowhere } }]", "ORC-1049"),
        ("router: [{ default: { workflow: nowhere } }]", "ORC-1042"),
        (
            "router: [{ condition: adapters.c.healthy, destination: a }]",
            "ORC-1040",
        ),
        (
            "router: [{ condition: env.nothing == 1, destination: a }]",
            "ORC-1045",
        ),
        ("router: [{ default: default }]", "ORC-1026"),
        (
            "routers: [{ name: x, rules: [{ default: y }] }, { name: y, rules: [{ default: x }] }]",
            "ORC-1026",
        ),
    ] {
        let refused = apply(&neighbours(), text).expect_err(text);
        assert_eq!(refused.len(), 1, "{text}: {refused:?}");
        assert_eq!(refused[0].code, code, "{text}: {}", refused[0]);
    }
}

#[test]
fn a_circle_through_what_the_server_has_is_found() {
    let base = applied(
        &neighbours(),
        "routers: [{ name: x, rules: [{ default: a }] }, { name: y, rules: [{ default: x }] }]",
    );
    let refused = apply(
        &base,
        "router: { name: x, rules: [{ condition: event.a == 1, destination: { pool: [b, y] } }] }",
    )
    .expect_err("a circle");
    assert_eq!(refused[0].code, "ORC-1026");
    assert!(
        refused[0].message.ends_with("x, y, x"),
        "{}",
        refused[0].message
    );
}

#[test]
fn event_types_say_how_events_are_found_and_checked() {
    let catalog = applied(
        &neighbours(),
        r#"
events:
  - { type: order.created }
  - type: com.example.Payment
    key: "${ event.order + env.region }"
    keep: 2d
    schema: { type: object, required: [amount] }
"#,
    );
    let catalog = rebuilt(&catalog);
    let plain = &catalog.events["order.created"];
    assert_eq!(plain.keep_ms, DEFAULT_KEEP_MS);
    assert!(plain.key.is_none() && plain.check_data(&json!(1)).is_empty());
    let payment = &catalog.events["com.example.Payment"];
    assert_eq!(payment.keep_ms, 172_800_000);
    assert_eq!(payment.check_data(&json!({})).len(), 1);
    assert!(payment.check_data(&json!({ "amount": 3 })).is_empty());
    assert!(payment.key.is_some());
}

fn triggers(text: &str) -> Vec<Trigger> {
    let text = format!(
        "workflow:\n  name: w\n  version: 1.0.0\n  timeout: 1h\n  triggers:\n{text}\n  steps: [{{ id: one, set: {{ x: 1 }} }}]"
    );
    let workflow = definition::parse_workflow(&text).unwrap_or_else(|found| panic!("{}", found[0]));
    workflow.triggers
}

#[test]
fn triggers_of_events_name_a_type() {
    let found = triggers(
        r#"
    - { type: event, event-type: "order.*", source: /shop, condition: event.total > 10 && adapters.crm.healthy }
    - { type: event, event-type: order.created, id: created, input: { id: "${ meta.id }" } }
    - { type: manual }"#,
    );
    let ids: Vec<&str> = found.iter().map(|trigger| trigger.id.as_str()).collect();
    assert_eq!(ids, ["0-event", "created", "2-manual"]);
    let (TriggerKind::Event(any), TriggerKind::Event(one)) = (&found[0].kind, &found[1].kind)
    else {
        panic!("{found:?}");
    };
    assert!(any.matches("order.paid", "/shop"));
    assert!(!any.matches("order.paid", "/other"));
    assert!(!any.matches("orders", "/shop"));
    assert!(one.matches("order.created", "/other"));
    assert!(!one.matches("order.created.late", "/other"));
}

#[test]
fn schedules_say_when_they_tick_and_what_about_bad_times() {
    let found = triggers(
        r#"
    - { type: schedule, cron: "0 8 * * 1-5", time-zone: Europe/Berlin, jitter: 5m, catch-up: all, overlap: queue }
    - { type: schedule, id: often, every: 15m }"#,
    );
    let ids: Vec<&str> = found.iter().map(|trigger| trigger.id.as_str()).collect();
    assert_eq!(ids, ["0-schedule", "often"]);
    let schedule = |index: usize| match &found[index].kind {
        TriggerKind::Schedule(schedule) => schedule,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        schedule(0).told(),
        "cron 0 8 * * 1-5 Europe/Berlin jitter 300000"
    );
    assert_eq!(
        (schedule(0).catch_up.as_str(), schedule(0).overlap.as_str()),
        ("all", "queue")
    );
    assert_eq!(schedule(1).told(), "every 900000");
    assert_eq!(
        (schedule(1).catch_up.as_str(), schedule(1).overlap.as_str()),
        ("none", "skip")
    );
}

#[test]
fn windows_say_what_becomes_of_several_events() {
    let found = triggers(
        r#"
    - { type: event, event-type: a, debounce: { key: "${ event.device }", quiet: 2s } }
    - { type: webhook, source: x, debounce: { quiet: 2s, max: 1m, keep: all }, input: { n: "${ window.count }" } }
    - { type: schedule, every: 1s, batch: { max-wait: 1m } }
    - { type: workflow, name: other, batch: { max-wait: 1m, max-size: 3 } }
    - { type: event, event-type: a, throttle: { limit: 10/m } }
    - { type: event, event-type: b, throttle: { limit: 5/h, on-limit: queue } }
    - { type: event, event-type: c }"#,
    );
    let shapes = found.iter().map(|trigger| {
        let window = trigger.window.as_ref()?;
        Some((window.key.is_some(), window.shape))
    });
    let debounce = |quiet_ms, max_ms, keep_all| WindowShape::Debounce {
        quiet_ms,
        max_ms,
        keep_all,
    };
    let batch = |max_size| WindowShape::Batch {
        max_size,
        max_wait_ms: 60_000,
    };
    let throttle = |limit, per_ms, queue| WindowShape::Throttle {
        limit,
        per_ms,
        queue,
    };
    let expected = [
        Some((true, debounce(2_000, 86_400_000, false))),
        Some((false, debounce(2_000, 60_000, true))),
        Some((false, batch(10_000))),
        Some((false, batch(3))),
        Some((false, throttle(10, 60_000, false))),
        Some((false, throttle(5, 3_600_000, true))),
        None,
    ];
    assert_eq!(shapes.collect::<Vec<_>>(), expected);
    // The input of what is gathered is made when the window closes.
    assert!(found[1].input.is_some() && found[1].input_of_each().is_none());
}

#[test]
fn webhooks_are_verified_as_their_scheme_says() {
    let found = triggers(
        r#"
    - { type: webhook, source: plain }
    - { type: webhook, source: std, verify: { scheme: standard-webhooks, secret: "${ secrets.a }" } }
    - { type: webhook, source: hub, verify: { scheme: github, secret: "${secrets.a-b}" }, event-id: "header:X-GitHub-Delivery" }
    - { type: webhook, source: pay, verify: { scheme: stripe, secret: ["${ secrets.new }", "${ secrets.old }"], tolerance: 1m }, event-id: event.id }
    - { type: webhook, source: own, verify: { scheme: hmac, secret: "${ secrets.a }", header: X-Signature, timestamp-header: X-Time, tolerance: 10s } }"#,
    );
    let hook = |index: usize| match &found[index].kind {
        TriggerKind::Webhook(hook) => hook,
        other => panic!("{other:?}"),
    };
    let verify = |index: usize| {
        let verify = hook(index).verify.as_ref().expect("a scheme");
        (verify.scheme.clone(), verify.secrets.join(","))
    };
    assert_eq!(hook(0).verify, None);
    let standard = SignatureScheme::StandardWebhooks {
        tolerance_ms: 300_000,
    };
    assert_eq!(verify(1), (standard, "a".to_owned()));
    assert_eq!(verify(2), (SignatureScheme::Github, "a-b".to_owned()));
    let stripe = SignatureScheme::Stripe {
        tolerance_ms: 60_000,
    };
    assert_eq!(verify(3), (stripe, "new,old".to_owned()));
    let own = SignatureScheme::Hmac {
        header: "X-Signature".to_owned(),
        timestamp: Some(("X-Time".to_owned(), 10_000)),
    };
    assert_eq!(verify(4), (own, "a".to_owned()));
    assert_eq!(hook(0).event_id, None);
    assert_eq!(
        hook(2).event_id,
        Some(EventId::Header("X-GitHub-Delivery".to_owned()))
    );
    assert!(
        matches!(&hook(3).event_id, Some(EventId::Expression(id)) if id.source() == "event.id")
    );
}

fn workflow_of(rest: &str) -> Result<definition::Workflow, Vec<definition::Diagnostic>> {
    let text = format!("workflow:\n  name: w\n  version: 1.0.0\n  timeout: 1h\n{rest}");
    definition::parse_workflow(&text)
}

#[test]
fn waits_for_events_and_events_that_are_published_are_compiled() {
    let workflow = workflow_of(
        r#"
  deadlines: [{ after: "${ input.patience }", emit: { type: late } }, { after: 5m, emit: { type: later, data: { n: 1 } } }]
  steps:
    - { id: paid, wait: { event: { type: paid, key: "${ input.id }", when: event.n > trigger.event.n }, timeout: 5m, on-timeout: continue } }
    - { id: other, wait: { event: { type: paid } } }
    - { id: tell, emit: { type: shipped, data: "${ steps.paid.output }", subject: "${ input.id }" } }
"#,
    );
    let workflow = workflow.unwrap_or_else(|found| panic!("{}", found[0]));
    let (computed, fixed) = (&workflow.deadlines[0], &workflow.deadlines[1]);
    assert!(matches!(computed.after, Duration::Computed(_)) && computed.emit.data.is_none());
    assert!(matches!(fixed.after, Duration::Fixed(300_000)) && fixed.emit.data.is_some());
    let awaited: Vec<&str> = workflow.awaited_types().collect();
    assert_eq!(awaited, ["paid", "paid"]);
    let Action::Wait(Wait::Event(first)) = &workflow.steps[0].action else {
        panic!("{:?}", workflow.steps[0]);
    };
    assert!(first.key.is_some() && first.when.is_some() && first.continue_on_timeout);
    let Action::Emit(emit) = &workflow.steps[2].action else {
        panic!("{:?}", workflow.steps[2]);
    };
    assert_eq!(emit.event_type, "shipped");
}

#[test]
fn what_is_wrong_with_an_event_is_said_where_it_stands() {
    let deadline = "{ after: 1m, emit: { type: late } },";
    let many = format!(
        "  deadlines: [{}]\n  steps: [{{ id: a, set: {{ x: 1 }} }}]",
        deadline.repeat(17)
    );
    let cases = [
        (
            "  steps: [{ id: a, emit: { type: a b } }]",
            "expected an event type",
        ),
        ("  steps: [{ id: a, emit: { kind: a } }]", "`kind`"),
        ("  steps: [{ id: a, emit: { data: 1 } }]", "`type`"),
        (
            "  steps: [{ id: a, wait: { event: { key: k } } }]",
            "`type`",
        ),
        (
            "  steps: [{ id: a, wait: { event: { type: t, when: steps.b.output } } }]",
            "`b`",
        ),
        (
            "  steps: [{ id: a, wait: { event: { type: t }, signal: s } }]",
            "exactly one",
        ),
        (
            "  steps: [{ id: a, set: { x: \"${ trigger.event }\" } }]",
            "trigger",
        ),
        (&many, "at most 16 deadlines"),
    ];
    for (rest, expected) in cases {
        let found = workflow_of(rest).expect_err(rest);
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(
            told.iter().any(|line| line.contains(expected)),
            "{rest}: {told:?}"
        );
    }
}
