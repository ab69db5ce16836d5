//! Circuit breakers, rates, and what is switched on adapters.

use definition::{
    Catalog, Diagnostic, OnOpen, OpenBreaker, Origin, RateSpec, ResourceSet, RetryQuestion,
    no_settings_check,
};

fn apply(base: &Catalog, text: &str) -> Result<Catalog, Vec<Diagnostic>> {
    let (set, _) = ResourceSet::parse(vec![("a.yaml".into(), text.into())]);
    let applied = set.apply_to(base, &no_settings_check);
    applied.map(|change| change.new)
}

fn applied(text: &str) -> Catalog {
    apply(&Catalog::default(), text).unwrap_or_else(|found| panic!("{found:?}"))
}

const ADAPTERS: &str = "
adapters:
  - { name: plain, type: http, url: http://a }
  - { name: local, type: builtin }
  - name: own
    type: http
    url: http://b
    rate-limit: { rate: 30/m, burst: 7 }
    circuit-breaker: { window: 5s, failure-rate: 0.25, slow-call: 2s, half-open-calls: 1, on-open: { fallback: plain } }
policies:
  defaults: { rate-limit: { rate: 100/s }, circuit-breaker: { open-for: 1m, on-open: fail } }
";

#[test]
fn an_adapters_own_breaker_goes_before_the_default() {
    let catalog = applied(ADAPTERS);
    let of = |name: &str| catalog.breaker(&catalog.adapters[name]);
    let plain = of("plain").expect("the default");
    assert_eq!((plain.open_for_ms, plain.min_calls), (60_000, 20));
    assert_eq!(plain.on_open, OnOpen::Fail);
    let own = of("own").expect("its own");
    assert_eq!((own.window_ms, own.open_for_ms), (5_000, 15_000));
    assert_eq!((own.slow_call_ms, own.half_open_calls), (Some(2_000), 1));
    assert_eq!(own.on_open, OnOpen::Fallback("plain".to_owned()));
    assert_eq!(of("local"), None, "in process nothing is out of reach");
}

#[test]
fn rates_have_a_burst() {
    let catalog = applied(ADAPTERS);
    let of = |name: &str| catalog.rate(&catalog.adapters[name]);
    let rate = |calls, per_ms, burst| RateSpec {
        calls,
        per_ms,
        burst,
    };
    assert_eq!(of("own"), Some(rate(30, 60_000, 7)));
    assert_eq!(of("plain"), Some(rate(100, 1_000, 100)));
    assert_eq!(of("local"), None);
    assert_eq!(RateSpec::parse("5/h", None), Some(rate(5, 3_600_000, 1)));
    for wrong in ["", "5", "0/s", "-1/s", "5/d", "1.5/s", "five/s"] {
        assert_eq!(RateSpec::parse(wrong, None), None, "{wrong}");
    }
}

#[test]
fn fallbacks_lead_somewhere() {
    let adapter = |name: &str, fallback: &str| {
        let breaker = format!("circuit-breaker: {{ on-open: {{ fallback: {fallback} }} }}");
        format!("  - {{ name: {name}, type: http, url: http://x, {breaker} }}\n")
    };
    let refused = |adapters: &[String]| {
        let text = format!("adapters:\n{}", adapters.concat());
        let found = apply(&Catalog::default(), &text).expect_err("is refused");
        found[0].message.clone()
    };
    let missing = refused(&[adapter("a", "b")]);
    assert_eq!(missing, "there is no adapter `b`");
    let circle = refused(&[adapter("a", "b"), adapter("b", "a")]);
    assert!(circle.contains("in a circle"), "{circle}");
    let own = refused(&[adapter("a", "a")]);
    assert!(own.contains("in a circle"), "{own}");
}

#[test]
fn what_is_switched_and_what_opened_is_kept() {
    let catalog = applied(ADAPTERS);
    let opened = OpenBreaker {
        since: 1,
        until: 2,
        why: "4 of 4 calls failed".to_owned(),
    };
    let change = catalog.with_breaker("own", "http://b", Some(opened.clone()));
    let catalog = change.expect("fits").new;
    let change = catalog.with_switches("own", |switches| switches.of(Some("http://b")).resets = 3);
    let catalog = change.expect("fits").new;
    let again = Catalog::from_stored("dev", catalog.version, catalog.to_stored());
    let again = again.expect("is readable");
    assert_eq!(again.breakers["own"]["http://b"], opened);
    assert_eq!(again.switches["own"].resets("http://b"), 3);
    assert_eq!(again.switches["own"].resets("elsewhere"), 0);
    let closed = again.with_breaker("own", "http://b", None).expect("fits");
    assert!(closed.new.breakers.is_empty());
    let nothing = closed.new.with_breaker("own", "http://b", None);
    assert!(nothing.expect("fits").stored().is_empty());
}

#[test]
fn rules_stand_between_an_adapters_own_limits_and_the_defaults() {
    const RULES: &str = "
policies:
  rules:
    - { name: all, match: { env: dev }, set: { concurrency: 9, rate-limit: { rate: 9/s } } }
    - { name: near, match: { adapter: 'pl*', env: dev }, set: { rate-limit: { rate: 5/s } } }
    - { name: tried, match: { adapter: plain, env: dev }, set: { rate-limit: { rate: 1/s }, circuit-breaker: { window: 9s } }, mode: evaluate }
    - { name: elsewhere, match: { env: production }, set: { circuit-breaker: { window: 8s } } }
";
    let base = Catalog {
        environment: "dev".to_owned(),
        ..Catalog::default()
    };
    let base = apply(&base, ADAPTERS).expect("applies");
    let catalog = apply(&base, RULES).expect("applies");
    let of = |name: &str| catalog.explain_limits(&catalog.adapters[name]);
    let rule = |name: &str| Origin::Rule(name.to_owned());
    let plain = of("plain");
    let rate = plain.rate.expect("a rule's");
    assert_eq!((rate.value.calls, rate.origin), (5, rule("near")));
    let concurrency = plain.concurrency.expect("a rule's");
    assert_eq!((concurrency.value, concurrency.origin), (9, rule("all")));
    let breaker = plain.breaker.expect("the default");
    assert_eq!(breaker.value.open_for_ms, 60_000);
    assert_eq!(breaker.origin, Origin::Defaults);
    let own = of("own").rate.expect("its own");
    assert_eq!((own.value.calls, own.origin), (30, Origin::Adapter));
    let local = of("local");
    assert_eq!((local.rate, local.concurrency), (None, None), "in process");
    let question = RetryQuestion {
        adapter: Some("plain"),
        ..RetryQuestion::default()
    };
    let told = "rule tried would set rate-limit 1/s and a circuit-breaker";
    assert_eq!(catalog.explain_retry(question).evaluated, [told]);
}
