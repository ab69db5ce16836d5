//! Invariants 2 and 3: state is the fold of the records, and each transition happens once.

use std::sync::Arc;

use definition::{Catalog, Workflow};
use engine::record::Record;
use engine::{Instance, MAX_RECORDS, TimerKind};

use crate::coverage::Coverage;
use crate::finding::{Finding, demand};

/// A decision is cut once it has enough records; what the last step writes at once may pass it.
const MOST_RECORDS: usize = MAX_RECORDS + 32;

/// One instance's records so far, and their fold.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) records: Vec<Record>,
    pub(crate) fold: Instance,
}

impl History {
    /// Begins with an instance's first record.
    pub(crate) fn begin(
        first: &Record,
        workflow: Arc<Workflow>,
        coverage: &mut Coverage,
    ) -> Result<Self, Finding> {
        demand(first.seq == 1, || {
            format!("a history begins with seq {}", first.seq)
        })?;
        let fold = Instance::from_record(first, workflow);
        let fold =
            fold.ok_or_else(|| Finding("a history does not begin with its start".to_owned()))?;
        coverage.record(first);
        Ok(Self {
            records: vec![first.clone()],
            fold,
        })
    }

    /// Adds the record that follows.
    pub(crate) fn add(&mut self, record: &Record, coverage: &mut Coverage) -> Result<(), Finding> {
        let id = self.fold.id();
        let (expected, last) = (self.fold.seq() + 1, self.fold.updated_at());
        demand(record.seq == expected, || {
            format!("{id}: expected seq {expected}, but got {}", record.seq)
        })?;
        demand(record.at >= last, || {
            format!("{id}: record {} is older than the one before", record.seq)
        })?;
        coverage.before(record, &self.fold);
        self.fold.apply(record);
        coverage.after(record, &self.fold);
        self.records.push(record.clone());
        Ok(())
    }

    /// Takes the definition of the version to which it went over.
    pub(crate) fn bind(&mut self, catalog: &Catalog) {
        self.fold
            .bind(|name, version| catalog.recorded_workflow(name, version));
    }

    /// Whether the decision that wrote the last `count` records kept its bound.
    pub(crate) fn check_bound(&self, count: usize) -> Result<(), Finding> {
        demand(count <= MOST_RECORDS, || {
            format!("{}: a decision of {count} records", self.fold.id())
        })
    }

    /// Invariant 4 of the folded state, and that its views can be made.
    pub(crate) fn check(&self) -> Result<(), Finding> {
        let found = self.fold.check();
        demand(found.is_empty(), || {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            found.join("; ")
        })?;
        let (open, (_, waits)) = (self.fold.status().is_open(), self.fold.waiting_for(1));
        let cut = |timer: &engine::TimerKey| timer.kind == TimerKind::Continue;
        let goes_on = || self.fold.outstanding().timers.iter().any(cut);
        demand(!open || waits > 0 || goes_on(), || {
            format!("{}: is open, but waits for nothing", self.fold.id())
        })
    }
}

/// Whether two states are the same, down to their stored bytes and what they wait for.
pub(crate) fn same_state(one: &Instance, other: &Instance) -> Result<(), Finding> {
    let id = one.id();
    let outstanding = one.outstanding() == other.outstanding();
    demand(outstanding, || {
        format!(
            "{id}: {:?} and {:?} are outstanding",
            one.outstanding(),
            other.outstanding()
        )
    })?;
    let (seqs, same) = ((one.seq(), other.seq()), one.snapshot() == other.snapshot());
    demand(same, || {
        format!("{id}: two states that should be one differ, at seq {seqs:?}")
    })
}
