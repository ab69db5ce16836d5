//! What an expression sees: the instance's state from the place where it stands.

use std::sync::Arc;

use definition::{Action, Catalog, List, ListIx, Step};
use expression::{Document, Variables};
use serde_json::{Value, json};

use crate::payload::Payload;
use crate::record::{Role, StepRef};
use crate::state::{Instance, Lane, StepState};

/// Variables of one place in one instance.
pub(crate) struct Scope<'a> {
    instance: &'a Instance,
    catalog: &'a Catalog,
    lane: u32,
    extra: Vec<(&'static str, Arc<Value>)>,
}

impl<'a> Scope<'a> {
    pub fn new(instance: &'a Instance, catalog: &'a Catalog, lane: u32) -> Self {
        Self {
            instance,
            catalog,
            lane,
            extra: Vec::new(),
        }
    }

    /// Adds (or shadows) a variable.
    pub fn with(mut self, name: &'static str, value: Arc<Value>) -> Self {
        self.extra.push((name, value));
        self
    }

    fn workflow_field(&self, name: &str) -> Option<Value> {
        let header = self.instance.header();
        Some(match name {
            "id" => Value::String(self.instance.id().to_string()),
            "name" => Value::String(header.started.workflow.clone()),
            "version" => Value::String(header.started.version.clone()),
            "correlation-id" => Value::String(header.started.correlation_id.clone()),
            "started-at" => Value::String(crate::view::rfc3339(header.created_at)),
            "priority" => Value::String(crate::view::priority(&header.started).to_owned()),
            _ => return None,
        })
    }

    fn loop_variable(&self, root: &str) -> Option<Arc<Value>> {
        let mut at = Some(self.lane);
        while let Some(lane) = at.and_then(|id| self.instance.lane(id)) {
            if let Some(value) = self.variable_of_lane(lane, root) {
                return Some(value);
            }
            at = lane.parent.map(|parent| parent.lane);
        }
        None
    }

    fn variable_of_lane(&self, lane: &Lane, root: &str) -> Option<Arc<Value>> {
        let at = lane.parent?;
        let step = self.instance.step_definition(at)?;
        match (lane.role(), &step.action, root) {
            (Role::Item | Role::Round, _, "index") => Some(Arc::new(json!(lane.index))),
            (Role::Item, Action::ForEach(each), name) if name == each.item_name => {
                let block = self.instance.step(at)?.block_of(lane.id)?;
                Some(item(block.items.as_ref()?, each.batch, lane.index))
            }
            (Role::Item | Role::Round, _, "iteration") => Some(Arc::new(json!(lane.index + 1))),
            (Role::Round, _, "state") => lane.state.as_ref().map(Payload::value),
            (Role::Catch, _, "error") => {
                Some(Arc::new(error_value(self.instance.step(at)?.failure()?)))
            }
            _ => None,
        }
    }

    fn error(&self) -> Option<Arc<Value>> {
        self.loop_variable("error")
            .or_else(|| {
                self.instance
                    .error()
                    .map(|error| Arc::new(error_value(error)))
            })
            .or_else(|| Some(Arc::new(Value::Null)))
    }

    fn step_field(&self, id: &str, field: &str) -> Option<Arc<Value>> {
        let step = self.instance.workflow().step_named(id)?;
        let Some(at) = self.locate(step) else {
            return Some(Arc::new(never_run(field)));
        };
        let state = self.instance.step(at)?;
        if field == "output" {
            return Some(
                state
                    .output
                    .as_ref()
                    .map_or_else(|| Arc::new(Value::Null), Payload::value),
            );
        }
        self.small_field(step, state, field).map(Arc::new)
    }

    fn small_field(&self, step: &Step, state: &StepState, field: &str) -> Option<Value> {
        Some(match field {
            "status" => Value::String(state.status().as_str().to_owned()),
            "error" => state.failure().map_or(Value::Null, error_value),
            "attempts" => json!(state.attempt),
            "caught" => json!(state.caught),
            "expired" => json!(state.expired),
            "outcome" => json!(if state.unknown {
                "unknown"
            } else {
                state.status().as_str()
            }),
            "winners" => winners(step, state),
            _ => return None,
        })
    }

    /// Where a step named by an expression stands, seen from this lane: in the nearest lane above
    /// that runs its list, or inside a block there that has been entered.
    fn locate(&self, step: &Step) -> Option<StepRef> {
        let lane = self.lane_running(step.list)?;
        Some(StepRef {
            lane,
            step: step.position,
        })
    }

