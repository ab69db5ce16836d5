//! What this process has counted of the latest spans, and the rows that say so.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use engine::Id;
use store::{Change, Table};

use super::OTHER;
use super::counting::{Counting, Series, other};
use super::key::{Tier, Writer, key};
use super::rows::{Adds, FailureRow, WorkflowRow};

/// Series that one process counts apart in one span; the others count together.
const MAX_SERIES: usize = 200;
/// Spans of one kind that are held in memory. What is counted of an earlier one goes into a row of its own.
const HELD: usize = 4;
/// The same for failures, that are mended hours after they came.
const HELD_FAILURES: usize = 24;

/// The roll-ups of one process: each row holds all that it has counted of a span, so that writing a row again counts nothing
/// twice.
pub(crate) struct Rollups {
    process: Id,
    /// Rises when a span is let go: were it counted in again, that would be another row.
    generation: u32,
    /// Of routers too.
    workflows: Windows<WorkflowRow>,
    failures: Windows<FailureRow>,
}

/// By kind of span and its start.
type Windows<T> = BTreeMap<(Tier, i64), Window<T>>;

struct Window<T> {
    generation: u32,
    rows: BTreeMap<Series, T>,
}

/// Rows as they are once a write is durable.
#[derive(Default)]
pub(crate) struct Staged {
    workflows: BTreeMap<(Tier, i64), BTreeMap<Series, WorkflowRow>>,
    failures: BTreeMap<(Tier, i64), BTreeMap<Series, FailureRow>>,
    /// Series that were counted with others.
    pub(crate) beyond: u64,
}

impl Rollups {
    /// Those of a process that goes by this id, which no other one has; they lie in its slot.
    pub(crate) fn new(process: Id) -> Self {
        Self {
            process,
            generation: 0,
            workflows: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }

    /// The rows that a write is to bring, and how they are then.
    pub(crate) fn stage(&self, counting: &Counting) -> (Staged, Vec<Change>) {
        let mut staged = Staged::default();
        let workflows = counting.rows().map(|counted| (Tier::WORKFLOWS, counted));
        let routers = counting.routers().map(|counted| (Tier::ROUTERS, counted));
        for (tiers, (minute, series, row)) in workflows.chain(routers) {
            for tier in tiers {
                let at = (tier, tier.start_of(minute));
                let (held, rows) = (self.workflows.get(&at), staged.workflows.entry(at));
                let rows = rows.or_default();
                if has_room(held, rows, &series) {
                    add(held, rows, &series, &row);
                } else {
                    let (series, row) = other(&row);
                    add(held, rows, &series, &row);
                    staged.beyond += 1;
                }
            }
        }
        for (hour, series, row) in counting.failures() {
            let at = (Tier::Failures, hour);
            let (held, rows) = (self.failures.get(&at), staged.failures.entry(at));
            let rows = rows.or_default();
            let other = (OTHER.to_owned(), String::new());
            let series = if has_room(held, rows, series) {
                series
            } else {
                staged.beyond += 1;
                &other
            };
            add(held, rows, series, row);
        }
        let mut changes = Vec::new();
        self.changes(&self.workflows, &staged.workflows, &mut changes);
        self.changes(&self.failures, &staged.failures, &mut changes);
        (staged, changes)
    }

    fn changes<T: Adds>(
        &self,
        windows: &Windows<T>,
        staged: &BTreeMap<(Tier, i64), BTreeMap<Series, T>>,
        changes: &mut Vec<Change>,
    ) {
        for (at, rows) in staged {
            let held = windows.get(at);
            let writer = Writer {
                process: self.process,
                generation: held.map_or(self.generation, |window| window.generation),
            };
            changes.extend(rows.iter().map(|((workflow, version), row)| Change::Put {
                table: Table::Rollup,
                slot: self.process.slot(),
                key: key(at.0, at.1, writer, workflow, version),
                value: row.encode_to_vec().into(),
            }));
        }
    }

    /// The rows are durable.
    pub(crate) fn written(&mut self, staged: Staged) {
        let generation = self.generation;
        let gone = take_in(&mut self.workflows, staged.workflows, generation)
            | take_in(&mut self.failures, staged.failures, generation);
        if gone {
            self.generation += 1;
        }
    }
}

fn has_room<T>(held: Option<&Window<T>>, rows: &BTreeMap<Series, T>, series: &Series) -> bool {
    let is_held = |series: &Series| held.is_some_and(|window| window.rows.contains_key(series));
    if rows.contains_key(series) || is_held(series) {
        return true;
    }
    let new = rows.keys().filter(|series| !is_held(series)).count();
    held.map_or(0, |window| window.rows.len()) + new < MAX_SERIES
}

fn add<T: Adds>(
    held: Option<&Window<T>>,
    rows: &mut BTreeMap<Series, T>,
    series: &Series,
    row: &T,
) {
    match rows.entry(series.clone()) {
        Entry::Occupied(mut known) => known.get_mut().add_up(row),
        Entry::Vacant(place) => {
            let known = held.and_then(|window| window.rows.get(series)).cloned();
            place.insert(known.unwrap_or_default()).add_up(row);
        }
    }
}

/// Holds what was written, and lets the earliest spans of each kind go if there are many; says whether any went.
fn take_in<T>(
    windows: &mut Windows<T>,
    staged: BTreeMap<(Tier, i64), BTreeMap<Series, T>>,
    generation: u32,
) -> bool {
    for (at, rows) in staged {
        let window = windows.entry(at).or_insert_with(|| Window {
            generation,
            rows: BTreeMap::new(),
        });
        window.rows.extend(rows);
    }
    let mut gone = false;
    for tier in Tier::ALL {
        let held = if tier == Tier::Failures {
            HELD_FAILURES
        } else {
            HELD
        };
        let of_tier = (tier, i64::MIN)..=(tier, i64::MAX);
        let mut surplus = windows.range(of_tier.clone()).count().saturating_sub(held);
        while surplus > 0
            && let Some(earliest) = windows.range(of_tier.clone()).next().map(|(at, _)| *at)
        {
            windows.remove(&earliest);
            gone = true;
            surplus -= 1;
        }
    }
    gone
}
