//! Nodes that are restarted one after the other, by the same binary or, with `make mixed`, by another.

use std::path::{Path, PathBuf};

use super::load::Load;
use super::nodes::Nodes;
use crate::harness::BINARY;

#[test]
fn a_rolling_restart_fails_no_request() {
    let now = Path::new(BINARY);
    match std::env::var_os("EARLIER_BINARY").map(PathBuf::from) {
        None => restart_under_load(now, &[now; 3]),
        // They take turns: two are upgraded, the third waits, the first is taken back, then all are upgraded.
        Some(earlier) => {
            restart_under_load(&earlier, &[now, now, &earlier, &earlier, now, now, now])
        }
    }
}

/// Begins with one binary; then the node that has run longest is restarted by each of the others.
fn restart_under_load(first: &Path, then: &[&Path]) {
    let mut nodes = Nodes::three_by(first);
    nodes.keep_addresses();
    let load = Load::begin(nodes.urls());
    for binary in then {
        let mut start = nodes.stop(0);
        load.until_more(30);
        start.binary = binary.to_path_buf();
        nodes.begin(start);
        nodes.until_settled(3);
        load.until_more(30);
    }
    let record = load.end();
    record.check(&nodes.nodes[0].0);
    println!(
        "{} starts, {} retries, the longest request took {:?}",
        record.answered.len(),
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
