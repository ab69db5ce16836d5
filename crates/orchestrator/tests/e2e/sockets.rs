//! What only a real connection shows: WebSockets, HTTP/2, large bodies.

use futures_util::StreamExt;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::DEFINITIONS;
use crate::harness::Node;

fn node(dir: &tempfile::TempDir) -> Node {
    let node = Node::serve(&dir.path().join("store"));
    node.apply(DEFINITIONS);
    node
}

#[tokio::test]
async fn a_websocket_gives_every_record_once_and_says_how_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(&dir);
    let id = node.submit("nap", r#"{"for": "300ms"}"#);
    let url = format!("{}/workflows/{id}/events", node.url.replace("http", "ws"));
    let (mut socket, _) = connect_async(&url).await.unwrap();
    let mut seqs = Vec::new();
    let mut closed = None;
    while let Some(message) = socket.next().await {
        match message.unwrap() {
            Message::Text(text) => {
                let record: serde_json::Value = serde_json::from_str(&text).unwrap();
                seqs.push(record["seq"].as_u64().unwrap());
            }
            Message::Close(frame) => closed = frame,
            _ => {}
        }
    }
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert!(seqs.len() > 5);
    let closed = closed.unwrap();
    assert_eq!(
        (u16::from(closed.code), closed.reason.as_str()),
        (1000, "completed")
    );
}

#[tokio::test]
async fn a_page_elsewhere_gets_no_websocket() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(&dir);
    let url = format!("{}/api/v1/stream", node.url.replace("http", "ws"));
    let mut request = url.into_client_request().unwrap();
    request
        .headers_mut()
        .insert("origin", "https://evil.example.com".parse().unwrap());
    let Err(Error::Http(refused)) = connect_async(request).await else {
        panic!("expected a refusal");
    };
    assert_eq!(refused.status().as_u16(), 403);
}

#[tokio::test]
async fn the_stream_of_all_goes_on_from_its_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(&dir);
    let base = format!(
        "{}/api/v1/stream?workflow=greet",
        node.url.replace("http", "ws")
    );
    let (mut socket, _) = connect_async(&base).await.unwrap();
    let id = node.submit("greet", r#"{"name": "Ada"}"#);
    let first = loop {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            break serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    };
    assert_eq!(
        (&first["workflow_id"], &first["record"]["seq"]),
        (&id.clone().into(), &1.into())
    );
    drop(socket);
    let resumed = format!("{base}&cursor={}", first["cursor"].as_str().unwrap());
    let (mut socket, _) = connect_async(&resumed).await.unwrap();
    let mut seqs = Vec::new();
    while seqs.last() != Some(&5) {
        if let Message::Text(text) = socket.next().await.unwrap().unwrap() {
            let said: serde_json::Value = serde_json::from_str(&text).unwrap();
            seqs.push(said["record"]["seq"].as_u64().unwrap());
        }
    }
    assert_eq!(seqs, [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_with_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(&dir);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = vec![b' '; 100 << 20];
    let request = http.post(format!("{}/api/v1/workflows", node.url));
    let response = request
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 413);
    let problem: api::Problem = response.json().await.unwrap();
    assert_eq!(problem.code, "ORC-0103");
}

#[tokio::test]
async fn http_2_without_tls_is_spoken() {
    let dir = tempfile::tempdir().unwrap();
    let node = node(&dir);
    let http = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let response = http
        .get(format!("{}/api/v1/system", node.url))
        .send()
        .await
        .unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.status().as_u16(), 200);
}
