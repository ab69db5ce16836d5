//! Migrating an open instance: it goes on with another version of its workflow.
//!
//! It fits where every step that has begun has a place of the same kind there, behind steps that have
//! ended. A call, a child or a question that is under way is known by its place and name, so it keeps both.

use std::collections::BTreeMap;

use definition::{Action, ListIx, Step, Workflow};

use super::bounded;
use crate::command::Refusal;
use crate::record::{Rewritten, Role, StepRef};
use crate::state::{Instance, Lane, LaneStatus, Phase, Progress, StepState, StepStatus};

/// What migrating an instance comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fit {
    /// The state from which it goes on.
    pub state: Rewritten,
    /// Steps that have begun: what they are called now, and there.
    pub mapped: Vec<(String, String)>,
}

impl Instance {
    /// What migrating it to another version comes to; `map` names steps that have another id there.
    ///
    /// # Errors
    /// When it has ended or is ending, or does not fit: with all reasons.
    pub fn migrate_outlook(
        &self,
        to: &Workflow,
        map: &BTreeMap<String, String>,
    ) -> Result<Fit, Refusal> {
        self.expect_migratable(to)?;
        let mut mapping = Mapping {
            from: self,
            to,
            map,
            lists: BTreeMap::new(),
            mapped: BTreeMap::new(),
            moved: BTreeMap::new(),
            reasons: Vec::new(),
        };
        mapping.check_names();
        mapping.check_input();
        let lanes = self.lanes().filter_map(|lane| mapping.lane(lane));
        let lanes: Vec<Lane> = lanes.collect();
        if !mapping.reasons.is_empty() {
            return Err(Refusal::Misfit {
                version: to.version.to_string(),
                reasons: mapping.reasons,
            });
        }
        let mut progress = Progress {
            rewritten: Vec::new(),
            ..self.progress.clone()
        };
        // A person may be asked about a block, which is known by its name alone.
        for decision in &mut progress.decisions {
            let at = &mut decision.task.at;
            at.step = mapping.moved.get(at).copied().unwrap_or(at.step);
        }
        let state = Rewritten {
            version: to.version.to_string(),
            progress: Box::new(progress),
            lanes,
            ..Rewritten::default()
        };
        Ok(Fit {
            state: bounded(state)?,
            mapped: mapping.mapped.into_iter().collect(),
        })
    }

    fn expect_migratable(&self, to: &Workflow) -> Result<(), Refusal> {
        if self.phase() == Phase::Ended {
            return Err(Refusal::Ended(self.status().as_str().to_owned()));
        }
        let root_runs = self.root_status() == LaneStatus::Running;
        let told = if self.workflow.version == to.version {
            format!("it runs on version {} already", to.version)
        } else if self.phase() == Phase::Running && root_runs {
            return Ok(());
        } else {
            "expected an instance whose steps run, but it is ending or being rolled back".to_owned()
        };
        Err(Refusal::Forbidden(told.into()))
    }
}

/// From the lanes of one version to those of another.
struct Mapping<'a> {
    from: &'a Instance,
    to: &'a Workflow,
    map: &'a BTreeMap<String, String>,
    /// The list that each lane runs there.
    lists: BTreeMap<u32, ListIx>,
    mapped: BTreeMap<String, String>,
    /// Where steps that have begun stand there.
    moved: BTreeMap<StepRef, u32>,
    reasons: Vec<String>,
}

impl<'a> Mapping<'a> {
    fn check_names(&mut self) {
        for (old, new) in self.map {
            let version = &self.from.workflow.version;
            if self.from.workflow.step_named(old).is_none() {
                let told = format!("map names step {old}, but version {version} has no such step");
                self.reasons.push(told);
            }
            if self.to.step_named(new).is_none() {
                let version = &self.to.version;
                let told = format!("map names step {new}, but version {version} has no such step");
                self.reasons.push(told);
            }
        }
    }

    fn check_input(&mut self) {
        let errors = self.to.check_input(&self.from.header.input().value());
        let told = errors.into_iter().map(|error| {
            format!(
                "the input does not fit at {:?}: {}",
                error.pointer, error.message
            )
        });
        self.reasons.extend(told);
    }

    /// The lane as it is there; none where that is not known, with a reason.
    fn lane(&mut self, lane: &Lane) -> Option<Lane> {
        let (list, parent) = self.list_of(lane)?;
        self.lists.insert(lane.id, list);
        let steps = &self.to.list(list).steps;
        let mut states = vec![
            StepState {
                generation: self.from.progress.run,
                ..StepState::default()
            };
            steps.len()
        ];
        for (place, state) in (0_u32..).zip(&lane.steps) {
            let at = StepRef {
                lane: lane.id,
                step: place,
            };
            if let Some(place) = self.place(at, state, list) {
                states[place] = state.clone();
            }
        }
        self.check_order(list, &states);
        Some(Lane {
            list: list.0,
            parent,
            steps: states,
            ..lane.clone()
        })
    }

