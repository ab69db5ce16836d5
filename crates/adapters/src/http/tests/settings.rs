use adapter::{BuildError, SettingsErrorKind};
use serde_json::{Value, json};

use super::context;

/// The mistakes in these settings, one a line; `later` before those that come too early.
fn mistakes(settings: &Value) -> Vec<String> {
    let mut settings = settings.clone();
    settings["type"] = "http".into();
    let errors = crate::registry().check(&settings);
    let line = |error: &adapter::SettingsError| match error.kind {
        SettingsErrorKind::Wrong => error.to_string(),
        SettingsErrorKind::NotAvailableYet => format!("later {error}"),
    };
    errors.iter().map(line).collect()
}

#[test]
fn the_reference_example_is_accepted() {
    let settings = json!({
        "name": "billing-system",
        "targets": [
            {"url": "http://127.0.0.1:9001", "weight": 3, "zone": "a"},
            {"url": "http://${ env.host }:9002/base"},
        ],
        "balance": "weighted",
        "auth": {"bearer": "${ secrets.billing-token }", "mtls": {
            "cert": "${ secrets.cert }", "key": "${ secrets.key }", "ca": "${ secrets.ca }",
        }},
        "headers": {"x-tenant": "${ env.tenant }"},
        "actions": {
            "create": {"method": "POST", "path": "/accounts", "risk": "medium", "retry": "critical",
                "timeout": "5s", "async": "callback", "effect-overrides": {"http.5*": "none"}},
            "delete": {"method": "DELETE", "path": "/accounts/${ call.output.id }",
                "query": {"why": "${ workflow.correlation-id }"}, "max-payload": "1KiB"},
        },
        "default-action": "create",
        "retry": {"max-attempts": 3},
        "timeout": "10s",
        "concurrency": 50,
        "health": {"path": "/healthz", "interval": "10s"},
        "max-payload": "64MiB",
        "follow-redirects": true,
        "http2": true,
    });
    assert_eq!(mistakes(&settings), [""; 0]);
}

/// Address that is no mistake.
const URL: &str = "http://127.0.0.1:1";

/// Each of these settings has exactly this mistake.
fn check(cases: &[(Value, &str)]) {
    for (settings, expected) in cases {
        assert_eq!(mistakes(settings), [*expected], "{settings}");
    }
}

#[test]
fn mistakes_in_addresses() {
    check(&[
        (
            json!({}),
            ": expected `url` or `targets`, but found neither",
        ),
        (
            json!({"url": "ftp://x"}),
            "/url: expected an `http` or `https` URL, but its scheme is `ftp`",
        ),
        (
            json!({"url": "/relative"}),
            "/url: expected an absolute URL, but it does not parse: relative URL without a base",
        ),
        (json!({"url": 7}), "/url: expected text, but found `7`"),
        (
            json!({"url": "http://ann:pw@x"}),
            "/url: expected no user in the URL, but it has one; use `auth: { basic: ... }`",
        ),
        (
            json!({"targets": []}),
            "/targets: expected at least one target, but the list is empty",
        ),
        (
            json!({"targets": [{"weight": 1}]}),
            "/targets/0: expected `url`, but it is missing",
        ),
        (
            json!({"targets": [{"url": URL, "weight": 0}]}),
            "/targets/0/weight: expected a whole number from 1 to 10000, but found `0`",
        ),
    ]);
}

#[test]
fn mistakes_in_credentials_and_headers() {
    check(&[
        (
            json!({"url": URL, "auth": {"bearer": "literal-token"}}),
            "/auth/bearer: expected a secret, but the value stands in the open (write `bearer: \"${ secrets.NAME }\"`)",
        ),
        (
            json!({"url": URL, "auth": {}}),
            "/auth: expected a way to authenticate, but the mapping is empty",
        ),
        (
            json!({"url": URL, "auth": {"beerer": "${ secrets.x }"}}),
            "/auth/beerer: expected a known setting, but found `beerer` (did you mean `bearer`?)",
        ),
        (
            json!({"url": URL, "auth": {"api-key": {"value": "${ secrets.x }"}}}),
            "/auth/api-key: expected either `header` or `query`, to say where the key stands",
        ),
        (
            json!({"url": URL, "headers": {"host": "x"}}),
            "/headers: expected a header of your own, but `host` is set by the server",
        ),
        (
            json!({"url": URL, "headers": {"a b": "x"}}),
            "/headers: expected the name of a header, but found `a b`",
        ),
    ]);
}

