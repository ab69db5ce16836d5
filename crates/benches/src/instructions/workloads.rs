//! The fixed workloads: what the path of a workflow is made of, each by itself.

use std::sync::Arc;

use anyhow::{Context, Result};
use api::BatchRequest;
use bytes::Bytes;
use engine::Id;
use engine::codec::{BatchHeader, Packer, RecordBatch, decode_batch, encode_batch};
use engine::record::Record;
use expression::{Scope, Template, Variables};
use serde_json::{Value, json};
use store::{Change, HistorySegment, InstanceRow, PartitionId, Projection, Store};
use store_sqlite::SqliteStore;

use super::order::{Order, Orders, catalog};
use crate::load::input;

/// One run of a workload, by its number; what it answers keeps it from being optimised away.
type Once = Box<dyn FnMut(u64) -> Result<usize>>;

/// A workload.
pub(super) struct Workload {
    /// Its name.
    pub(super) name: &'static str,
    /// What one run of it does.
    pub(super) unit: &'static str,
    /// Runs that are enough for a steady count.
    pub(super) times: usize,
    /// Does what is done once.
    pub(super) prepare: fn() -> Result<Once>,
}

/// All of them.
pub(super) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "decide",
        unit: "a 3-step instance, start to end",
        times: 300,
        prepare: decide,
    },
    Workload {
        name: "encode",
        unit: "a batch of 100 instances",
        times: 20,
        prepare: encode,
    },
    Workload {
        name: "decode",
        unit: "a batch of 100 instances",
        times: 20,
        prepare: decode,
    },
    Workload {
        name: "expression",
        unit: "a step's input",
        times: 2_000,
        prepare: evaluate,
    },
    Workload {
        name: "compile",
        unit: "both examples, YAML to catalog",
        times: 10,
        prepare: compile,
    },
    Workload {
        name: "project",
        unit: "100 ended instances into SQLite",
        times: 20,
        prepare: project,
    },
    Workload {
        name: "parse",
        unit: "a request of 100 starts",
        times: 100,
        prepare: parse,
    },
];

/// Instances of one batch.
const BATCH: u64 = 100;

fn decide() -> Result<Once> {
    let mut orders = Orders::new()?;
    Ok(Box::new(move |number| {
        Ok(orders.run(number)?.records.len())
    }))
}

fn encode() -> Result<Once> {
    let (records, mut packer) = (records(&orders()?), Packer::default());
    Ok(Box::new(move |_| {
        let batch = RecordBatch::from_iter(records.iter().cloned());
        let (bytes, _) = encode_batch(BatchHeader::default(), &batch, 0, &mut packer);
        Ok(bytes.len())
    }))
}

fn decode() -> Result<Once> {
    let batch = RecordBatch::from_iter(records(&orders()?));
    let (bytes, _) = encode_batch(BatchHeader::default(), &batch, 0, &mut Packer::default());
    Ok(Box::new(move |_| Ok(decode_batch(&bytes)?.1.len())))
}

fn evaluate() -> Result<Once> {
    let written = json!({ "order": "${ input.order }", "total": "${ input.amount * 1.2 }", "first": "${ input.lines[0].sku }" });
    let template = Template::compile(&written, &Scope::new().variable("input"));
    let template = template.ok().context("the template is valid")?;
    let variables = Input(Arc::new(serde_json::from_str(&input(1))?));
    Ok(Box::new(move |_| {
        Ok(template.evaluate(&variables, 0)?.to_string().len())
    }))
}

struct Input(Arc<Value>);

impl Variables for Input {
    fn get(&self, _: &str, _: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        Some(Arc::clone(&self.0))
    }
}

/// The examples' documents.
const EXAMPLES: [(&str, &str); 5] = [
    (
        "onboarding.yaml",
        include_str!("../../../../examples/customer-onboarding/workflow.yaml"),
    ),
    (
        "onboarding-adapters.yaml",
        include_str!("../../../../examples/customer-onboarding/adapters.yaml"),
    ),
    (
        "order.yaml",
        include_str!("../../../../examples/order-fulfilment/order-fulfilment.yaml"),
    ),
    (
        "shipping.yaml",
        include_str!("../../../../examples/order-fulfilment/order-shipping.yaml"),
    ),
    (
        "order-adapters.yaml",
        include_str!("../../../../examples/order-fulfilment/adapters.yaml"),
    ),
];

fn compile() -> Result<Once> {
    Ok(Box::new(|_| {
        let files = EXAMPLES.map(|(name, text)| (name.to_owned(), text.into()));
        Ok(catalog(files.into())?.workflows.len())
    }))
}

fn project() -> Result<Once> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path(), &store_sqlite::Options::default())?;
    let threads = tokio::runtime::Builder::new_current_thread().build()?;
    let (orders, mut packer) = (orders()?, Packer::default());
    Ok(Box::new(move |number| {
        // The folder is kept as long as the workload.
        let _ = folder.path();
        let changed = orders.iter().enumerate();
        let changes = changed
            .flat_map(|(place, order)| changes(order, number * BATCH + place as u64, &mut packer));
        let projection = Projection {
            partition: PartitionId(0),
            reached: number + 1,
            changes: changes.collect(),
        };
        threads.block_on(store.project(vec![projection]))?;
        Ok(orders.len())
    }))
}

/// What the projector writes of an instance that ran through, under an id of its own.
fn changes(order: &Order, number: u64, packer: &mut Packer) -> [Change; 2] {
    let (instance, records) = (&order.instance, &order.records);
    let started = &instance.header().started;
    let id = Id::new(instance.updated_at(), (number % 4_096) as u16, number);
    let (slot, id) = (id.slot(), id.bytes());
    let row = InstanceRow {
        slot,
        id,
        namespace: "default".to_owned(),
        workflow: started.workflow.clone(),
        version: started.version.clone(),
        status: instance.status().as_str().to_owned(),
        correlation_id: started.correlation_id.clone(),
        subject: None,
        parent_id: None,
        priority: "normal".to_owned(),
        attributes: Vec::new(),
        error: None,
        pending_decisions: 0,
        created_at: instance.header().created_at,
        updated_at: instance.updated_at(),
        ended_at: instance.ended_at(),
        seq: instance.seq(),
        snapshot: Bytes::new(),
        class: store::RetentionClass::default(),
    };
    let records = RecordBatch::from_iter(records.iter().cloned());
    let segment = HistorySegment {
        first_seq: 1,
        last_seq: instance.seq(),
        bytes: packer.history([records.bytes()].into_iter()),
    };
    let history = Change::AppendHistory { slot, id, segment };
    [Change::PutInstance(Box::new(row)), history]
}

fn parse() -> Result<Once> {
    let item = |number| format!(r#"{{"workflow":"three-steps","input":{}}}"#, input(number));
    let items: Vec<String> = (0..BATCH).map(item).collect();
    let body = Bytes::from(format!(r#"{{"items":[{}]}}"#, items.join(",")));
    Ok(Box::new(move |_| {
        let request: BatchRequest<'_> = serde_json::from_slice(&body)?;
        Ok(request.items.len())
    }))
}

fn orders() -> Result<Vec<Order>> {
    let mut orders = Orders::new()?;
    (0..BATCH).map(|number| orders.run(number)).collect()
}

fn records(orders: &[Order]) -> Vec<Record> {
    orders
        .iter()
        .flat_map(|order| order.records.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workload_runs() {
        for workload in WORKLOADS {
            let mut once = (workload.prepare)().expect(workload.name);
            for number in 0..2 {
                assert!(once(number).expect(workload.name) > 0, "{}", workload.name);
            }
        }
    }
}
