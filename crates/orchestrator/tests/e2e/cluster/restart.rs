//! Nodes that are restarted one after the other.

use super::load::Load;
use super::nodes::Nodes;

#[test]
fn a_rolling_restart_fails_no_request() {
    let mut nodes = Nodes::three();
    nodes.keep_addresses();
    let load = Load::begin(nodes.urls());
    for _ in 0..3 {
        let start = nodes.stop(0);
        load.until_more(30);
        nodes.begin(start);
        nodes.until_settled(3);
        load.until_more(30);
    }
    let record = load.end();
    record.check(&nodes.nodes[0].0);
    println!(
        "{} retries, the longest request took {:?}",
        record.retries,
        record.longest()
    );
}

#[test]
fn everything_restarted_at_once_goes_on() {
    let mut nodes = Nodes::three();
    let load = Load::begin(nodes.urls());
    load.until_more(50);
    let record = load.end();
    let starts: Vec<_> = (0..3).map(|_| nodes.kill(0)).collect();
    starts.into_iter().for_each(|start| nodes.begin(start));
    nodes.until_settled(3);
    record.check(&nodes.nodes[1].0);
}
