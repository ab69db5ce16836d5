//! Acts on the past in the model: an instance goes on from the steps that failed, or goes back.

use std::collections::BTreeMap;

use engine::past::resting;
use engine::record::{Body, Held, Record};
use engine::{Command, Instance, MigrateOrder, Refusal, RestoreOrder};

use super::actor::Actor;
use super::world::Model;
use crate::finding::{Finding, demand};
use crate::workload::VERSIONS;

impl Model {
    /// Retries an instance that has ended, restores any to one of its records, or has one go over to the
    /// other version of its workflow.
    pub(super) fn act_on_the_past(&mut self) -> Result<bool, Finding> {
        let Some(id) = self.pick_actor(|_| true) else {
            return Ok(false);
        };
        let actor = &self.actors[&id];
        let ended = actor.live.ended_at().is_some();
        let started = &actor.live.header().started;
        let other = VERSIONS.iter().find(|version| **version != started.version);
        let other = other.and_then(|version| version.parse().ok());
        let moves = self.workload.workflows.contains(&started.workflow);
        let command = if ended && self.random.chance(50) {
            Command::Retry(Held::default())
        } else if let (true, true, Some(version)) = (moves, self.random.chance(30), other) {
            Command::Migrate(MigrateOrder {
                version,
                map: BTreeMap::new(),
                reason: String::new(),
            })
        } else {
            let to_seq = self.random.between(1, actor.live.seq());
            let catalog = &self.catalog;
            let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
            let records = &actor.history.records;
            let target = Instance::fold(&records[..resting(records, to_seq)], find);
            Command::Restore(Box::new(RestoreOrder {
                to_seq,
                compensate: self.random.chance(50),
                reason: String::new(),
                target,
            }))
        };
        let decided = self.decide(id, command)?;
        let fits = |refusal: &Refusal| match refusal {
            Refusal::Misfit { reasons, .. } => !reasons.is_empty(),
            Refusal::Ended(_) => ended,
            refusal => matches!(refusal, Refusal::Forbidden(_)),
        };
        demand(decided.as_ref().err().is_none_or(fits), || {
            format!("{id}: an act on the past was refused: {:?}", decided.err())
        })?;
        Ok(true)
    }
}

impl Actor {
    /// Calls that are under way for what an act on the past gave up; they may be answered all the same.
    pub(super) fn abandon(&mut self, records: &[Record]) {
        if !records.iter().any(gives_up) {
            return;
        }
        let out = self.live.outstanding().tasks;
        let given_up = |task: &engine::record::TaskKey| !out.contains(task);
        self.spent
            .extend(self.tasks.iter().copied().filter(given_up));
        self.spent.extend(self.accepted.iter().copied());
        self.tasks.retain(|task| out.contains(task));
        self.accepted.clear();
    }
}

/// Whether an instance goes on without what is under way for it.
fn gives_up(record: &Record) -> bool {
    matches!(
        record.body,
        Some(Body::InstanceRetried(_) | Body::InstanceRestored(_))
    )
}
