use adapter::Undo;
use serde_json::{Value, json};

use super::{Service, answer_with, build, call, failure, fine, output};

#[tokio::test]
async fn without_actions_the_input_is_posted_as_it_is() {
    let service = fine().await;
    let adapter = build(&json!({"url": format!("{}/base?v=1", service.url)}));
    let mut call = call(None, &json!({}));
    call.input = "{ \"amount\": 1.50 }".into();
    assert_eq!(output(&adapter.call(call).await), json!({"ok": true}));
    let seen = service.only();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/base?v=1")
    );
    assert_eq!(seen.body, "{ \"amount\": 1.50 }");
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.header("x-orchestrator-instance"), "instance-7");
    assert_eq!(seen.header("x-orchestrator-step"), "charge");
    assert_eq!(seen.header("x-orchestrator-attempt"), "1");
    assert_eq!(seen.header("x-orchestrator-callback"), "");
}

async fn check_path(path: &str, input: Value, expected: Option<&str>) {
    let service = fine().await;
    let settings = json!({"url": format!("{}/v1/", service.url), "actions": {
        "get": {"method": "GET", "path": path},
    }});
    let outcome = build(&settings).call(call(Some("get"), &input)).await;
    let seen: Vec<String> = service.arrived().into_iter().map(|a| a.path).collect();
    match expected {
        Some(expected) => assert_eq!(seen, [expected], "{path}: {outcome:?}"),
        None => {
            assert!(seen.is_empty(), "{path}: {seen:?}");
            assert!(!failure(&outcome).retryable, "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn values_in_a_path_stay_within_their_segment() {
    let path = "/accounts/${ call.id }/lines";
    for (input, expected) in [
        (json!({"id": 7}), Some("/v1/accounts/7/lines")),
        (json!({"id": "a b"}), Some("/v1/accounts/a%20b/lines")),
        (
            json!({"id": "../users?x#y"}),
            Some("/v1/accounts/..%2Fusers%3Fx%23y/lines"),
        ),
        (json!({"id": ".."}), None),
        (json!({"id": ""}), None),
        (json!({"id": null}), None),
        (json!({}), None),
    ] {
        check_path(path, input, expected).await;
    }
    check_path("/a?fixed=1", json!({}), Some("/v1/a?fixed=1")).await;
    check_path("/$${x}", json!({}), Some("/v1/$%7Bx%7D")).await;
    let nested = "/${ {\"a}\": call.id}[\"a}\"] }";
    check_path(nested, json!({"id": "z"}), Some("/v1/z")).await;
}

#[tokio::test]
async fn query_headers_and_body_are_templates() {
    let service = fine().await;
    let adapter = build(&json!({
        "url": service.url,
        "headers": {"x-tenant": "${ env.tenant }", "x-run": "${ workflow.id }"},
        "actions": {"find": {
            "method": "PUT",
            "path": "/find",
            "query": {"q": "${ call.name }", "tag": "${ call.tags }", "none": null, "n": 5},
            "headers": {"x-tenant": "for ${ call.name }", "x-absent": "${ call.missing }"},
            "body": {"who": "${ call.name }", "tags": "${ call.tags }", "text": "<${ call.name }>"},
        }},
    }));
    let input = json!({"name": "a&b", "tags": ["x", 2], "missing": null});
    let mut find = call(Some("find"), &input);
    find.env = std::sync::Arc::new(json!({"tenant": "acme"}));
    assert_eq!(output(&adapter.call(find).await), json!({"ok": true}));
    let seen = service.only();
    let mut query: Vec<&str> = seen.path.trim_start_matches("/find?").split('&').collect();
    query.sort_unstable();
    assert_eq!(query, ["n=5", "q=a%26b", "tag=2", "tag=x"]);
    assert_eq!(seen.header("x-tenant"), "for a&b");
    assert_eq!(seen.header("x-run"), "instance-7");
    assert!(!seen.headers.contains_key("x-absent"));
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(
        body,
        json!({"who": "a&b", "tags": ["x", 2], "text": "<a&b>"})
    );
}

#[tokio::test]
async fn a_compensation_sees_what_it_undoes() {
    let service = fine().await;
    let adapter = build(&json!({"url": service.url, "actions": {"delete": {
        "method": "DELETE",
        "path": "/accounts/${ call.output.id }/${ call.input.kind }/${ call.why }",
    }}}));
    let mut undo = call(Some("delete"), &json!({"why": "failed"}));
    undo.undo = Some(Undo {
        input: r#"{"kind":"basic"}"#.into(),
        output: r#"{"id":42}"#.into(),
    });
    assert!(adapter.call(undo).await.is_success());
    let seen = service.only();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("DELETE", "/accounts/42/basic/failed")
    );
    assert_eq!(seen.body, "");
}

#[tokio::test]
async fn the_content_type_decides_how_the_body_is_written() {
    let service = fine().await;
    let form = "application/x-www-form-urlencoded";
    let adapter = build(&json!({"url": service.url, "actions": {
        "form": {"headers": {"content-type": form}},
        "text": {"headers": {"content-type": "text/plain"}, "body": "hello ${ call.a }"},
        "json": {"body": "hello ${ call.a }"},
    }}));
    for (action, expected) in [
        ("form", "a=1+2&b=true"),
        ("text", "hello 1 2"),
        ("json", "\"hello 1 2\""),
    ] {
        let outcome = adapter
            .call(call(Some(action), &json!({"a": "1 2", "b": true})))
            .await;
        assert!(outcome.is_success(), "{outcome:?}");
        assert_eq!(service.only().body, expected, "{action}");
    }
}

#[tokio::test]
async fn a_header_cannot_be_split_by_what_it_is_given() {
    let service = fine().await;
    let adapter = build(&json!({"url": service.url, "headers": {"x-name": "${ call.name }"}}));
    let outcome = adapter
        .call(call(None, &json!({"name": "a\r\nx-evil: 1"})))
        .await;
    assert_eq!(failure(&outcome).error_type, "input");
    assert!(service.arrived().is_empty());
    let mut odd = call(None, &json!({"name": "fine"}));
    odd.idempotency_key = "line\nbreak/ü".into();
    assert!(adapter.call(odd).await.is_success());
    assert_eq!(
        service.only().header("idempotency-key"),
        "line%0Abreak/%C3%BC"
    );
}

#[tokio::test]
async fn an_expression_that_fails_sends_nothing() {
    let service = fine().await;
    let adapter = build(&json!({"url": service.url, "headers": {"x-name": "${ call.a.b }"}}));
    let outcome = adapter.call(call(None, &json!({}))).await;
    let failure = failure(&outcome);
    assert_eq!(failure.error_type, "expression");
    assert!(failure.message.contains("x-name"), "{failure:?}");
    assert!(service.arrived().is_empty());
}

#[tokio::test]
async fn an_action_that_is_not_there_is_named() {
    let service = fine().await;
    let adapter = build(&json!({"url": service.url, "actions": {"create": {}, "delete": {}}}));
    for (action, part) in [
        (Some("creat"), "did you mean `create`?"),
        (None, "default-action"),
    ] {
        let outcome = adapter.call(call(action, &json!({}))).await;
        let failure = failure(&outcome);
        assert_eq!(failure.error_type, "adapter.unknown-action");
        assert!(failure.message.contains(part), "{failure:?}");
    }
    let settings =
        json!({"url": service.url, "default-action": "create", "actions": {"create": {}}});
    assert!(
        build(&settings)
            .call(call(None, &json!({})))
            .await
            .is_success()
    );
}

#[tokio::test]
async fn redirects_are_followed_only_when_allowed_and_only_on_the_same_host() {
    let elsewhere = fine().await;
    let away = elsewhere.url.replace("127.0.0.1", "localhost");
    let service = Service::start(move |arrived| match arrived.path.as_str() {
        "/near" => answer_with(307, &[("location", "/here")], ""),
        "/away" => answer_with(307, &[("location", away.as_str())], ""),
        "/loop" => answer_with(307, &[("location", "/loop")], ""),
        _ => super::answer(200, "\"here\""),
    })
    .await;
    for (follow, path, expected) in [
        (false, "near", Err("http.307")),
        (true, "near", Ok(json!("here"))),
        (true, "away", Err("http.307")),
        (true, "loop", Err("connection-lost")),
    ] {
        let url = format!("{}/{path}", service.url);
        let adapter = build(&json!({"url": url, "follow-redirects": follow}));
        let outcome = adapter.call(call(None, &json!({}))).await;
        match expected {
            Ok(value) => assert_eq!(output(&outcome), value, "{path}"),
            Err(error_type) => assert_eq!(failure(&outcome).error_type, error_type, "{path}"),
        }
    }
    assert!(elsewhere.arrived().is_empty());
}
