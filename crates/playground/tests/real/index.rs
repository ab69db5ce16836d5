//! The index page and what lies below it.

use playground::{Mode, Switch};
use reqwest::Method;
use serde_json::json;

use crate::{Ground, answer};

#[tokio::test]
async fn it_lists_every_service_with_its_switch() {
    let ground = Ground::start().await;
    ground.turn("email", &Switch::to(Mode::Down)).await;
    answer(ground.post("chat", "/messages", "a", &json!({}))).await;
    let list = ground.get("index", "/services").await;
    let items = list["items"].as_array().unwrap();
    let names: Vec<&str> = items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "billing",
            "carrier-steady",
            "carrier-swift",
            "chat",
            "crm",
            "email",
            "stock"
        ]
    );
    for item in items {
        let name = item["name"].as_str().unwrap();
        assert_eq!(item["url"].as_str(), ground.playground.url(name));
        let mode = if name == "email" { "down" } else { "ok" };
        assert_eq!(item["switch"]["mode"], mode, "{name}");
        assert_eq!(item["calls"], u8::from(name == "chat"), "{name}");
    }
}

#[tokio::test]
async fn the_page_is_html() {
    let ground = Ground::start().await;
    let answer = ground
        .request(Method::GET, "index", "/")
        .send()
        .await
        .unwrap();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("text/html"), "{kind}");
    assert!(answer.text().await.unwrap().contains("<h1>Playground</h1>"));
}

#[tokio::test]
async fn calls_are_read_and_forgotten_there_too() {
    let ground = Ground::start().await;
    answer(ground.post("chat", "/messages", "a", &json!({}))).await;
    ground.turn("chat", &Switch::to(Mode::Down)).await;
    assert_eq!(
        ground.get("index", "/chat/_calls?key=a").await["items"][0]["status"],
        201
    );
    assert_eq!(ground.get("index", "/chat/_switch").await["mode"], "down");
    let forget = ground.request(Method::DELETE, "index", "/chat/_calls");
    assert_eq!(answer(forget).await.0, 204);
    assert_eq!(
        ground.get("index", "/chat/_calls").await["items"],
        json!([])
    );
}

#[tokio::test]
async fn an_unknown_service_names_the_known_ones() {
    let ground = Ground::start().await;
    let (status, refusal) = answer(ground.request(Method::GET, "index", "/chatt/_switch")).await;
    assert_eq!(status, 404);
    assert!(
        refusal["error"]["message"]
            .as_str()
            .unwrap()
            .contains("carrier-steady, carrier-swift, chat")
    );
}
