use adapter::{BuildContext, Effect, OutboundPolicy};
use serde_json::json;

use super::{build_in, call, context, failure, fine};

async fn check(url: &str, policy: OutboundPolicy, expected: Result<(), &str>) {
    let context = BuildContext {
        outbound: policy,
        ..context()
    };
    let adapter = build_in(&json!({ "url": url }), context);
    let mut call = call(None, &json!({}));
    call.timeout_ms = 2_000;
    let outcome = adapter.call(call).await;
    match expected {
        Ok(()) => assert!(outcome.is_success(), "{url}: {outcome:?}"),
        Err(part) => {
            let failure = failure(&outcome);
            assert_eq!(failure.error_type, "outbound-refused", "{url}: {failure:?}");
            assert_eq!((failure.retryable, failure.effect), (false, Effect::None));
            assert!(failure.message.contains(part), "{url}: {failure:?}");
        }
    }
}

#[tokio::test]
async fn addresses_are_checked_as_written_and_as_resolved() {
    let service = fine().await;
    let named = service.url.replace("127.0.0.1", "localhost");
    let strict = OutboundPolicy::default;
    let local = super::local;
    let listed = || OutboundPolicy {
        server_is_loopback: false,
        allow: vec!["127.0.0.0/8".parse().unwrap()],
    };
    check(&service.url, strict(), Err("outbound.allow")).await;
    check(&named, strict(), Err("outbound.allow")).await;
    check(&service.url, local(), Ok(())).await;
    check(&named, local(), Ok(())).await;
    check(&service.url, listed(), Ok(())).await;
    check(&named, listed(), Ok(())).await;
    check(
        "http://169.254.169.254/latest",
        local(),
        Err("never called"),
    )
    .await;
    check("http://[fe80::1]/", local(), Err("never called")).await;
    check("http://0x7f000001:9/", strict(), Err("127.0.0.1")).await;
    check("http://2130706433:9/", strict(), Err("127.0.0.1")).await;
    check("http://[::ffff:10.0.0.1]/", strict(), Err("10.0.0.1")).await;
    assert_eq!(service.arrived().len(), 4);
}

#[tokio::test]
async fn a_redirect_to_a_forbidden_address_is_not_followed() {
    let location = [("location", "http://169.254.169.254/latest")];
    let service = super::Service::start(move |_| super::answer_with(307, &location, "")).await;
    let settings = json!({"url": service.url, "follow-redirects": true});
    let outcome = super::build(&settings).call(call(None, &json!({}))).await;
    assert_eq!(failure(&outcome).error_type, "outbound-refused");
}
