//! Questions to people.

use serde_json::Value;

use crate::site::Site;

/// Starts an instance that asks, and answers its id and the decision.
async fn asked(site: &Site) -> (String, Value) {
    let open = site
        .post("/api/v1/workflows?wait=300ms", r#"{"workflow": "ask"}"#)
        .await
        .json();
    assert_eq!(open["pending_decisions"], 1, "{open}");
    let id = open["id"].as_str().unwrap().to_owned();
    let list = site.get("/api/v1/decisions?status=pending").await.json();
    let found = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["workflow_id"] == id);
    (id, found.expect("the decision is listed").clone())
}

async fn ended(site: &Site, id: &str) -> Value {
    let id = id.parse().unwrap();
    site.runtime.wait_ended(id, 20_000).await.unwrap();
    site.get(&format!("/api/v1/workflows/{id}")).await.json()
}

#[tokio::test]
async fn a_skipped_step_lets_the_instance_go_on() {
    let site = Site::open().await;
    let (id, decision) = asked(&site).await;
    assert_eq!(
        (&decision["kind"], &decision["step"]),
        (&"exhausted".into(), &"check".into())
    );
    let path = format!("/api/v1/decisions/{}", decision["id"].as_str().unwrap());
    let answer = site
        .post(
            &format!("{path}/approve"),
            r#"{"choice": "skip", "comment": "fine"}"#,
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["answers"][0]["by"], "local");
    assert_eq!(ended(&site, &id).await["status"], "completed");

    let again = site.post(&format!("{path}/reject"), "{}").await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (409, "ORC-0402")
    );
    assert_eq!(again.json()["standing"]["choice"], "skip");
    let shown = site.get(&path).await.json();
    assert_eq!(
        (&shown["status"], &shown["answers"][0]["comment"]),
        (&"answered".into(), &"fine".into())
    );
}

#[tokio::test]
async fn a_rejected_decision_fails_the_step() {
    let site = Site::open().await;
    let (id, decision) = asked(&site).await;
    let path = format!("/api/v1/decisions/{}", decision["id"].as_str().unwrap());
    let keyed = [("idempotency-key", "d-1")];
    let wrong = site
        .post(&format!("{path}/approve"), r#"{"choice": "fail"}"#)
        .await;
    assert_eq!(
        (wrong.status.as_u16(), wrong.code().as_str()),
        (422, "ORC-0410")
    );
    for replayed in ["", "true"] {
        let answer = site
            .ask("POST", &format!("{path}/reject"), &keyed, "")
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("idempotent-replayed"), replayed);
    }
    let shown = ended(&site, &id).await;
    assert_eq!(shown["status"], "failed");
    assert_eq!(shown["error"]["type"], "validation");
}
