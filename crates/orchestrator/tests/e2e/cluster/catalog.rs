//! Definitions on several nodes.

use super::nodes::Nodes;

#[test]
fn a_definition_is_on_all_nodes_when_apply_answers() {
    let nodes = Nodes::three();
    for round in 1..=3 {
        for (place, (node, _)) in nodes.nodes.iter().enumerate() {
            let name = format!("made-{round}-by-{place}");
            node.apply(&format!(
                "workflow:\n  name: {name}\n  version: 1.0.0\n  timeout: 1h\n  steps:\n    - \
                 {{ id: a, adapter: local, action: echo, input: {{}} }}\n"
            ));
            for (other, _) in &nodes.nodes {
                let started = other.json(&["submit", &name, "--input", "{}", "--wait"]);
                assert_eq!(started["status"], "completed", "{started}");
            }
        }
    }
    let versions: Vec<_> = nodes
        .nodes
        .iter()
        .map(|(node, _)| {
            let body = node.get("/api/v1/system");
            body["catalog_version"].as_u64().unwrap()
        })
        .collect();
    assert_eq!(versions, [versions[0]; 3]);
}
