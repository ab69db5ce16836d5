//! Circuit breakers, rates, and what is switched on adapters.

use definition::{
    Catalog, Diagnostic, OnOpen, OpenBreaker, RateSpec, ResourceSet, no_settings_check,
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
