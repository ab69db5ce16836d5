//! What the rows of the roll-ups hold.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::{Enumeration, Message};

use super::{Latencies, OTHER};

/// Targets that one row counts apart; the others count together.
const MAX_TARGETS: usize = 100;
/// Rules of a router that one row counts apart; the others count together.
const MAX_RULES: usize = 500;
/// Kinds of failures that one row counts apart; the others count together.
const MAX_KINDS: usize = 100;
/// Instances that a kind of failures names.
pub(super) const SAMPLES: usize = 5;

/// What is counted of workflows, of a step, of a target, or of routers and their rules; what does not fit them stays 0.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Tally {
    /// Instances that began; events that a router saw or a rule took.
    #[prost(uint64, tag = "1")]
    pub started: u64,
    /// Instances or steps that ended well; calls that succeeded; events that a router or rule sent on.
    #[prost(uint64, tag = "2")]
    pub completed: u64,
    /// Instances or steps that failed for good; calls that failed; events that a rule could not send on.
    #[prost(uint64, tag = "3")]
    pub failed: u64,
    /// Instances, or steps, that were undone.
    #[prost(uint64, tag = "4")]
    pub compensated: u64,
    /// Instances that were cancelled.
    #[prost(uint64, tag = "5")]
    pub cancelled: u64,
    /// Steps that were skipped; events that no rule of a router took.
    #[prost(uint64, tag = "6")]
    pub skipped: u64,
    /// Attempts of steps.
    #[prost(uint64, tag = "7")]
    pub attempts: u64,
    /// Attempts behind a run's first.
    #[prost(uint64, tag = "8")]
    pub retries: u64,
    /// From an instance's start to its end, from a step's to its end, from a call to its result.
    #[prost(message, required, tag = "9")]
    pub durations: Latencies,
}

impl Tally {
    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        let Self {
            started,
            completed,
            failed,
            compensated,
            cancelled,
            skipped,
            attempts,
            retries,
            durations,
        } = other;
        self.started += started;
        self.completed += completed;
        self.failed += failed;
        self.compensated += compensated;
        self.cancelled += cancelled;
        self.skipped += skipped;
        self.attempts += attempts;
        self.retries += retries;
        self.durations.merge(durations);
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A row that adds up.
pub(super) trait Adds: Message + Clone + Default {
    fn add_up(&mut self, other: &Self);
}

/// What one process has counted of one version of a workflow, or of a router, in one span of time.
#[derive(Clone, PartialEq, Message)]
pub(super) struct WorkflowRow {
    #[prost(message, required, tag = "1")]
    pub(super) own: Tally,
    /// By the step's id, or the rule's name.
    #[prost(btree_map = "string, message", tag = "2")]
    pub(super) steps: BTreeMap<String, Tally>,
    /// By the adapter's name.
    #[prost(btree_map = "string, message", tag = "3")]
    pub(super) adapters: BTreeMap<String, Targets>,
}

/// Calls of one adapter.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Targets {
    /// By the target's name.
    #[prost(btree_map = "string, message", tag = "1")]
    pub(super) by_name: BTreeMap<String, Tally>,
}

/// What stands under a name, which is copied only where there is nothing yet.
pub(super) fn of_name<'a, T: Default>(all: &'a mut BTreeMap<String, T>, name: &str) -> &'a mut T {
    if !all.contains_key(name) {
        all.insert(name.to_owned(), T::default());
    }
    let found = all.get_mut(name);
    found.expect("it was put there if it was missing")
}

impl WorkflowRow {
    /// A rule's tally, or that of all that are too many.
    pub(super) fn rule(&mut self, name: &str) -> &mut Tally {
        let room = self.steps.len() < MAX_RULES || self.steps.contains_key(name);
        of_name(&mut self.steps, if room { name } else { OTHER })
    }

    /// A target's tally, or that of all that are too many.
    pub(super) fn target(&mut self, adapter: &str, target: &str) -> &mut Tally {
        let known = self.has_target(adapter, target);
        let (adapter, target) = if known || self.targets() < MAX_TARGETS {
            (adapter, target)
        } else {
            (OTHER, OTHER)
        };
        let targets = of_name(&mut self.adapters, adapter);
        of_name(&mut targets.by_name, target)
    }

    fn has_target(&self, adapter: &str, target: &str) -> bool {
        let targets = self.adapters.get(adapter);
        targets.is_some_and(|targets| targets.by_name.contains_key(target))
    }

    fn targets(&self) -> usize {
        let targets = self.adapters.values();
        targets.map(|targets| targets.by_name.len()).sum()
    }
}

impl Adds for WorkflowRow {
    fn add_up(&mut self, other: &Self) {
        self.own.merge(&other.own);
        for (step, tally) in &other.steps {
            of_name(&mut self.steps, step).merge(tally);
        }
        for (adapter, targets) in &other.adapters {
            for (target, tally) in &targets.by_name {
                self.target(adapter, target).merge(tally);
            }
        }
    }
}

/// What one process has counted of the failures, of one version of a workflow in one span of time,
/// that still stand: those that came, less those that were mended.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FailureRow {
    #[prost(message, repeated, tag = "1")]
    pub(super) kinds: Vec<FailureKind>,
}

