use std::time::{Duration, SystemTime};

use adapter::{CallbackUrl, Effect, Outcome, Undo};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Service, answer, answer_with, build, call, failure, nobody, output};

/// A service that answers with the status in its path.
async fn statuses() -> Service {
    Service::start(|arrived| {
        let status = arrived.path.trim_start_matches('/').parse().unwrap();
        answer(status, r#"{"message":"as you wish"}"#)
    })
    .await
}

#[tokio::test]
async fn each_status_has_its_class() {
    let service = statuses().await;
    let (none, unknown) = (Effect::None, Effect::Unknown);
    for (status, retryable, effect) in [
        (301, false, none),
        (304, false, none),
        (400, false, none),
        (401, false, none),
        (404, false, none),
        (408, true, unknown),
        (409, false, none),
        (410, false, none),
        (422, false, none),
        (425, true, none),
        (429, true, none),
        (500, true, unknown),
        (501, true, unknown),
        (502, true, unknown),
        (503, true, none),
        (504, true, unknown),
    ] {
        let adapter = build(&json!({"url": format!("{}/{status}", service.url)}));
        let outcome = adapter.call(call(None, &json!({}))).await;
        let failure = failure(&outcome);
        assert_eq!(failure.error_type, format!("http.{status}"));
        assert_eq!(failure.retryable, retryable, "{status}");
        assert_eq!(failure.effect, effect, "{status}");
        let exchange = failure.exchange.as_deref().unwrap();
        assert_eq!(exchange.status, Some(status));
        assert_eq!(exchange.method, "POST");
        if status != 304 {
            assert!(failure.message.contains("as you wish"), "{failure:?}");
            let details = failure.details.as_ref().unwrap();
            assert_eq!(details["body"]["message"], "as you wish");
        }
    }
}

#[tokio::test]
async fn an_action_may_say_otherwise_about_the_effect() {
    let service = statuses().await;
    let adapter = build(&json!({"url": service.url, "actions": {
        "a": {"path": "/500", "effect-overrides": {"http.5*": "none"}},
        "b": {"path": "/409", "effect-overrides": {"http.409": "unknown"}},
    }}));
    for (action, effect) in [("a", Effect::None), ("b", Effect::Unknown)] {
        let outcome = adapter.call(call(Some(action), &json!({}))).await;
        assert_eq!(failure(&outcome).effect, effect, "{action}");
    }
}

#[tokio::test]
async fn a_good_answer_becomes_the_output() {
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let cases: [(u16, Headers<'static>, &[u8], Value); 7] = [
        (
            200,
            &[("content-type", "application/problem+json")],
            b"{\"a\":1}",
            json!({"a": 1}),
        ),
        (201, &[], b"[1]", json!([1])),
        (204, &[], b"", Value::Null),
        (202, &[], b"\"later\"", json!("later")),
        (
            200,
            &[("content-type", "application/json; charset=utf-8")],
            b"",
            Value::Null,
        ),
        (
            200,
            &[("content-type", "text/plain")],
            b"hello",
            json!({"status": 200, "body": "hello"}),
        ),
        (
            200,
            &[("content-type", "application/json")],
            b"{oops",
            json!({"status": 200, "body": "{oops"}),
        ),
    ];
    for (status, headers, body, expected) in cases {
        let service = Service::start(move |_| answer_with(status, headers, body)).await;
        let adapter = build(&json!({"url": service.url}));
        let outcome = adapter.call(call(None, &json!({}))).await;
        let mut found = output(&outcome);
        if let Some(described) = found
            .as_object_mut()
            .filter(|map| map.contains_key("headers"))
        {
            assert!(described["headers"]["content-type"].is_string());
            described.remove("headers");
        }
        assert_eq!(found, expected, "{status} {headers:?}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_come_as_base64() {
    let service = Service::start(|_| {
        answer_with(200, &[("content-type", "image/png")], &b"\xff\x00\x01"[..])
    })
    .await;
    let outcome = build(&json!({"url": service.url}))
        .call(call(None, &json!({})))
        .await;
    let output = output(&outcome);
    assert_eq!(
        (&output["body"], &output["encoding"]),
        (&json!("/wAB"), &json!("base64"))
    );
}

#[tokio::test]
async fn json_passes_through_byte_for_byte() {
    let body = "{ \"b\": 1.50,\n \"a\": 12345678901234567890 }";
    let service = Service::start(move |_| answer(200, body)).await;
    let outcome = build(&json!({"url": service.url}))
        .call(call(None, &json!({})))
        .await;
    let Outcome::Success(success) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(success.output, body);
    assert_eq!(
        success.target.as_deref(),
        Some(format!("{}/", service.url).as_str())
    );
}

#[tokio::test]
async fn an_undo_of_what_is_gone_is_done() {
    let service = statuses().await;
    let adapter = build(&json!({"url": service.url, "actions": {
        "gone": {"method": "DELETE", "path": "/410"},
        "unknown": {"method": "DELETE", "path": "/404"},
        "refused": {"method": "DELETE", "path": "/403"},
    }}));
    for (action, done) in [("gone", true), ("unknown", true), ("refused", false)] {
        let mut undo = call(Some(action), &json!({}));
        undo.undo = Some(Undo {
            input: "{}".into(),
            output: "{}".into(),
        });
        let outcome = adapter.call(undo).await;
        assert_eq!(outcome.is_success(), done, "{action}: {outcome:?}");
        if done {
            assert_eq!(output(&outcome), json!({"nothing_to_undo": true}));
        }
        let plain = adapter.call(call(Some(action), &json!({}))).await;
        assert!(!plain.is_success());
    }
}

#[tokio::test]
async fn a_202_leaves_the_task_open_only_where_a_callback_was_asked_for() {
    let service = Service::start(|_| answer(202, "")).await;
    let adapter = build(&json!({"url": service.url, "actions": {
        "later": {"async": "callback"},
        "now": {},
    }}));
    for (action, open) in [("later", true), ("now", false)] {
        let mut call = call(Some(action), &json!({}));
        call.callback = Some(CallbackUrl::new(
            "http://127.0.0.1:1/task-callbacks/t0k3n-of-task",
        ));
        let outcome = adapter.call(call).await;
        assert_eq!(
            matches!(outcome, Outcome::Accepted(_)),
            open,
            "{action}: {outcome:?}"
        );
        assert!(!format!("{outcome:?}").contains("t0k3n"), "{outcome:?}");
        let seen = service.only().header("x-orchestrator-callback").to_owned();
        assert_eq!(seen.ends_with("/t0k3n-of-task"), open, "{action}");
    }
}

#[tokio::test]
async fn retry_after_is_read_as_seconds_and_as_a_date() {
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(120));
    for (header, bounds_ms) in [
        ("7".to_owned(), Some(7_000..=7_000)),
        (date, Some(100_000..=120_000)),
        ("soon".to_owned(), None),
        ("Wed, 21 Oct 2015 07:28:00 GMT".to_owned(), Some(0..=0)),
    ] {
        let sent = header.clone();
        let service =
            Service::start(move |_| answer_with(503, &[("retry-after", sent.as_str())], "")).await;
        let outcome = build(&json!({"url": service.url}))
            .call(call(None, &json!({})))
            .await;
        let found = failure(&outcome).retry_after_ms;
        match bounds_ms {
            Some(bounds) => assert!(bounds.contains(&found.unwrap()), "{header}: {found:?}"),
            None => assert_eq!(found, None, "{header}"),
        }
    }
}

#[tokio::test]
async fn nobody_there_is_a_connect_error_and_an_unknown_name_a_dns_error() {
    let nobody = nobody();
    let no_name = format!("http://{}.invalid:1", "x".repeat(70));
    for (url, error_type) in [(nobody.url.clone(), "connect"), (no_name, "dns")] {
        let outcome = build(&json!({"url": url}))
            .call(call(None, &json!({})))
            .await;
        let failure = failure(&outcome);
        assert_eq!(failure.error_type, error_type, "{failure:?}");
        assert_eq!((failure.retryable, failure.effect), (true, Effect::None));
    }
}

#[tokio::test]
async fn a_connection_lost_after_the_request_has_an_unknown_effect() {
    for sent_back in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            assert!(connection.read(&mut buffer).await.unwrap() > 0);
            connection.write_all(sent_back.as_bytes()).await.unwrap();
        });
        let outcome = build(&json!({"url": url}))
            .call(call(None, &json!({})))
            .await;
        let failure = failure(&outcome);
        assert_eq!(failure.error_type, "connection-lost", "{failure:?}");
        assert_eq!((failure.retryable, failure.effect), (true, Effect::Unknown));
        server.await.unwrap();
    }
}

