//! What must not join a cluster.

use postgres_server::{Server, Version};

use super::nodes::{CONNECTIONS, Nodes};
use crate::harness::{cli, text};

fn serve(database: &str, more: &[&str]) -> String {
    let arguments = ["serve", "--database", database, "--listen", "127.0.0.1:0"];
    let refused = cli(&[&arguments[..], more].concat());
    assert!(!refused.status.success(), "{}", text(&refused.stdout));
    text(&refused.stderr)
}

#[test]
fn another_secret_or_none_is_refused_and_the_cluster_works_on() {
    let database = Server::start_with(Version::V15, &[CONNECTIONS]);
    let url = database.url();
    let nodes = Nodes::on(Some(database), url.clone(), &["a", "b"]);
    let said = serve(&url, &["--cluster-secret", "not theirs"]);
    assert!(said.contains("secret"), "{said}");
    let said = serve(&url, &[]);
    assert!(said.contains("ORCHESTRATOR_CLUSTER_SECRET"), "{said}");
    let said = serve(
        &url,
        &["--cluster-secret", "the nodes' own", "--lease-ms", "5"],
    );
    assert!(said.contains("1000 to 60000"), "{said}");
    let everywhere = [
        "--cluster-secret",
        "the nodes' own",
        "--listen",
        "0.0.0.0:0",
    ];
    let refused = cli(&[&["serve", "--database", &url][..], &everywhere].concat());
    let said = text(&refused.stderr);
    assert!(said.contains("advertise"), "{said}");
    let id = nodes.nodes[1].0.submit("three", r#"{"n": 1}"#);
    nodes.nodes[0].0.until_status(&id, "completed");
}