/// What became of an instance that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum FailureState {
    /// It ended, nothing undone.
    Failed = 0,
    /// It is open: a person is asked.
    Open = 1,
    /// It ended, and what it did was undone.
    Compensated = 2,
}

/// Failures that are alike.
#[derive(Clone, PartialEq, Message)]
pub(super) struct FailureKind {
    /// Where; empty if that is not known.
    #[prost(string, tag = "1")]
    pub(super) step: String,
    #[prost(string, tag = "2")]
    pub(super) error_type: String,
    #[prost(string, tag = "3")]
    pub(super) adapter: String,
    #[prost(string, tag = "4")]
    pub(super) target: String,
    #[prost(enumeration = "FailureState", tag = "5")]
    pub(super) state: i32,
    /// Below 0 where other rows counted them when they came.
    #[prost(sint64, tag = "6")]
    pub(super) count: i64,
    /// 0 where none came.
    #[prost(int64, tag = "7")]
    pub(super) first_at: i64,
    #[prost(int64, tag = "8")]
    pub(super) last_at: i64,
    /// Of the last that came.
    #[prost(string, tag = "9")]
    pub(super) message: String,
    /// Of the last that came (16 bytes each), the last first.
    #[prost(bytes = "bytes", repeated, tag = "10")]
    pub(super) samples: Vec<Bytes>,
}

impl FailureKind {
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    pub(super) fn key(&self) -> (&str, &str, &str, &str, i32) {
        let Self {
            step,
            error_type,
            adapter,
            target,
            state,
            ..
        } = self;
        (step, error_type, adapter, target, *state)
    }

    /// Adds those of another kind to this one.
    pub(super) fn take_in(&mut self, other: &Self) {
        self.count += other.count;
        if other.first_at > 0 && (self.first_at == 0 || other.first_at < self.first_at) {
            self.first_at = other.first_at;
        }
        if other.first_at == 0 {
            return;
        }
        if other.last_at >= self.last_at {
            self.last_at = other.last_at;
            self.message.clone_from(&other.message);
            self.samples.splice(0..0, other.samples.iter().cloned());
        } else {
            self.samples.extend_from_slice(&other.samples);
        }
        self.samples.truncate(SAMPLES);
    }
}

impl FailureRow {
    pub(super) fn note(&mut self, kind: &FailureKind) {
        if let Some(known) = self.kinds.iter_mut().find(|known| known.is_like(kind)) {
            return known.take_in(kind);
        }
        if self.kinds.len() < MAX_KINDS {
            return self.kinds.push(kind.clone());
        }
        let other = FailureKind {
            step: String::new(),
            error_type: OTHER.to_owned(),
            adapter: String::new(),
            target: String::new(),
            ..kind.clone()
        };
        match self.kinds.iter_mut().find(|known| known.is_like(&other)) {
            Some(known) => known.take_in(&other),
            None => self.kinds.push(other),
        }
    }
}

impl Adds for FailureRow {
    fn add_up(&mut self, other: &Self) {
        other.kinds.iter().for_each(|kind| self.note(kind));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error_type: &str, count: i64, at: i64, sample: u8) -> FailureKind {
        FailureKind {
            error_type: error_type.to_owned(),
            count,
            first_at: at,
            last_at: at,
            message: format!("at {at}"),
            samples: vec![Bytes::copy_from_slice(&[sample; 16])],
            ..FailureKind::default()
        }
    }

    #[test]
    fn the_last_failure_speaks_for_its_kind() {
        let mut row = FailureRow::default();
        for at in [20_u8, 10, 40, 30, 50, 60] {
            row.note(&kind("timeout", 1, i64::from(at), at));
        }
        row.note(&FailureKind {
            error_type: "timeout".to_owned(),
            count: -2,
            ..FailureKind::default()
        });
        let [all] = row.kinds.as_slice() else {
            panic!("expected one kind, but got {:?}", row.kinds)
        };
        assert_eq!((all.count, all.first_at, all.last_at), (4, 10, 60));
        assert_eq!(all.message, "at 60");
        let samples: Vec<u8> = all.samples.iter().map(|id| id[0]).collect();
        assert_eq!(samples[..2], [60, 50]);
        assert_eq!(samples.len(), SAMPLES);
    }

    #[test]
    fn what_is_too_many_counts_together() {
        let mut row = FailureRow::default();
        for n in 0..MAX_KINDS + 20 {
            row.note(&kind(&format!("e{n}"), 1, 1, 1));
        }
        assert_eq!(row.kinds.len(), MAX_KINDS + 1);
        let other = row.kinds.last().expect("there are some");
        assert_eq!((other.error_type.as_str(), other.count), (OTHER, 20));
        let mut row = WorkflowRow::default();
        for n in 0..MAX_TARGETS + 20 {
            row.target("a", &format!("t{n}")).completed += 1;
        }
        assert_eq!(row.targets(), MAX_TARGETS + 1);
        assert_eq!(row.target(OTHER, OTHER).completed, 20);
    }
}