    fn lane_running(&self, list: ListIx) -> Option<u32> {
        let mut at = Some(self.lane);
        while let Some(lane) = at.and_then(|id| self.instance.lane(id)) {
            if lane.list == list.0 {
                return Some(lane.id);
            }
            at = lane.parent.map(|parent| parent.lane);
        }
        let definition = self.instance.workflow().list(list);
        match definition.owner {
            None => self.rootless(list),
            Some(owner) => {
                let owner = self.instance.workflow().step(owner);
                self.lane_inside(self.locate(owner)?, definition)
            }
        }
    }

    /// The root's lane, seen from `finally` (which stands beside it).
    fn rootless(&self, list: ListIx) -> Option<u32> {
        (list == ListIx::ROOT).then_some(0)
    }

    fn lane_inside(&self, at: StepRef, list: &List) -> Option<u32> {
        let state = self.instance.step(at)?;
        let runs = |id: u32| {
            self.instance
                .lane(id)
                .is_some_and(|lane| lane.list == list.ix.0)
        };
        let block = state.block.as_deref();
        let mut lanes = block.into_iter().flat_map(|block| {
            let end = block.first_lane + block.opened.min(block.total);
            (block.first_lane..end).chain((block.total == 0).then_some(block.round_lane))
        });
        lanes.find(|&id| runs(id)).or_else(|| {
            let caught = state.catch_lane;
            (caught > 0 && runs(caught)).then_some(caught)
        })
    }
}

impl Variables for Scope<'_> {
    fn document(&self, root: &str) -> Option<Arc<Document>> {
        if self.extra.iter().any(|(name, _)| *name == root) {
            return None;
        }
        let header = self.instance.header();
        match root {
            "input" => header.input().document(),
            "event" => header.event().document(),
            _ => None,
        }
    }

    fn get(&self, root: &str, member: Option<&str>, field: Option<&str>) -> Option<Arc<Value>> {
        if let Some((_, value)) = self.extra.iter().rev().find(|(name, _)| *name == root) {
            return Some(Arc::clone(value));
        }
        let header = self.instance.header();
        match (root, member) {
            ("input", None) => Some(header.input().value()),
            ("event", None) => Some(header.event().value()),
            ("meta", None) => Some(
                header
                    .started
                    .meta
                    .as_ref()
                    .map_or_else(|| Arc::new(json!({})), Payload::value),
            ),
            ("steps", Some(id)) => self.step_field(id, field?),
            ("workflow", Some(name)) => self.workflow_field(name).map(Arc::new),
            ("env", Some(name)) => self.catalog.env(name),
            ("error", None) => self.error(),
            (name, None) => self.loop_variable(name),
            _ => None,
        }
    }
}

fn item(items: &Payload, batch: Option<u32>, index: u32) -> Arc<Value> {
    let items = items.value();
    let Value::Array(items) = &*items else {
        return Arc::new(Value::Null);
    };
    let index = index as usize;
    match batch {
        None => Arc::new(items.get(index).cloned().unwrap_or(Value::Null)),
        Some(size) => {
            let batch = items.chunks(size.max(1) as usize).nth(index);
            Arc::new(Value::Array(batch.unwrap_or_default().to_vec()))
        }
    }
}

fn never_run(field: &str) -> Value {
    match field {
        "status" => json!("pending"),
        "attempts" => json!(0),
        "caught" | "expired" => json!(false),
        _ => Value::Null,
    }
}

/// An error as expressions and the API see it.
pub(crate) fn error_value(error: &crate::record::Failure) -> Value {
    let mut value = json!({ "type": error.error_type, "message": error.message });
    if let Ok(details) = serde_json::from_str::<Value>(&error.details) {
        value["details"] = details;
    }
    if !error.step.is_empty() {
        value["step"] = json!(error.step);
    }
    if error.effect_unknown {
        value["effect"] = json!("unknown");
    }
    value
}

/// A parallel step's winners: names, or indexes where branches have none.
pub(crate) fn winners(step: &Step, state: &StepState) -> Value {
    let Action::Parallel(parallel) = &step.action else {
        return Value::Null;
    };
    let winner = |&index: &u32| match parallel.branches.get(index as usize) {
        Some(definition::Branch {
            name: Some(name), ..
        }) => json!(name),
        _ => json!(index),
    };
    state.winners.iter().map(winner).collect()
}
