use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adapter::{Effect, Secret, SecretError, Secrets};
use serde_json::{Value, json};

use super::{
    Arrived, Reply, Service, answer, build, build_in, call, context_with, failure, fine, secrets,
};

/// What arrives of one call with this `auth`; nothing of the secret may come back.
async fn arrived_with(auth: &Value) -> Arrived {
    let service = fine().await;
    let adapter = build(&json!({"url": service.url, "auth": auth}));
    let outcome = adapter.call(call(None, &json!({"amount": 7}))).await;
    assert!(outcome.is_success(), "{outcome:?}");
    let text = format!("{outcome:?}");
    assert!(!text.contains("token-value-1"), "{text}");
    service.only()
}

#[tokio::test]
async fn each_scheme_puts_its_credential_where_it_belongs() {
    let token = "${ secrets.token }";
    let bearer = arrived_with(&json!({ "bearer": token })).await;
    assert_eq!(bearer.header("authorization"), "Bearer token-value-1");

    let basic = json!({"basic": {"username": "ann", "password": token}});
    let basic = arrived_with(&basic).await;
    assert_eq!(
        basic.header("authorization"),
        "Basic YW5uOnRva2VuLXZhbHVlLTE="
    );

    let header = json!({"api-key": {"header": "X-Api-Key", "value": token}});
    assert_eq!(
        arrived_with(&header).await.header("x-api-key"),
        "token-value-1"
    );

    let query = json!({"api-key": {"query": "key", "value": token}});
    assert_eq!(arrived_with(&query).await.path, "/?key=token-value-1");
}

#[tokio::test]
async fn what_is_computed_from_a_secret_is_hidden_like_one() {
    let service = Service::start(|arrived| {
        answer(
            200,
            json!({"sent": arrived.header("authorization")}).to_string(),
        )
    })
    .await;
    let auth = json!({"bearer": "${ secrets.token.upperAscii() }"});
    let adapter = build(&json!({"url": service.url, "auth": auth}));
    let outcome = adapter.call(call(None, &json!({}))).await;
    assert_eq!(
        service.only().header("authorization"),
        "Bearer TOKEN-VALUE-1"
    );
    assert_eq!(super::output(&outcome)["sent"], "Bearer ***");
}

#[tokio::test]
async fn hmac_signs_the_body() {
    let hmac = json!({"hmac": {
        "secret": "${ secrets.token }", "header": "X-Hub-Signature-256", "prefix": "sha256=",
    }});
    let seen = arrived_with(&hmac).await;
    assert_eq!(seen.body, r#"{"amount":7}"#);
    // printf '{"amount":7}' | openssl dgst -sha256 -hmac token-value-1
    let expected = "sha256=2f441c50ac3b7635ce8abcd4ecf555c57b5d5d332569f509a050c68db5445258";
    assert_eq!(seen.header("x-hub-signature-256"), expected);

    let stamped = json!({"hmac": {
        "secret": "${ secrets.token }", "algorithm": "sha512", "encoding": "base64",
        "timestamp-header": "X-Timestamp",
    }});
    let seen = arrived_with(&stamped).await;
    assert_eq!(seen.header("x-signature").len(), 88);
    assert!(seen.header("x-timestamp").parse::<u64>().unwrap() > 1_700_000_000);
}

/// A token endpoint beside the service: it counts, and the service takes only the latest token.
async fn guarded(tokens: &Arc<AtomicUsize>, expires_in: u64, accepted: usize) -> Service {
    let tokens = Arc::clone(tokens);
    Service::start(move |arrived| match arrived.path.as_str() {
        "/token" => {
            let number = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            let token = format!("access-token-{number}");
            answer(
                200,
                json!({"access_token": token, "expires_in": expires_in}).to_string(),
            )
        }
        _ if arrived.header("authorization")
            >= format!("Bearer access-token-{accepted}").as_str() =>
        {
            answer(
                200,
                json!({"you sent": arrived.header("authorization")}).to_string(),
            )
        }
        _ => answer(401, ""),
    })
    .await
}

fn oauth2(service: &Service, more: Value) -> Value {
    let mut oauth2 = json!({
        "token-url": format!("{}/token", service.url),
        "client-id": "shop",
        "client-secret": "${ secrets.token }",
        "scope": "orders",
    });
    if let Value::Object(more) = more {
        oauth2.as_object_mut().unwrap().extend(more);
    }
    json!({"url": format!("{}/orders", service.url), "auth": {"oauth2": oauth2}})
}

#[tokio::test]
async fn an_access_token_is_fetched_once_and_kept() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let service = guarded(&tokens, 3_600, 1).await;
    let adapter = build(&oauth2(&service, Value::Null));
    for _ in 0..3 {
        let outcome = adapter.call(call(None, &json!({}))).await;
        assert!(outcome.is_success(), "{outcome:?}");
        assert!(
            !format!("{outcome:?}").contains("access-token"),
            "{outcome:?}"
        );
        assert_eq!(super::output(&outcome)["you sent"], "Bearer ***");
    }
    assert_eq!(tokens.load(Ordering::SeqCst), 1);
    let asked = service.arrived().remove(0);
    assert_eq!(asked.body, "grant_type=client_credentials&scope=orders");
    assert!(asked.header("authorization").starts_with("Basic "));
}

