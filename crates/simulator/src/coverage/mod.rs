//! What a set of runs has been through: transitions, faults, crash points.

mod expected;
mod words;

use std::collections::BTreeMap;

use engine::Instance;
use engine::record::{Body, Record, StepRef};
use engine::view::record_type;

pub use expected::{CLUSTER, ENGINE, RUNTIME};

/// Counts of what was hit, by name.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    counts: BTreeMap<Point, u64>,
    from: Before,
}

/// A thing that can be hit: what, from where, to where; the last two empty for all but transitions.
pub type Point = (&'static str, &'static str, &'static str);

#[derive(Clone, Copy, Debug, Default)]
struct Before {
    step: &'static str,
    undo: &'static str,
    lane: &'static str,
}

impl Coverage {
    /// Counts a point.
    pub fn hit(&mut self, what: &'static str) {
        self.point((what, "", ""));
    }

    fn point(&mut self, point: Point) {
        *self.counts.entry(point).or_default() += 1;
    }

    /// Counts a record by its type.
    pub(crate) fn record(&mut self, record: &Record) {
        if let Some(body) = &record.body {
            self.hit(record_type(body));
        }
    }

    /// Looks at what a record is about to change.
    pub(crate) fn before(&mut self, record: &Record, instance: &Instance) {
        self.from = Before::of(record, instance);
    }

    /// Counts what it has changed.
    pub(crate) fn after(&mut self, record: &Record, instance: &Instance) {
        self.record(record);
        let (Some(body), to) = (&record.body, Before::of(record, instance)) else {
            return;
        };
        let (kind, from) = (record_type(body), self.from);
        for (from, to) in [
            (from.step, to.step),
            (from.undo, to.undo),
            (from.lane, to.lane),
        ] {
            if from != to {
                self.point((kind, from, to));
            }
        }
    }

    /// Adds the counts of other runs.
    pub fn merge(&mut self, other: &Self) {
        for (point, count) in &other.counts {
            *self.counts.entry(*point).or_default() += count;
        }
    }

    /// What was hit, with how often, as lines in order.
    pub fn lines(&self) -> Vec<(String, u64)> {
        self.counts
            .iter()
            .map(|(point, count)| (name(point), *count))
            .collect()
    }

    /// The expected points that were never hit.
    pub fn missing(&self, expected: &[Point]) -> Vec<String> {
        expected
            .iter()
            .filter(|point| !self.counts.contains_key(*point))
            .map(name)
            .collect()
    }
}

fn name(&(what, from, to): &Point) -> String {
    if from.is_empty() && to.is_empty() {
        return what.to_owned();
    }
    format!("{what}: {from} -> {to}")
}

impl Before {
    fn of(record: &Record, instance: &Instance) -> Self {
        let Some(body) = &record.body else {
            return Self::default();
        };
        let step = step_of(body).and_then(|at| instance.step(at));
        let undo = step.and_then(|step| step.undo.as_deref());
        let lane = lane_of(body).and_then(|lane| instance.lane(lane));
        Self {
            step: step.map_or("", |step| words::step(step.status())),
            undo: step.map_or("", |_| {
                undo.map_or("no undo", |undo| words::undo(undo.phase()))
            }),
            lane: lane.map_or("", words::lane),
        }
    }
}

fn step_of(body: &Body) -> Option<StepRef> {
    Some(match body {
        Body::StepScheduled(body) => body.at,
        Body::StepStarted(body) => body.at,
        Body::AttemptFailed(body) => body.task.at,
        Body::AttemptStarted(body) => body.task.at,
        Body::TaskAccepted(body) => body.task.at,
        Body::StepCompleted(body) => body.at,
        Body::StepSkipped(at) | Body::StepCancelled(at) => *at,
        Body::StepFailed(body) => body.at,
        Body::DecisionRequested(body) => body.task.at,
        Body::StepRescheduled(body) => body.task.at,
        Body::UndoScheduled(body) => body.task.at,
        Body::UndoEnded(body) => body.at,
        Body::SignalAwaited(body) => body.at,
        _ => return None,
    })
}

fn lane_of(body: &Body) -> Option<u32> {
    Some(match body {
        Body::LaneClosing(body) => body.lane,
        Body::LaneEnded(body) => body.lane,
        Body::LaneUndone(body) => body.lane,
        Body::UndoStarted(body) => body.first_lane,
        _ => return None,
    })
}
