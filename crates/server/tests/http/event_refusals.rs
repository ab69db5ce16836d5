//! Events that are none.

use crate::site::Site;

const PATH: &str = "/api/v1/events";

async fn refused(headers: &[(&str, &str)], body: &str) -> (u16, String, String) {
    let site = Site::open().await;
    let answer = site.ask("POST", PATH, headers, body).await;
    let detail = answer.json()["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status.as_u16(), answer.code(), detail)
}

#[tokio::test]
async fn what_lacks_or_does_not_fit_is_named() {
    let structured = [("content-type", "application/cloudevents+json")];
    let cases = [
        (r#"{"specversion":"1.0","source":"/s","type":"t"}"#, "`id`"),
        (
            r#"{"specversion":"1.0","id":"","source":"/s","type":"t"}"#,
            "`id`",
        ),
        (r#"{"id":"1","source":"/s","type":"t"}"#, "`specversion`"),
        (
            r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"today"}"#,
            "`time`",
        ),
        (
            r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","Bad-Name":1}"#,
            "`Bad-Name`",
        ),
        (
            r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","ext":[1]}"#,
            "`ext`",
        ),
        (
            r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":1,"data_base64":"AA=="}"#,
            "`data`",
        ),
        (
            r#"{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t"}"#,
            "`id`",
        ),
    ];
    for (body, named) in cases {
        let (status, code, detail) = refused(&structured, body).await;
        assert_eq!((status, code.as_str()), (400, "ORC-0117"), "{body}");
        assert!(detail.contains(named), "{body}: {detail}");
    }
}

#[tokio::test]
async fn another_type_of_body_is_refused() {
    for kind in ["text/csv", "application/cloudevents+avro"] {
        let (status, code, detail) = refused(&[("content-type", kind)], "x").await;
        assert_eq!((status, code.as_str()), (415, "ORC-0102"), "{detail}");
        assert!(detail.contains(kind), "{detail}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_there_is_not_found() {
    let site = Site::open().await;
    let answer = site
        .get(&format!("{PATH}/0192f3a4-0000-7000-8000-000000000000"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (404, "ORC-0342")
    );
}