#[tokio::test]
async fn an_expired_or_refused_token_is_replaced() {
    for (expires_in, accepted, calls, asked) in [(0, 1, 3, 3), (3_600, 2, 3, 2)] {
        let tokens = Arc::new(AtomicUsize::new(0));
        let service = guarded(&tokens, expires_in, accepted).await;
        let settings = oauth2(&service, json!({"credentials": "body", "audience": "shop"}));
        let adapter = build(&settings);
        for _ in 0..calls {
            let outcome = adapter.call(call(None, &json!({}))).await;
            assert!(outcome.is_success(), "{outcome:?}");
        }
        assert_eq!(tokens.load(Ordering::SeqCst), asked);
        let body = service.arrived().remove(0).body;
        assert!(
            body.contains("client_secret=token-value-1&")
                || body.ends_with("client_secret=token-value-1")
        );
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    for (status, body, retryable) in [
        (400, r#"{"error":"invalid_client"}"#, false),
        (500, "", true),
        (200, "{}", false),
    ] {
        let service = Service::start(move |arrived| match arrived.path.as_str() {
            "/token" => answer(status, body),
            _ => answer(200, "1"),
        })
        .await;
        let outcome = build(&oauth2(&service, Value::Null))
            .call(call(None, &json!({})))
            .await;
        let failure = failure(&outcome);
        assert_eq!(failure.error_type, "auth");
        assert_eq!(
            (failure.retryable, failure.effect),
            (retryable, Effect::None)
        );
        assert_eq!(service.only().path, "/token");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_leaves_the_effect_none() {
    let service = Service::start(|_| Reply::Hang).await;
    let mut call = call(None, &json!({}));
    call.timeout_ms = 100;
    let outcome = build(&oauth2(&service, Value::Null)).call(call).await;
    let failure = failure(&outcome);
    assert_eq!(
        (failure.error_type.as_str(), failure.effect),
        ("timeout", Effect::None)
    );
}

/// A source that is out of reach.
struct Sealed;

impl Secrets for Sealed {
    fn resolve(&self, name: &str) -> Result<Secret, SecretError> {
        Err(SecretError::Unavailable {
            name: name.to_owned(),
            reason: "sealed".to_owned(),
        })
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_stops_the_call() {
    let service = fine().await;
    let settings =
        |name| json!({"url": service.url, "auth": {"bearer": format!("${{ secrets.{name} }}")}});
    for (adapter, retryable) in [
        (
            build_in(&settings("absent"), context_with(secrets())),
            false,
        ),
        (build_in(&settings("token"), context_with(Sealed)), true),
    ] {
        let outcome = adapter.call(call(None, &json!({}))).await;
        let failure = failure(&outcome);
        assert_eq!(
            (failure.error_type.as_str(), failure.retryable),
            ("secret", retryable)
        );
        assert_eq!(failure.effect, Effect::None);
    }
    assert!(service.arrived().is_empty());
}

#[tokio::test]
async fn a_client_certificate_that_is_none_is_a_failure_of_the_settings() {
    let service = fine().await;
    let adapter = build(&json!({"url": service.url, "auth": {
        "mtls": {"cert": "${ secrets.short }", "key": "${ secrets.token }"},
    }}));
    let outcome = adapter.call(call(None, &json!({}))).await;
    let failure = failure(&outcome);
    assert_eq!(
        (failure.error_type.as_str(), failure.retryable),
        ("adapter.config", false)
    );
    assert!(service.arrived().is_empty());
}

#[tokio::test]
async fn standard_webhooks_sign_the_body_under_the_messages_id_with_each_secret() {
    const KEYS: [&str; 2] = [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_YW5vdGhlci1rZXktb2YtMjQtYnl0ZXMh",
    ];
    let service = fine().await;
    let secrets = adapter::StaticSecrets::new([("new", KEYS[0]), ("old", KEYS[1])]);
    let settings = json!({"url": service.url, "auth": {"standard-webhooks": {
        "secret": ["${ secrets.new }", "${ secrets.old }"], "id": "${ call.id }",
    }}});
    let adapter = super::build_in(&settings, context_with(secrets));
    let outcome = adapter.call(call(None, &json!({"id": "a/1.2"}))).await;
    assert!(outcome.is_success(), "{outcome:?}");
    let seen = service.only();
    assert_eq!(seen.header("webhook-id"), "a/1-2");
    let at: i64 = seen.header("webhook-timestamp").parse().unwrap();
    assert!(at > 1_700_000_000);
    let keys = KEYS.map(|key| webhook::Key::standard(key).unwrap());
    let expected = webhook::sign(&keys, "a/1-2", at, seen.body.as_bytes());
    assert_eq!(seen.header("webhook-signature"), expected);
    assert_eq!(expected.matches("v1,").count(), 2);
}
