//! `nodes`: the nodes of the cluster.

use api::{Exit, Node, Nodes};

use super::Session;
use super::system::switch;
use crate::args::{NodeSwitch, NodesCommand};
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{columns, parse};

/// Lists the nodes, shows one by its name or id, or takes one out of use or back.
pub async fn nodes(session: &Session, command: NodesCommand) -> Result<Exit, Failure> {
    let path = "/api/v1/system/nodes";
    let body = match &command {
        NodesCommand::List | NodesCommand::Show(_) => {
            session.client.get(path, Ask::default()).await?
        }
        NodesCommand::Drain(NodeSwitch { node, reason }) => {
            let path = format!("{path}/{}/drain", segment(node));
            switch(session, &path, reason).await?
        }
        NodesCommand::Undrain(NodeSwitch { node, reason }) => {
            let path = format!("{path}/{}/undrain", segment(node));
            switch(session, &path, reason).await?
        }
    };
    if let NodesCommand::Show(named) = command {
        let mut nodes: Nodes = parse(&body)?;
        let is_it = |node: &Node| node.name == named.name || node.id == named.name;
        nodes.items.retain(is_it);
        if nodes.items.is_empty() {
            let name = &named.name;
            let detail = format!("expected a node of the cluster, but none is called {name:?}");
            return Err(Failure::usage(detail));
        }
        return session.output.show_value(&nodes, table);
    }
    session.output.show(&body, table)
}

fn table(nodes: &Nodes) -> String {
    let header = [
        "NODE",
        "ZONE",
        "REGION",
        "URL",
        "VERSION",
        "STATE",
        "PARTITIONS",
    ];
    columns(&header, nodes.items.iter().map(row))
}

fn row(node: &Node) -> Vec<String> {
    let state = match (&node.unfit, node.live) {
        (_, false) => format!("silent for {} s", node.silent_ms / 1_000),
        (Some(reason), true) => reason.clone(),
        (None, true) => "live".to_owned(),
    };
    let asked = if node.asked { " *" } else { "" };
    vec![
        format!("{}{asked}", node.name),
        node.zone.clone(),
        node.region.clone(),
        node.url.clone(),
        node.version.clone(),
        state,
        node.partitions.to_string(),
    ]
}
