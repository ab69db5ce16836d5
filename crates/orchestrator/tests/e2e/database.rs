//! The server on PostgreSQL instead of a folder.

use postgres_server::{Server, Version};

use crate::DEFINITIONS;
use crate::harness::{Beside, Node, cli, text, until};

#[test]
fn what_was_answered_survives_the_death_of_the_server_and_of_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("node");
    let mut database = Server::start(Version::V15);
    let node = Node::serve_on(&database.url(), &log, &[]);
    node.apply(DEFINITIONS);
    let greeted = node.json(&["submit", "greet", "--input", r#"{"name": "Ada"}"#, "--wait"]);
    assert_eq!(greeted["output"], serde_json::json!({"hello": "Ada"}));
    let first = node.submit("nap", r#"{"for": "2s"}"#);
    node.kill_nine();

    let node = Node::serve_on(&database.url(), &log, &[]);
    let second = node.submit("nap", r#"{"for": "1s"}"#);
    database.kill();
    database.launch();
    // The same process goes on when its database is back.
    node.until_status(&first, "completed");
    node.until_status(&second, "completed");
    let third = node.submit("nap", r#"{"for": "10ms"}"#);
    node.until_status(&third, "completed");
    let listed = node.json(&["list"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 4, "{listed}");
    node.stop();
}

#[test]
fn a_database_that_is_away_holds_work_back_and_loses_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut database = Server::start(Version::V15);
    let node = Node::serve_on(&database.url(), &dir.path().join("node"), &[]);
    node.apply(DEFINITIONS);
    database.kill();
    let server = [("ORCHESTRATOR_SERVER", node.url.as_str())];
    let submit = ["submit", "greet", "--input", r#"{"name": "Bob"}"#];
    let submit = Beside::start(&[&submit[..], &["--wait"]].concat(), &server);
    until("the server finds the database away", || {
        node.log().contains("does not take a batch").then_some(())
    });
    until("the server says that it is not ready", || {
        let ready = node.get("/readyz");
        let detail = ready["detail"].as_str()?;
        detail.contains("database has not answered").then_some(())
    });
    let said = submit.lines();
    assert!(said.is_empty(), "answered what is not durable: {said:?}");
    database.launch();
    until("the server is ready again", || {
        (node.get("/readyz")["ready"] == true).then_some(())
    });
    let (status, printed) = submit.finish();
    assert!(status.success(), "{printed:?}");
    let counted = node.json(&["list", "--workflow", "greet"]);
    assert_eq!(counted["items"].as_array().unwrap().len(), 1, "{counted}");
    node.stop();
}

#[test]
fn a_database_that_cannot_be_used_is_refused_with_the_reason() {
    let mut database = Server::start(Version::V15);
    let url = database.url();
    let dir = tempfile::tempdir().unwrap();
    let node = Node::serve_on(&url, &dir.path().join("node"), &["--cluster-secret", "one"]);
    node.stop();
    let refusal = |arguments: &[&str]| {
        let mut all = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        if !arguments.contains(&"--cluster-secret") {
            all.extend_from_slice(&["--cluster-secret", "one"]);
        }
        let output = cli(&all);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    let other = refusal(&["--database", &url, "--cluster-secret", "two"]);
    assert!(
        other.contains("ORC-0606") && other.contains("cluster secret"),
        "{other}"
    );
    let missing = refusal(&["--database", &url.replace("/postgres", "/nothing")]);
    assert!(missing.contains("\"nothing\" does not exist"), "{missing}");
    let elsewhere = refusal(&["--database", "mysql://127.0.0.1/x"]);
    assert!(elsewhere.contains("postgres://"), "{elsewhere}");
    database.kill();
    let away = refusal(&["--database", &url, "--cluster-secret", "one"]);
    assert!(away.contains("Connection refused"), "{away}");
    assert!(!away.contains("one\""), "{away}");
}
