//! An event's way through a router whose rules compare one field with a constant each; the last one holds.

use std::sync::Arc;

use anyhow::{Result, ensure};
use router::{Event, NoStats, Table};
use serde_json::{Value, json};

use super::order::{NOW, catalog};
use super::workloads::Once;

const WORKFLOW: &str = "
workflow:
  name: filed
  version: 1.0.0
  steps: [{ id: note, set: { amount: 1 } }]
";

struct Order {
    meta: Arc<Value>,
    data: Arc<Value>,
}

impl Event for Order {
    fn attribute(&self, name: &str) -> Option<&str> {
        self.meta.get(name)?.as_str()
    }

    fn meta(&self) -> Arc<Value> {
        Arc::clone(&self.meta)
    }

    fn data(&self) -> Option<Arc<Value>> {
        Some(Arc::clone(&self.data))
    }

    fn at_ms(&self) -> i64 {
        NOW
    }
}

/// Routes over so many rules.
pub(super) fn over<const RULES: usize>() -> Result<Once> {
    let rule = |number: usize| {
        format!("      - {{ condition: event.region == 'r{number}', destination: filed }}\n")
    };
    let rules: String = (1..=RULES).map(rule).collect();
    let documents = format!("{WORKFLOW}---\nrouters:\n  - name: regions\n    rules:\n{rules}");
    let table = Table::new(&catalog(vec![(
        "routing.yaml".to_owned(),
        documents.into(),
    )])?);
    let order = Order {
        meta: Arc::new(json!({ "type": "order.placed", "source": "/bench", "id": "1" })),
        data: Arc::new(json!({ "region": format!("r{RULES}"), "amount": 5 })),
    };
    let routed = table.route(&order, &NoStats).offers;
    let found = routed.iter().map(|offer| offer.routes.len()).sum::<usize>();
    ensure!(
        found == 1,
        "expected one of {RULES} rules to hold, but {found} do"
    );
    Ok(Box::new(move |_| {
        Ok(table.route(&order, &NoStats).offers.len())
    }))
}
