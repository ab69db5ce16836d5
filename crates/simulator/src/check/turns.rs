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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use definition::{Catalog, parse_workflow};
    use engine::record::{CancelRequested, StartMessage};
    use engine::{Command, Context, Entropy, Plans};

    use super::*;

    const LIMITED: &str = "
workflow:
  name: w
  version: 1.0.0
  concurrency: { limit: 1 }
  steps: [{ id: a, wait: { for: 1h } }]
";

    fn catalog() -> Catalog {
        let workflow = parse_workflow(LIMITED).expect("compiles");
        let mut catalog = Catalog::default();
        let versions = catalog.workflows.entry("w".to_owned()).or_default();
        let version = workflow.version.clone();
        versions.versions.insert(version, Arc::new(workflow));
        catalog
    }

    /// The records of a start and of these commands, each with its instance after them.
    fn run(number: u64, commands: Vec<Command>) -> Vec<(Record, Instance)> {
        let (catalog, mut plans, mut entropy) = (catalog(), Plans::default(), Entropy::new(1));
        let id = Id::new(1, 1, number);
        let mut context = Context {
            now: 1,
            catalog: &catalog,
            plans: &mut plans,
            place: number,
            entropy: &mut entropy,
            command_id: id,
            actor: "",
            cause: "test",
        };
        let start = StartMessage {
            workflow: "w".to_owned(),
            ..StartMessage::default()
        };
        let (mut instance, started) = engine::start(id, &start, &mut context).expect("starts");
        let mut noted: Vec<(Record, Instance)> = Vec::new();
        let after = instance.clone();
        noted.extend(started.records.into_iter().map(|r| (r, after.clone())));
        for command in commands {
            let decided = instance.decide(command, &mut context).expect("decides");
            let after = instance.clone();
            noted.extend(decided.records.into_iter().map(|r| (r, after.clone())));
        }
        noted
    }

    fn check(runs: &[Vec<(Record, Instance)>]) -> Result<(), Finding> {
        let mut turns = Turns::default();
        let mut all = runs.iter().flatten();
        all.try_for_each(|(record, after)| turns.note(record, after))
    }

    #[test]
    fn one_too_many_is_found_and_one_after_the_other_is_not() {
        let takes = || vec![Command::TakeTurn];
        let ends = vec![
            Command::TakeTurn,
            Command::Cancel(CancelRequested::default()),
        ];
        assert!(check(&[run(1, ends), run(2, takes()), run(3, vec![])]).is_ok());
        let found = check(&[run(1, takes()), run(2, takes())]);
        let found = found.expect_err("two run where one may").to_string();
        assert!(found.contains("2 run under w/"), "{found}");
    }
}
