//! Nodes that die, stand still, or lose their zone.

use std::time::{Duration, Instant};

use postgres_server::{Server, Version};

use super::load::Load;
use super::nodes::{CONNECTIONS, Nodes, Start, send};
use super::proxy::Cable;
use super::wire::Wire;
use crate::harness::until;

/// Within this the partitions of a lost node work again.
const TAKEN_OVER: Duration = Duration::from_secs(10);

/// Settings with one caller, who may do everything with the token `open sesame`.
const OPEN_SESAME: &str = "tokens: [{ user: tests, roles: [admin], sha256: \
    41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb }]\n";

#[test]
fn a_killed_node_is_taken_over_and_nothing_is_lost() {
    let mut nodes = Nodes::three();
    let load = Load::begin(nodes.urls());
    let nap = nodes.nodes[1].0.submit("nap", r#"{"for": "1s"}"#);
    let (start, killed) = (nodes.kill(2), Instant::now());
    nodes.until_settled(2);
    let took = killed.elapsed();
    assert!(took < TAKEN_OVER, "taken over after {took:?}");
    load.until_more(50);
    nodes.begin(start);
    nodes.until_settled(3);
    load.until_more(50);
    let record = load.end();
    record.check(&nodes.nodes[0].0);
    nodes.nodes[0].0.until_status(&nap, "completed");
    println!(
        "taken over after {took:?}; the longest request took {:?}",
        record.longest()
    );
}

#[test]
fn a_node_that_stood_still_commits_and_answers_nothing_of_what_it_lost() {
    let nodes = Nodes::three();
    let load = Load::begin(nodes.urls());
    send(&nodes.nodes[2].0, "STOP");
    nodes.until_settled(2);
    load.until_more(50);
    send(&nodes.nodes[2].0, "CONT");
    nodes.until_settled(3);
    load.until_more(50);
    let record = load.end();
    // The node that stood still answers like the others.
    record.check(&nodes.nodes[2].0);
}

#[test]
fn a_node_that_is_cut_off_from_the_database_sends_its_clients_elsewhere() {
    let database = Server::start_with(Version::V15, &[CONNECTIONS]);
    let url = database.url();
    let host = database.host();
    let cable = Cable::to(&host);
    let through = url.replace(&host, &cable.address);
    let mut nodes = Nodes::on(Some(database), url.clone(), &["a", "b"]);
    nodes.join("c", &through);
    nodes.until_settled(3);
    let load = Load::begin(nodes.urls());
    cable.pull();
    let cut = Instant::now();
    nodes.until_settled(2);
    let took = cut.elapsed();
    assert!(took < TAKEN_OVER, "taken over after {took:?}");
    until("it says that it is not ready", || {
        let ready = nodes.nodes[2].0.get("/readyz");
        let detail = ready["detail"].as_str()?;
        detail.contains("database has not answered").then_some(())
    });
    load.until_more(50);
    cable.plug();
    nodes.until_settled(3);
    load.until_more(50);
    let record = load.end();
    record.check(&nodes.nodes[2].0);
    let longest = record.longest();
    assert!(
        longest < TAKEN_OVER,
        "a client was kept for {longest:?} by a node that could not serve it"
    );
    println!(
        "taken over {took:?} after the cable was pulled, the longest request took {longest:?}"
    );
}

#[test]
fn a_node_whose_network_is_gone_is_taken_over_and_comes_back() {
    let wire = match Wire::lay() {
        Ok(wire) => wire,
        Err(why) => {
            println!("no network can be made here ({why}): a proxy cuts the node off instead");
            return a_node_that_is_cut_off_from_the_database_sends_its_clients_elsewhere();
        }
    };
    let listening = format!("listen_addresses=127.0.0.1,{}", wire.here);
    let database = Server::start_with(Version::V15, &[CONNECTIONS, &listening]);
    wire.lead_to(&database);
    let url = format!(
        "postgres://postgres@{}:{}/postgres",
        wire.here, database.port
    );
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("settings.yaml");
    std::fs::write(&config, OPEN_SESAME).unwrap();
    let start = |name: &str, address: &str| {
        Start::new(&url, name, name).on_address(address, &config, "open sesame")
    };
    let mut apart = start("c", &wire.there);
    apart.binary = wire.launcher(dir.path());
    let starts = vec![start("a", &wire.here), start("b", &wire.here), apart];
    let nodes = Nodes::started(Some(database), starts);
    let load = Load::begin_with(nodes.urls(), "open sesame");
    wire.cut();
    let cut = Instant::now();
    nodes.until_settled(2);
    let took = cut.elapsed();
    assert!(took < TAKEN_OVER, "taken over after {took:?}");
    load.until_more(50);
    wire.mend();
    nodes.until_settled(3);
    load.until_more(50);
    let record = load.end();
    record.check(&nodes.nodes[2].0);
    let log = nodes.nodes[2].0.log();
    assert!(log.contains("the cluster cannot be seen"), "{log}");
    let longest = record.longest();
    assert!(longest < TAKEN_OVER, "a client waited for {longest:?}");
    println!("taken over {took:?} after the network went, the longest request took {longest:?}");
}

#[test]
fn the_loss_of_a_zone_leaves_the_other_one_working() {
    let database = Server::start_with(Version::V15, &[CONNECTIONS]);
    let url = database.url();
    let mut nodes = Nodes::on(Some(database), url, &["a", "b", "b"]);
    let listed = nodes.nodes[0].0.json(&["nodes", "list", "-o", "json"]);
    let of_a = listed["items"][0]["partitions"].as_u64().unwrap();
    assert!(
        (10..=22).contains(&of_a),
        "a zone owns about half: {listed}"
    );
    let load = Load::begin(nodes.urls());
    nodes.kill(2);
    nodes.kill(1);
    nodes.until_settled(1);
    load.until_more(50);
    load.end().check(&nodes.nodes[0].0);
}
