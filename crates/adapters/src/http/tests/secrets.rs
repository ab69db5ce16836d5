use adapter::conformance::{SECRET_NAME, SECRET_VALUE};
use adapter::{Outcome, Secret, SecretError, Secrets};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Service, answer, answer_with, build, build_in, call, context_with, fine};

/// Everything that leaves an adapter, as text.
fn all_of(outcome: &Outcome) -> String {
    let mut text = format!("{outcome:?}");
    if let Outcome::Success(success) = outcome {
        text.push_str(&String::from_utf8_lossy(&success.output));
    }
    text
}

#[tokio::test]
async fn a_planted_secret_comes_back_in_no_form() {
    let percent = "planted%2Fsecret%2Bvalue%3D77";
    let base64 = STANDARD.encode(SECRET_VALUE);
    let forms = [SECRET_VALUE.to_owned(), percent.to_owned(), base64];
    for status in [200, 202, 302, 404, 500] {
        for form in &forms {
            let text = format!("before {form} after");
            let body = json!({"text": text, "list": [form], "escaped": "\n"}).to_string();
            let service = Service::start(move |_| answer(status, body.clone())).await;
            let adapter = build(&json!({
                "url": format!("{}/at/${{ secrets.{SECRET_NAME} }}", service.url),
                "headers": {"x-own": format!("${{ secrets.{SECRET_NAME} }}")},
                "auth": {"api-key": {"query": "k", "value": format!("${{ secrets.{SECRET_NAME} }}")}},
            }));
            let outcome = adapter
                .call(call(None, &json!({"in": {"$secret": SECRET_NAME}})))
                .await;
            let text = all_of(&outcome);
            for form in &forms {
                assert!(!text.contains(form), "{status}: {text}");
            }
            assert!(text.contains("before *** after"), "{status}: {text}");
            let seen = service.only();
            assert!(seen.body.contains(SECRET_VALUE));
            assert_eq!(seen.header("x-own"), SECRET_VALUE);
        }
    }
}

#[tokio::test]
async fn a_secret_in_a_text_answer_or_a_header_is_masked() {
    let headers = [("content-type", "text/plain"), ("x-echo", SECRET_VALUE)];
    let service = Service::start(move |_| answer_with(200, &headers, SECRET_VALUE)).await;
    let adapter = build(&json!({"url": service.url}));
    let outcome = adapter
        .call(call(None, &json!({"$secret": SECRET_NAME})))
        .await;
    assert!(!all_of(&outcome).contains(SECRET_VALUE), "{outcome:?}");
    assert_eq!(super::output(&outcome)["headers"]["x-echo"], "***");
}

/// Each look finds a new value.
struct Rotating(AtomicUsize);

impl Secrets for Rotating {
    fn resolve(&self, _: &str) -> Result<Secret, SecretError> {
        let turn = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::new(format!("rotated-value-{turn}")))
    }
}

#[tokio::test]
async fn a_secret_is_looked_up_for_each_call() {
    let service = fine().await;
    let settings = json!({"url": service.url, "auth": {"bearer": "${ secrets.token }"}});
    let adapter = build_in(&settings, context_with(Rotating(AtomicUsize::new(0))));
    for turn in 0..2 {
        assert!(adapter.call(call(None, &json!({}))).await.is_success());
        let expected = format!("Bearer rotated-value-{turn}");
        assert_eq!(service.only().header("authorization"), expected);
    }
}

#[tokio::test]
async fn credentials_too_short_to_search_for_are_masked_where_they_are_shown() {
    let service = fine().await;
    let adapter = build(&json!({
        "url": service.url,
        "headers": {"x-own": "${ secrets.short }"},
        "auth": {"api-key": {"query": "k", "value": "${ secrets.short }"}},
    }));
    let outcome = adapter.call(call(None, &json!({}))).await;
    let exchange = outcome.exchange().unwrap();
    assert!(exchange.url.ends_with("?k=***"), "{exchange:?}");
    let own = exchange
        .request_headers
        .iter()
        .find(|(name, _)| name == "x-own");
    assert_eq!(own.unwrap().1, "***");
    assert!(service.only().path.ends_with("?k=abc"));
}