#[test]
fn mistakes_in_actions() {
    check(&[
        (
            json!({"url": URL, "actions": {"a": {"method": "FETCH"}}}),
            "/actions/a/method: expected one of `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD`, but found `FETCH` (did you mean `PATCH`?)",
        ),
        (
            json!({"url": URL, "actions": {"a": {"path": "accounts"}}}),
            "/actions/a/path: expected a path that begins with `/`, but found `accounts`",
        ),
        (
            json!({"url": URL, "actions": {"a": {"method": "GET", "body": {}}}}),
            "/actions/a/body: expected no body, but GET has one here",
        ),
        (
            json!({"url": URL, "actions": {"a": {"async": "poll"}}}),
            "/actions/a/async: expected one of `callback`, but found `poll`",
        ),
        (
            json!({"url": URL, "actions": {"a": {"effect-overrides": {"http.500": "some"}}}}),
            "/actions/a/effect-overrides/http.500: expected one of `none`, `unknown`, but found `some` (did you mean `none`?)",
        ),
        (
            json!({"url": URL, "actions": {"create": {}}, "default-action": "craete"}),
            "/default-action: expected one of the `actions`, but found `craete` (did you mean `create`?)",
        ),
    ]);
}

#[test]
fn mistakes_elsewhere_and_what_comes_later() {
    check(&[
        (
            json!({"url": URL, "tiemout": "1s"}),
            "/tiemout: expected a known setting, but found `tiemout` (did you mean `timeout`?)",
        ),
        (
            json!({"url": URL, "balance": "least-connections"}),
            "later /balance: `least-connections` is not available yet",
        ),
        (
            json!({"url": URL, "balance": "custom", }),
            "later /balance: `custom` is not available yet",
        ),
        (
            json!({"url": URL, "balance": "wieghted"}),
            "/balance: expected one of `round-robin`, `weighted`, but found `wieghted` (did you mean `weighted`?)",
        ),
        (
            json!({"url": URL, "health": {}}),
            "/health: expected `path`, but it is missing",
        ),
        (
            json!({"url": URL, "health": {"path": "/h", "interval": "1ms"}}),
            "/health/interval: expected at least `100ms`, but it is shorter",
        ),
        (
            json!({"url": "http://${ call.host }", "health": {"path": "/h"}}),
            "/health: expected URLs that name nothing but `env`, but one names more",
        ),
        (
            json!({"url": URL, "max-payload": "1 elephant"}),
            "/max-payload: expected a size such as `1MiB`, but found the text `1 elephant`",
        ),
    ]);
}

#[test]
fn an_expression_that_does_not_compile_is_reported_where_it_stands() {
    for (settings, pointer) in [
        (json!({"url": "http://${ cal.host }"}), "/url"),
        (
            json!({"url": "http://x", "headers": {"x-a": "${ 1 + }"}}),
            "/headers/x-a",
        ),
        (
            json!({"url": "http://x", "actions": {"a": {"path": "/${ nope }"}}}),
            "/actions/a/path",
        ),
        (
            json!({"url": "http://x", "actions": {"a": {"body": {"b": ["${ nope }"]}}}}),
            "/actions/a/body/b/0",
        ),
    ] {
        let found = mistakes(&settings);
        assert_eq!(found.len(), 1, "{settings}: {found:?}");
        assert!(found[0].starts_with(&format!("{pointer}: ")), "{found:?}");
    }
}

#[test]
fn wrong_settings_are_not_built() {
    let registry = crate::registry();
    let built = registry.build("a", &json!({"type": "http"}), context());
    assert!(matches!(built, Err(BuildError::Settings { .. })));
    let found = registry.check(&json!({"type": "htpt"}));
    assert_eq!(
        found[0].to_string(),
        "/type: expected one of `builtin`, `http`, but found `htpt` (did you mean `http`?)"
    );
}
