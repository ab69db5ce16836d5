//! One instance of three steps, run by the engine alone: each call is answered with its own input, at once.

use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use bytes::Bytes;
use definition::{Catalog, ResourceSet, no_settings_check};
use engine::record::{Record, StartMessage};
use engine::{
    Command, Context, Decided, Effect, Entropy, Id, Instance, Payload, Plans, Status, TaskOutcome,
};

use crate::bench::THREE_STEPS;
use crate::load::input;

/// When all of it happens, milliseconds since the epoch.
const NOW: i64 = 1_800_000_000_000;

/// What instances are decided with.
pub(super) struct Orders {
    catalog: Arc<Catalog>,
    entropy: Entropy,
    plans: Plans,
}

/// An instance that has completed, and all its records.
pub(super) struct Order {
    pub(super) instance: Instance,
    pub(super) records: Vec<Record>,
}

impl Orders {
    /// With the measured workflow in the catalog.
    pub(super) fn new() -> Result<Self> {
        let files = vec![("three-steps.yaml".to_owned(), THREE_STEPS.into())];
        Ok(Self {
            catalog: Arc::new(catalog(files)?),
            entropy: Entropy::new(1),
            plans: Plans::default(),
        })
    }

    /// Runs one instance from its start to its end.
    pub(super) fn run(&mut self, number: u64) -> Result<Order> {
        let id = Id::new(NOW, (number % 4_096) as u16, self.entropy.next_u64());
        let message = StartMessage {
            workflow: "three-steps".to_owned(),
            input: Some(Payload::from_bytes(Bytes::from(input(number)))),
            ..StartMessage::default()
        };
        let catalog = Arc::clone(&self.catalog);
        let mut context = Context {
            now: NOW,
            catalog: &catalog,
            plans: &mut self.plans,
            place: 1,
            entropy: &mut self.entropy,
            command_id: id,
            actor: "local",
            cause: "api",
        };
        let (mut instance, mut decided) = engine::start(id, &message, &mut context)?;
        let mut records = Vec::new();
        loop {
            let next = answer(&instance, &decided);
            records.append(&mut decided.records);
            let Some(command) = next else { break };
            decided = instance.decide(command, &mut context)?;
        }
        ensure!(
            instance.status() == Status::Completed,
            "expected it to complete"
        );
        Ok(Order { instance, records })
    }
}

/// The result of the call that the decision asks for, if it asks for one.
fn answer(instance: &Instance, decided: &Decided) -> Option<Command> {
    let task = decided.effects.iter().find_map(|effect| match effect {
        Effect::Dispatch(task) => Some(*task),
        _ => None,
    })?;
    let output = instance.call(task)?.input;
    let outcome = TaskOutcome::Completed {
        output,
        target: String::new(),
        exchange: String::new(),
        kept_by: None,
    };
    Some(Command::Result { task, outcome })
}

/// A catalog made from these files alone.
pub(super) fn catalog(files: Vec<(String, Vec<u8>)>) -> Result<Catalog> {
    let (set, found) = ResourceSet::parse(files);
    ensure!(
        found.is_empty(),
        "expected valid documents, but found {found:?}"
    );
    let change = set.apply_to(&Catalog::default(), &no_settings_check);
    Ok(change
        .map_err(|found| anyhow!("expected valid documents, but found {found:?}"))?
        .new)
}