#[tokio::test]
async fn answers_are_bounded_whether_they_say_their_length_or_not() {
    let chunked = |_: &super::Arrived| {
        let chunks = (0..64).map(|_| Ok::<_, std::io::Error>("y".repeat(1_024)));
        let body = axum::body::Body::from_stream(futures_util::stream::iter(chunks));
        answer(200, body)
    };
    let service = Service::start(chunked).await;
    let sizes = |limit: &str, own: Value| {
        let mut action = json!({});
        if !own.is_null() {
            action["max-payload"] = own;
        }
        json!({"url": service.url, "max-payload": limit, "actions": {"a": action}})
    };
    for (settings, fits) in [
        (sizes("63KiB", Value::Null), false),
        (sizes("64KiB", Value::Null), true),
        (sizes("64KiB", json!("1KiB")), false),
        (sizes("1KiB", json!(65_536)), true),
    ] {
        let outcome = build(&settings).call(call(Some("a"), &json!({}))).await;
        assert_eq!(outcome.is_success(), fits, "{settings}");
        if !fits {
            assert_eq!(failure(&outcome).error_type, "payload-too-large");
        }
        let snippet = &outcome.exchange().unwrap().response_snippet;
        assert!(snippet.len() <= adapter::RESPONSE_SNIPPET_BYTES);
    }
}
