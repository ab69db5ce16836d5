//! Nodes that are restarted one after the other.

use super::load::Load;
use super::nodes::Nodes;

#[test]
fn a_rolling_restart_fails_no_request() {
    let mut nodes = Nodes::three();
    // Each keeps its address, as behind a service of that name.
    for (node, own) in &mut nodes.nodes {
        let place = own
            .iter()
            .position(|argument| argument == "--listen")
            .unwrap();
        own[place + 1] = node.url.trim_start_matches("http://").to_owned();
    }
    let load = Load::begin(nodes.urls());
    for _ in 0..3 {
        let own = nodes.stop(0);
        load.until_more(30);
        nodes.begin(own);
        nodes.until_settled(3);
        load.until_more(30);
    }
    let record = load.end();
    record.check(&nodes.nodes[0].0);
    println!(
        "{} retries, the longest request took {:?}",
        record.retries, record.longest
    );
}

#[test]
fn everything_restarted_at_once_goes_on() {
    let mut nodes = Nodes::three();
    let load = Load::begin(nodes.urls());
    load.until_more(50);
    let record = load.end();
    let own: Vec<_> = (0..3).map(|_| nodes.kill(0)).collect();
    own.into_iter().for_each(|own| nodes.begin(own));
    nodes.until_settled(3);
    record.check(&nodes.nodes[1].0);
}
