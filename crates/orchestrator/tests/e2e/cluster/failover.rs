//! A primary that dies and a standby that takes its place.

use std::time::{Duration, Instant};

use postgres_server::{Server, Version};

use super::load::Load;
use super::nodes::{CONNECTIONS, Nodes};

#[test]
fn a_promoted_standby_has_everything_that_was_acknowledged() {
    let settings = [CONNECTIONS, "synchronous_standby_names=second"];
    let mut primary = Server::start_with(Version::V15, &settings);
    let standby = primary.standby("second");
    let url = format!(
        "postgres://postgres@{},{}/postgres?target_session_attrs=read-write",
        primary.host(),
        standby.host()
    );
    let nodes = Nodes::on(None, url, &["a", "b", "c"]);
    let load = Load::begin(nodes.urls());
    primary.kill();
    standby.promote();
    let promoted = Instant::now();
    load.until_more(1);
    let back = promoted.elapsed();
    assert!(back < Duration::from_secs(10), "works again after {back:?}");
    load.until_more(100);
    let record = load.end();
    record.check(&nodes.nodes[0].0);
    println!("works again {back:?} after the promotion");
}
