//! An upgrade and the way back, node by node, from an earlier commit's binary and to it.

use std::path::PathBuf;

use postgres_server::{Server, Version};

use super::load::Load;
use super::nodes::{CONNECTIONS, Nodes};
use crate::harness::BINARY;

#[test]
#[ignore = "it needs the binary of an earlier commit: make mixed"]
fn an_upgrade_under_load_fails_no_request_and_can_be_taken_back() {
    let earlier: PathBuf = std::env::var("EARLIER_BINARY").unwrap().into();
    let database = Server::start_with(Version::V15, &[CONNECTIONS]);
    let url = database.url();
    let mut nodes = Nodes::on_by(&earlier, Some(database), url, &["a", "b", "c"]);
    nodes.keep_addresses();
    let load = Load::begin(nodes.urls());
    let now: PathBuf = BINARY.into();
    // They take turns: two are upgraded, the third waits, the first is taken back, then all are upgraded.
    for binary in [&now, &now, &earlier, &earlier, &now, &now, &now] {
        let mut start = nodes.stop(0);
        load.until_more(30);
        binary.clone_into(&mut start.binary);
        nodes.begin(start);
        nodes.until_settled(3);
        load.until_more(100);
    }
    let record = load.end();
    record.check(&nodes.nodes[0].0);
    println!(
        "{} starts, {} retries, the longest request took {:?}",
        record.took.len(),
        record.retries,
        record.longest()
    );
}
