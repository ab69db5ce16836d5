//! Script lines that act on the past.

use std::fmt::Write as _;

use engine::past::resting;
use engine::record::StartMessage;
use engine::{Command, Instance, MigrateOrder, RestoreOrder};

use super::Run;

impl Run {
    pub(super) fn replay(&mut self, step: &str) {
        let instance = self.instance.as_ref().unwrap();
        let taking = match instance.replay_outlook(instance.workflow(), Some(step)) {
            Ok(taking) => taking,
            Err(why) => return writeln!(self.log, "refused: {why}").unwrap(),
        };
        let message = StartMessage {
            workflow: "w".into(),
            version: "1.0.0".into(),
            input: Some(instance.header().input()),
            taken: Some(Box::new(taking.steps)),
            ..StartMessage::default()
        };
        self.records.clear();
        self.tasks.clear();
        self.timers.clear();
        self.begin(message);
    }

    pub(super) fn restore(&mut self, rest: &str) {
        let (seq, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let to_seq: u64 = seq.parse().unwrap();
        let find = |name: &str, version: &str| self.catalog.recorded_workflow(name, version);
        let records = &self.records[..resting(&self.records, to_seq)];
        let target = Instance::fold(records, find);
        self.command(Command::Restore(Box::new(RestoreOrder {
            to_seq,
            compensate: rest == "compensate",
            reason: String::new(),
            target,
        })));
    }

    pub(super) fn migrate(&mut self, rest: &str) {
        let mut words = rest.split(' ');
        let version = words.next().unwrap().parse().unwrap();
        let pair = |word: &str| {
            let (old, new) = word.split_once('=').unwrap();
            (old.to_owned(), new.to_owned())
        };
        self.command(Command::Migrate(MigrateOrder {
            version,
            map: words.map(pair).collect(),
            reason: String::new(),
        }));
    }
}