    /// The list that a lane runs there, and the step to which it belongs.
    fn list_of(&mut self, lane: &Lane) -> Option<(ListIx, Option<StepRef>)> {
        let Some(at) = lane.parent else {
            return Some((ListIx::ROOT, None));
        };
        let old = self.from.step_definition(at)?;
        let list = *self.lists.get(&at.lane)?;
        // Where its step has no place a reason was given for that.
        let new = self.counterpart(old).filter(|new| new.list == list)?;
        let found = match (&new.action, lane.role()) {
            (_, Role::Catch) => {
                let same = new.catches.len() == old.catches.len() && !new.catches.is_empty();
                same.then(|| new.catches[lane.index as usize % new.catches.len()].list)
            }
            (Action::Group(list), _) => Some(*list),
            (Action::Parallel(parallel), _) => {
                let branch = parallel.branches.get(lane.index as usize);
                branch.map(|branch| branch.list)
            }
            (Action::Switch(cases), _) => cases.get(lane.index as usize).map(|case| case.list),
            (Action::ForEach(each), _) => Some(each.list),
            (Action::Repeat(repeat), _) => Some(repeat.list),
            _ => None,
        };
        if found.is_none() {
            let told = format!(
                "{}: it has no such branch, case or catch there",
                self.from.lane_path(lane)
            );
            self.reasons.push(told);
        }
        let step = new.position;
        Some((found?, Some(StepRef { step, ..at })))
    }

    fn counterpart(&self, old: &Step) -> Option<&'a Step> {
        let name = self.map.get(&*old.id).map_or(&*old.id, String::as_str);
        self.to.step_named(name)
    }

    /// Where a step's state stands there. One that has not begun needs no place.
    fn place(&mut self, at: StepRef, state: &StepState, list: ListIx) -> Option<usize> {
        let old = self.from.step_definition(at)?;
        let new = self.counterpart(old);
        let here = new.filter(|new| new.list == list);
        let begun = state.status() != StepStatus::Pending || state.approved;
        let why = match (new, here) {
            _ if !begun => return here.map(|new| new.position as usize),
            (None, _) => Some("there is no such step: name its counterpart in `map`"),
            (Some(_), None) => Some("it stands in another list of steps there"),
            (_, Some(new)) if !same_kind(&old.action, &new.action) => {
                Some("it is of another kind there")
            }
            (_, Some(new)) => moved(state, old, new),
        };
        if let Some(why) = why {
            let lane = self.from.lane(at.lane)?;
            let status = state.status().as_str();
            let path = self.from.path(lane, at);
            self.reasons.push(format!("step {path} ({status}): {why}"));
            return None;
        }
        let new = here?;
        let (name, place) = (new.id.to_string(), new.position as usize);
        self.mapped.insert(old.id.to_string(), name);
        self.moved.insert(at, new.position);
        Some(place)
    }

    /// Nothing that has begun may wait for something that has not ended.
    fn check_order(&mut self, list: ListIx, states: &[StepState]) {
        let to = self.to;
        for (&ix, state) in to.list(list).steps.iter().zip(states) {
            if state.status() == StepStatus::Pending {
                continue;
            }
            let step = to.step(ix);
            let open = step.needs.iter().map(|&need| to.step(need)).find(|need| {
                let state = states.get(need.position as usize);
                !state.is_some_and(StepState::has_ended)
            });
            if let Some(need) = open {
                let told = format!(
                    "step {} has begun, but step {} comes before it there and has not ended",
                    step.id, need.id
                );
                self.reasons.push(told);
            }
        }
    }
}

/// Why a step that has begun may not stand where it does there.
fn moved(state: &StepState, old: &Step, new: &Step) -> Option<&'static str> {
    let undo_under_way = state.undo.as_deref().is_some_and(|undo| !undo.has_ended());
    let under_way = !state.has_ended() || undo_under_way;
    let renamed = old.id != new.id;
    let block = state.block.as_deref();
    if let Some(block) = block {
        let branches = match &new.action {
            Action::Parallel(parallel) => parallel.branches.len(),
            _ => block.total as usize,
        };
        if under_way && renamed {
            return Some("it is under way, and keeps its name until it has ended");
        }
        return (under_way && branches != block.total as usize)
            .then_some("it is under way, and has another number of branches there");
    }
    let known_by_place = under_way || state.child.is_some();
    let elsewhere = old.position != new.position;
    (known_by_place && (renamed || elsewhere)).then_some(
        "what is under way for it, or its child, is known by its place and name, which change there",
    )
}

fn same_kind(old: &Action, new: &Action) -> bool {
    std::mem::discriminant(old) == std::mem::discriminant(new)
}
