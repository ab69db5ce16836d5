//! Invariant 3: all attempts of one intention bear the same key, and no two intentions share one.

use std::collections::BTreeMap;

use engine::record::{StepRef, TaskKey, TaskKind};
use engine::{Id, Instance};

use crate::finding::{Finding, demand};

/// What is wanted once: a step's run, undo or verify in one generation.
type Intention = (Id, u32, StepRef, i32, u32);

/// Keys that were seen, by intention and the other way round.
#[derive(Default)]
pub(crate) struct Intentions {
    keys: BTreeMap<Intention, String>,
    owners: BTreeMap<String, Intention>,
}

impl Intentions {
    /// Notes the key of a call that is out in this state of its instance.
    pub(crate) fn note(
        &mut self,
        instance: &Instance,
        task: TaskKey,
        key: &str,
    ) -> Result<(), Finding> {
        // A call whose outcome is not known is made again by a step of a later generation.
        let step = instance
            .step(task.at)
            .filter(|_| task.kind() == TaskKind::Run);
        let generation = step.map_or(task.generation, |step| step.intention());
        let intention = (
            instance.id(),
            instance.reopenings(),
            task.at,
            task.kind,
            generation,
        );
        let known = self.keys.entry(intention).or_insert_with(|| key.to_owned());
        demand(known == key, || {
            format!("the key of {intention:?} was {known}, and is {key}")
        })?;
        let owner = *self.owners.entry(key.to_owned()).or_insert(intention);
        demand(owner == intention, || {
            format!("{owner:?} and {intention:?} share the key {key}")
        })
    }
}
