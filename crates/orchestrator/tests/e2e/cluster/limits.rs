//! Limits that hold over all nodes, counted where the calls arrive.

use std::sync::atomic::Ordering;

use super::nodes::Nodes;
use super::service::service;
use crate::harness::until;

#[test]
fn an_adapters_concurrency_holds_over_all_nodes_and_a_take_over() {
    let (url, counted) = service();
    let mut nodes = Nodes::three();
    nodes.nodes[0].0.apply(&format!(
        "adapters:\n  - name: narrow\n    type: http\n    url: {url}\n    concurrency: 4\n    \
         timeout: 10s\n    actions: {{ call: {{ method: POST, path: / }} }}\n    \
         default-action: call\nworkflow:\n  name: through\n  version: 1.0.0\n  timeout: 1h\n  \
         steps:\n    - {{ id: a, adapter: narrow, input: {{}} }}\n"
    ));
    let ids: Vec<String> = (0..60)
        .map(|number| nodes.nodes[number % 3].0.submit("through", "{}"))
        .collect();
    for id in &ids {
        nodes.nodes[0].0.until_status(id, "completed");
    }
    let most = counted.most.load(Ordering::Acquire);
    assert!((1..=4).contains(&most), "{most} calls at once");
    assert_eq!(
        counted.all.load(Ordering::Acquire),
        60,
        "each was made once"
    );

    // The home of the permits may be the node that goes.
    let (more, rest): (Vec<_>, Vec<_>) = (0..30)
        .map(|number| nodes.nodes[number % 3].0.submit("through", "{}"))
        .enumerate()
        .partition(|(number, _)| number % 2 == 0);
    nodes.stop(2);
    for (_, id) in more.iter().chain(&rest) {
        nodes.nodes[0].0.until_status(id, "completed");
    }
    until("the last call has come back", || {
        (counted.now.load(Ordering::Acquire) == 0).then_some(())
    });
    let most = counted.most.load(Ordering::Acquire);
    assert!(most <= 4, "{most} calls at once");
}
