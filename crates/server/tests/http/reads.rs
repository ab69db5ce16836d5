//! Lists, states and histories.

use crate::site::Site;

const PATH: &str = "/api/v1/workflows";

#[tokio::test]
async fn a_list_right_after_the_start_has_it_always() {
    let site = Site::open().await;
    for round in 0..50 {
        let id = site.start("sleep", "null").await;
        // Those of one millisecond stand in the order of their ids, so it need not be the first.
        let list = site.get("/api/v1/workflows?status=active").await.json();
        let items = list["items"].as_array().unwrap();
        assert!(items.iter().any(|item| item["id"] == id), "round {round}");
        assert!(list.get("incomplete").is_none());
    }
    let count = site
        .get("/api/v1/workflows/count?group_by=workflow")
        .await
        .json();
    assert_eq!(count["total"], 50);
    assert_eq!(
        count["groups"][0],
        serde_json::json!({"group": {"workflow": "sleep"}, "count": 50})
    );
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let site = Site::open().await;
    for name in ["Ada", "Bob", "Cyd"] {
        site.complete("greet", &format!(r#"{{"name": {name:?}, "region": "US"}}"#))
            .await;
    }
    site.start("sleep", "null").await;
    let ids = async |query: &str| {
        let page = site.get(&format!("{PATH}?{query}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(ids("").await, 4);
    assert_eq!(ids("status=completed").await, 3);
    assert_eq!(ids("status=active,completed").await, 4);
    assert_eq!(ids("subject=Bob").await, 1);
    assert_eq!(ids("attribute.region=US&workflow=greet").await, 3);
    assert_eq!(ids("attribute.region=EU").await, 0);
    assert_eq!(ids("q=slee").await, 1);
    assert_eq!(ids("q=BOB").await, 1);
    assert_eq!(ids("q=bo").await, 0);
    assert_eq!(ids("created_after=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(ids("consistency=eventual&workflow=nobody").await, 0);

    let mut seen = Vec::new();
    let mut path = format!("{PATH}?limit=3");
    loop {
        let page = site.get(&path).await.json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["id"].clone()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("{PATH}?limit=3&cursor={cursor}");
    }
    assert_eq!(seen.len(), 4);
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
}

#[tokio::test]
async fn an_instance_has_a_tag() {
    let site = Site::open().await;
    let ended = site.complete("greet", r#"{"name": "Ada"}"#).await;
    let path = format!("{PATH}/{}", ended["id"].as_str().unwrap());
    let shown = site.get(&path).await;
    let tag = shown.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", shown.json()["seq"]));
    assert_eq!(
        site.ask("GET", &path, &[("if-none-match", &tag)], "")
            .await
            .status,
        304
    );
}

#[tokio::test]
async fn history_steps_and_attempts_tell_what_happened() {
    let site = Site::open().await;
    let ended = site
        .complete("greet", r#"{"name": "Ada", "secret": "4111"}"#)
        .await;
    let path = format!("{PATH}/{}", ended["id"].as_str().unwrap());

    let all = site.get(&format!("{path}/history")).await.json();
    let kinds: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"instance-started"));
    assert_eq!(kinds.last(), Some(&"instance-completed"));
    assert_eq!(all["items"][0]["data"]["input"]["secret"], "***");
    assert_eq!(all["items"][0]["actor"], "local");
    let say = site
        .get(&format!("{path}/history?step=say&type=step-completed"))
        .await
        .json();
    assert_eq!(say["items"].as_array().unwrap().len(), 1);
    let first = site.get(&format!("{path}/history?limit=2")).await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = site
        .get(&format!("{path}/history?cursor={cursor}"))
        .await
        .json();
    assert_eq!(rest["items"][0]["seq"], 3);

    let steps = site.get(&format!("{path}/steps?limit=1")).await.json();
    assert_eq!(steps["items"][0]["id"], "say");
    let cursor = steps["next_cursor"].as_str().unwrap();
    let steps = site
        .get(&format!("{path}/steps?cursor={cursor}"))
        .await
        .json();
    assert_eq!(steps["items"][0]["id"], "log");

    let attempts = site.get(&format!("{path}/steps/say/attempts")).await.json();
    assert_eq!(attempts["items"][0]["outcome"], "completed");
    assert_eq!(attempts["items"][0]["attempt"], 1);
    assert_eq!(
        site.get(&format!("{path}/steps/nope/attempts"))
            .await
            .code(),
        "ORC-0303"
    );
}

#[tokio::test]
async fn the_state_can_be_seen_as_it_was() {
    let site = Site::open().await;
    let ended = site.complete("greet", r#"{"name": "Ada"}"#).await;
    let path = format!("{PATH}/{}/state", ended["id"].as_str().unwrap());
    let past = site.get(&format!("{path}?at_seq=1")).await.json();
    assert_eq!(
        (&past["status"], &past["seq"]),
        (&"waiting".into(), &1.into())
    );
    assert_eq!(past["steps"][0]["status"], "pending");
    let present = site.get(&path).await.json();
    assert_eq!(present["status"], "completed");
    assert_eq!(
        site.get(&format!("{path}?at_seq=999")).await.code(),
        "ORC-0308"
    );
    let at = present["created_at"].as_str().unwrap();
    assert!(
        site.get(&format!("{path}?at={at}")).await.json()["seq"]
            .as_u64()
            .unwrap()
            >= 1
    );
    assert_eq!(
        site.get(&format!("{path}?at=2000-01-01T00:00:00Z"))
            .await
            .code(),
        "ORC-0308"
    );
}

#[tokio::test]
async fn the_audit_and_the_system_tell() {
    let site = Site::open().await;
    let id = site.start("sleep", "null").await;
    site.post(&format!("{PATH}/{id}/cancel"), r#"{"reason": "enough"}"#)
        .await;
    let audit = site.get("/api/v1/audit?kind=cancel-requested").await.json();
    assert_eq!(audit["items"][0]["who"], "local");
    assert_eq!(audit["items"][0]["subject"], id);
    assert_eq!(audit["items"][0]["reason"], "enough");
    assert_eq!(
        site.get("/api/v1/audit?who=nobody").await.json()["items"],
        serde_json::json!([])
    );

    let system = site.get("/api/v1/system").await.json();
    assert_eq!(
        (&system["ready"], &system["caller"]),
        (&true.into(), &"local".into())
    );
    assert_eq!(system["partitions"].as_array().unwrap().len(), 2);
    assert_eq!(site.get("/healthz").await.json()["status"], "ok");
    assert_eq!(site.get("/readyz").await.json()["ready"], true);
    site.runtime.shutdown().await;
    let gone = site.get("/readyz").await;
    assert_eq!(
        (gone.status.as_u16(), gone.header("retry-after")),
        (503, "1")
    );
    let refused = site.post(PATH, r#"{"workflow": "sleep"}"#).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (503, "ORC-0503")
    );
}

#[tokio::test]
async fn the_system_says_how_much_room_the_store_takes() {
    let site = Site::open().await;
    let before = site.get("/api/v1/system").await.json()["store"].clone();
    assert!(before["journal_bytes"].as_u64().unwrap() > 0, "{before}");
    for part in ["state_bytes", "ended_bytes", "blob_bytes"] {
        assert!(before[part].is_u64(), "{part}: {before}");
    }
}
