use http::Version;
use serde_json::json;
use std::time::Duration;

use super::{Reply, Service, answer, build, call, fine};

#[tokio::test]
async fn http_1_by_default_and_http_2_without_tls_on_request() {
    let service = fine().await;
    for (http2, version) in [(false, Version::HTTP_11), (true, Version::HTTP_2)] {
        let adapter = build(&json!({"url": service.url, "http2": http2}));
        let outcome = adapter.call(call(None, &json!({}))).await;
        assert!(outcome.is_success(), "{outcome:?}");
        assert_eq!(service.only().version, version);
    }
}

#[tokio::test]
async fn many_calls_at_once_get_each_its_own_answer() {
    let service = Service::start(|arrived| answer(200, arrived.body.clone())).await;
    for http2 in [false, true] {
        let adapter = build(&json!({"url": service.url, "http2": http2}));
        let calls = (0..100).map(|n| adapter.call(call(None, &json!({ "n": n }))));
        let outcomes = futures_util::future::join_all(calls).await;
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(super::output(outcome), json!({ "n": n }));
        }
    }
}

#[tokio::test]
async fn a_dropped_call_disturbs_no_other() {
    let service = Service::start(|arrived| match arrived.body.as_str() {
        "\"hang\"" => Reply::Hang,
        _ => answer(200, "1"),
    })
    .await;
    for http2 in [false, true] {
        let adapter = build(&json!({"url": service.url, "http2": http2}));
        let hanging = adapter.call(call(None, &json!("hang")));
        assert!(
            tokio::time::timeout(Duration::from_millis(50), hanging)
                .await
                .is_err()
        );
        assert!(adapter.call(call(None, &json!({}))).await.is_success());
    }
}
