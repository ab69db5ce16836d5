//! Which workflows an event or a webhook may start.

use router::{NoStats, Start, StartError, Table};
use serde_json::json;

use crate::event::{Sample, catalog};

const WORKFLOWS: &str = r#"
workflows:
  - name: x
    version: 1.0.0
    timeout: 1h
    triggers:
      - { type: event, event-type: order.gone }
    steps: [{ id: one, adapter: a }]
  - name: x
    version: 1.1.0
    timeout: 1h
    triggers:
      - { id: exact, type: event, event-type: order.paid }
      - { id: any, type: event, event-type: "*", source: /shop }
      - { id: hook, type: webhook, source: shop }
      - { type: manual }
    steps: [{ id: one, adapter: a }]
  - name: y
    version: 1.0.0
    timeout: 1h
    triggers:
      - { id: order, type: event, event-type: "order.*", condition: event.total > 10, input: { id: "${ event.id }" } }
      - { id: dot, type: event, event-type: "order.p*", condition: event.total > 10 }
    steps: [{ id: one, adapter: a }]
"#;

fn found(table: &Table, event_type: &str, source: &str) -> Vec<String> {
    let refs = table.triggers(event_type, source).into_iter();
    refs.map(|found| format!("{} {}", found.workflow.name, found.trigger().id))
        .collect()
}

#[test]
fn triggers_are_found_by_type_and_source() {
    let table = Table::new(&catalog(WORKFLOWS));
    assert_eq!(
        found(&table, "order.paid", "/shop"),
        ["x exact", "x any", "y order", "y dot"]
    );
    assert_eq!(
        found(&table, "order.paid", "/crm"),
        ["x exact", "y order", "y dot"]
    );
    assert_eq!(found(&table, "order.", "/crm"), ["y order"]);
    assert_eq!(found(&table, "order", "/crm"), Vec::<String>::new());
    // Of the version that a start would take only.
    assert_eq!(found(&table, "order.gone", "/crm"), ["y order"]);
    assert_eq!(found(&table, "é", "/shop"), ["x any"]);
    let hooks: Vec<_> = table
        .hooks("shop")
        .map(|found| found.trigger().id.as_str())
        .collect();
    assert_eq!(hooks, ["hook"]);
    assert_eq!(table.hooks("other").count(), 0);
}

#[test]
fn a_trigger_says_what_it_makes_of_an_event() {
    let table = Table::new(&catalog(WORKFLOWS));
    let triggers = table.triggers("order.paid", "/crm");
    let start = |index: usize, data| {
        let event = Sample::new("order.paid", data);
        table.start(triggers[index].trigger(), &event, &NoStats)
    };
    let given = json!({ "total": 11, "id": 7 });
    assert!(matches!(start(0, json!({})), Ok(Start::Yes(None))));
    assert!(matches!(start(1, given), Ok(Start::Yes(Some(input))) if input == json!({ "id": 7 })));
    assert!(matches!(start(1, json!({ "total": 10 })), Ok(Start::No)));
    assert!(matches!(start(1, json!({})), Ok(Start::No)));
    assert!(matches!(
        start(1, json!({ "total": "x" })),
        Err(StartError::Condition(_))
    ));
    assert!(matches!(
        start(1, json!({ "total": 11 })),
        Err(StartError::Input(_))
    ));
}
