//! Counting what one write of the projector holds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use definition::{StepIx, Workflow};
use engine::Instance;
use engine::record::Record;

use super::key::Tier;
use super::routed::Routed;
use super::rows::{FailureKind, FailureRow, WorkflowRow};
use super::standing::standing;
use super::walk::{Change, Walk};
use super::{OTHER, Tally};

/// Workflow and version.
pub(super) type Series = (String, String);

/// What one write of the projector adds to the roll-ups.
#[derive(Default)]
pub(crate) struct Counting {
    lines: Lines,
    failures: BTreeMap<(i64, Series), FailureRow>,
    walk: Walk,
    routed: Routed,
}

#[derive(Default)]
struct Lines {
    all: Vec<Line>,
    places: HashMap<(i64, usize), usize>,
    /// The line that was counted in last.
    last: usize,
}

/// What happened in a minute to the instances of one version of a workflow.
pub(super) struct Line {
    minute: i64,
    workflow: Arc<Workflow>,
    series: Series,
    row: WorkflowRow,
    /// By their index in the workflow.
    steps: Vec<Tally>,
}

impl Line {
    pub(super) const fn own(&mut self) -> &mut Tally {
        &mut self.row.own
    }

    pub(super) fn step(&mut self, ix: StepIx) -> Option<&mut Tally> {
        self.steps.get_mut(ix.0 as usize)
    }

    pub(super) fn target(&mut self, adapter: &str, target: &str) -> &mut Tally {
        self.row.target(adapter, target)
    }

    /// The row, with the steps by name.
    fn named(&self) -> WorkflowRow {
        let mut row = self.row.clone();
        let steps = self.workflow.steps.iter().zip(&self.steps);
        let counted = steps.filter(|(_, tally)| !tally.is_empty());
        row.steps
            .extend(counted.map(|(step, tally)| (step.id.to_string(), tally.clone())));
        row
    }
}

impl Lines {
    fn of(&mut self, instance: &Instance, at: i64) -> &mut Line {
        let (minute, workflow) = (Tier::Minute.start_of(at), instance.workflow());
        let fits = |line: &Line| line.minute == minute && Arc::ptr_eq(&line.workflow, workflow);
        if !self.all.get(self.last).is_some_and(fits) {
            // The line holds the workflow, so that no other one gets its address.
            let address = Arc::as_ptr(workflow) as usize;
            let all = &mut self.all;
            self.last = *self.places.entry((minute, address)).or_insert_with(|| {
                all.push(Line {
                    minute,
                    workflow: Arc::clone(workflow),
                    series: series_of(instance),
                    row: WorkflowRow::default(),
                    steps: vec![Tally::default(); workflow.steps.len()],
                });
                all.len() - 1
            });
        }
        &mut self.all[self.last]
    }
}

fn series_of(instance: &Instance) -> Series {
    let started = &instance.header().started;
    (started.workflow.clone(), started.version.clone())
}

impl Counting {
    /// Counts an instance's records, and the failures that it has now or no longer has.
    pub(crate) fn add<'a>(
        &mut self,
        before: Option<&Instance>,
        after: &Instance,
        records: impl Iterator<Item = &'a Record>,
    ) {
        let change = Change { before, after };
        self.walk.begin();
        for record in records {
            if let Some(body) = &record.body {
                let line = self.lines.of(after, record.at);
                self.walk.count(line, change, record.at, body);
            }
        }
        let (was, is) = (before.map(standing).unwrap_or_default(), standing(after));
        if !was.is_empty() || !is.is_empty() {
            self.note_failures(change, was, is);
        }
    }

    /// Counts what routers did.
    pub(crate) fn route(&mut self, routed: &Routed) {
        self.routed.add(routed);
    }

    /// An instance was deleted: its failure does not stand any more.
    pub(crate) fn deleted(&mut self, instance: &Instance) {
        for kind in standing(instance) {
            self.mended(instance, kind);
        }
    }

    fn note_failures(
        &mut self,
        change: Change<'_>,
        mut was: Vec<FailureKind>,
        is: Vec<FailureKind>,
    ) {
        for kind in is {
            let same = |other: &FailureKind| other.is_like(&kind) && other.last_at == kind.last_at;
            match was.iter().position(same) {
                Some(place) => drop(was.swap_remove(place)),
                None => self.note(change.after, kind.last_at, &kind),
            }
        }
        let before = change.before.unwrap_or(change.after);
        was.into_iter().for_each(|kind| self.mended(before, kind));
    }

    fn mended(&mut self, instance: &Instance, kind: FailureKind) {
        let came_at = kind.last_at;
        let less = FailureKind {
            count: -1,
            first_at: 0,
            last_at: 0,
            message: String::new(),
            samples: Vec::new(),
            ..kind
        };
        self.note(instance, came_at, &less);
    }

    fn note(&mut self, instance: &Instance, came_at: i64, kind: &FailureKind) {
        let place = (Tier::Failures.start_of(came_at), series_of(instance));
        self.failures.entry(place).or_default().note(kind);
    }

    /// What is counted of workflows, by minute; nothing for minutes in which nothing that counts happened.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, Series, WorkflowRow)> {
        let rows = self.lines.all.iter();
        let named = rows.map(|line| (line.minute, line.series.clone(), line.named()));
        named.filter(|(_, _, row)| *row != WorkflowRow::default())
    }

    /// What is counted of routers, by minute.
    pub(super) fn routers(&self) -> impl Iterator<Item = (i64, Series, WorkflowRow)> {
        let rows = self.routed.rows();
        rows.map(|(minute, router, row)| (minute, (router.to_owned(), String::new()), row.clone()))
    }

    /// What is counted of failures, by hour.
    pub(super) fn failures(&self) -> impl Iterator<Item = (i64, &Series, &FailureRow)> {
        let rows = self.failures.iter();
        rows.map(|((hour, series), row)| (*hour, series, row))
    }
}

/// The series of what is too many, and what of a row counts there: steps and targets have no names of
/// their own in it.
pub(super) fn other(row: &WorkflowRow) -> (Series, WorkflowRow) {
    let mut other = WorkflowRow::default();
    other.own.merge(&row.own);
    let targets = row.adapters.values().flat_map(|all| all.by_name.values());
    for tally in targets {
        other.target(OTHER, OTHER).merge(tally);
    }
    ((OTHER.to_owned(), String::new()), other)
}
