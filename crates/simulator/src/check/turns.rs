//! A limit is never passed: of the instances under one name no more have their turn than it allows.

use std::collections::{BTreeMap, BTreeSet};

use engine::record::{Body, Record};
use engine::{Id, Instance};

use crate::finding::{Finding, demand};

/// Who has a turn, by the limit's name, as the journals say.
#[derive(Default)]
pub(crate) struct Turns(BTreeMap<String, BTreeSet<Id>>);

impl Turns {
    /// A record became durable; `after` is its instance with it.
    pub(crate) fn note(&mut self, record: &Record, after: &Instance) -> Result<(), Finding> {
        let Some(limit) = after.limit() else {
            return Ok(());
        };
        let (name, id) = (limit.name(), after.id());
        let running = self.0.entry(name.clone()).or_default();
        match record.body {
            Some(Body::InstanceBegun(_)) => {
                running.insert(id);
                let (count, most) = (running.len(), limit.limit);
                demand(count <= most as usize, || {
                    format!("{count} run under {name}, where {most} may: {running:?}")
                })
            }
            Some(Body::InstanceEnded(_)) => {
                running.remove(&id);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
