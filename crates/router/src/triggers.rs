//! Which workflows an event or a webhook may start.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use definition::{Catalog, EventTrigger, MAX_LIMIT_KEY, Trigger, TriggerKind, Window, Workflow};
use expression::{EvalError, EvalErrorKind, Program, Template};
use serde_json::Value;

use crate::seen::{Seen, Settings};
use crate::{Event, Stats, Table};

/// A live trigger: one of the version that a start would take.
#[derive(Clone, Debug)]
pub struct TriggerRef {
    /// The workflow.
    pub workflow: Arc<Workflow>,
    /// The trigger's place in [`Workflow::triggers`].
    pub place: usize,
}

impl TriggerRef {
    /// The trigger.
    #[must_use]
    pub fn trigger(&self) -> &Trigger {
        &self.workflow.triggers[self.place]
    }
}

/// What a trigger makes of an event.
#[derive(Debug)]
pub enum Start {
    /// It starts with this; none: with the event's data.
    Yes(Option<Value>),
    /// Its condition does not hold; a missing field is no match.
    No,
}

/// Why a trigger makes nothing of an event.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its condition failed for another reason than a missing field: no match.
    #[error("its condition failed: {0}")]
    Condition(EvalError),
    /// Its input has no value: the event is a dead letter.
    #[error("its input has no value: {0}")]
    Input(EvalError),
    /// The key of its window has no value: the event is a dead letter.
    #[error("the key of its window has no value: {0}")]
    Key(String),
}

/// The live triggers of a catalog, in the order of workflows and of triggers within them.
#[derive(Debug, Default)]
pub(crate) struct Triggers {
    all: Vec<TriggerRef>,
    /// By event type.
    exact: HashMap<Box<str>, Vec<usize>>,
    /// By what stands before the `*`.
    prefixes: HashMap<Box<str>, Vec<usize>>,
    /// Lengths of these prefixes, in bytes.
    lengths: BTreeSet<usize>,
    /// Of webhooks, by source.
    hooks: HashMap<Box<str>, Vec<usize>>,
}

impl Triggers {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let mut triggers = Self::default();
        let names = catalog.workflows.keys();
        for workflow in names.filter_map(|name| catalog.workflow(name, None)) {
            for place in 0..workflow.triggers.len() {
                triggers.add(TriggerRef {
                    workflow: workflow.clone(),
                    place,
                });
            }
        }
        triggers
    }

    fn add(&mut self, trigger: TriggerRef) {
        let index = self.all.len();
        let list = match &trigger.trigger().kind {
            // The end of an instance is no event that comes in; see `definition::Lifecycle`.
            TriggerKind::Manual | TriggerKind::Workflow(_) | TriggerKind::Schedule(_) => None,
            TriggerKind::Webhook(hook) => Some(self.hooks.entry(hook.source.as_str().into())),
            TriggerKind::Event(event) => Some(match event.event_type.strip_suffix('*') {
                Some(prefix) => {
                    self.lengths.insert(prefix.len());
                    self.prefixes.entry(prefix.into())
                }
                None => self.exact.entry(event.event_type.as_str().into()),
            }),
        };
        if let Some(list) = list {
            list.or_default().push(index);
            self.all.push(trigger);
        }
    }

    fn of_event(&self, event_type: &str, source: &str) -> Vec<&TriggerRef> {
        let exact = self.exact.get(event_type).into_iter();
        let starts = self
            .lengths
            .iter()
            .filter_map(|length| event_type.get(..*length));
        let prefixed = starts.filter_map(|prefix| self.prefixes.get(prefix));
        let mut found: Vec<usize> = exact.chain(prefixed).flatten().copied().collect();
        found.sort_unstable();
        let all = found.into_iter().map(|index| &self.all[index]);
        all.filter(|found| match &found.trigger().kind {
            TriggerKind::Event(EventTrigger { source: own, .. }) => {
                own.as_ref().is_none_or(|own| own == source)
            }
            TriggerKind::Manual
            | TriggerKind::Webhook(_)
            | TriggerKind::Workflow(_)
            | TriggerKind::Schedule(_) => false,
        })
        .collect()
    }
}

impl Table {
    /// The live triggers of events of this type and source; their conditions are not asked yet.
    #[must_use]
    pub fn triggers(&self, event_type: &str, source: &str) -> Vec<&TriggerRef> {
        self.triggers.of_event(event_type, source)
    }

    /// The live triggers of webhooks at this source; their conditions are not asked yet.
    pub fn hooks(&self, source: &str) -> impl Iterator<Item = &TriggerRef> {
        let found = self.triggers.hooks.get(source).into_iter().flatten();
        found.map(|index| &self.triggers.all[*index])
    }

    /// What a trigger makes of an event.
    ///
    /// # Errors
    /// When its condition or its input fails.
    pub fn start(
        &self,
        trigger: &Trigger,
        event: &dyn Event,
        stats: &dyn Stats,
    ) -> Result<Start, StartError> {
        let seen = self.seen(event, stats);
        start(seen, trigger.condition.as_ref(), trigger.input_of_each())
    }

    /// The key of the window that an event comes to.
    ///
    /// # Errors
    /// When it fails, or is no text, number or truth value, or longer than 256 bytes.
    pub fn window_key(
        &self,
        window: &Window,
        event: &dyn Event,
        stats: &dyn Stats,
    ) -> Result<String, StartError> {
        key_of(self.seen(event, stats), window)
    }

    /// The input that a trigger makes of a window of events; none: it says nothing of it.
    ///
    /// # Errors
    /// When it fails.
    pub fn input_of_window(
        &self,
        trigger: &Trigger,
        event: &dyn Event,
        stats: &dyn Stats,
    ) -> Result<Option<Value>, StartError> {
        let seen = self.seen(event, stats);
        let input = trigger.input.as_ref().map(|input| seen.value(input));
        input.transpose().map_err(StartError::Input)
    }
}

/// The key of the window that something comes to, where no table is at hand.
///
/// # Errors
/// As [`Table::window_key`].
pub fn window_key(
    catalog: &Catalog,
    window: &Window,
    event: &dyn Event,
    stats: &dyn Stats,
) -> Result<String, StartError> {
    let settings = Settings::new(catalog);
    let seen = Seen {
        event,
        stats,
        settings: &settings,
    };
    key_of(seen, window)
}

fn key_of(seen: Seen<'_>, window: &Window) -> Result<String, StartError> {
    let Some(template) = &window.key else {
        return Ok(String::new());
    };
    let value = seen.value(template);
    let key = match value.map_err(|error| StartError::Key(error.to_string()))? {
        Value::String(text) => text,
        value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
        other => {
            let found = match other {
                Value::Null => "null",
                Value::Array(_) => "a list",
                _ => "a mapping",
            };
            let told = format!("expected a text or a number, but it is {found}");
            return Err(StartError::Key(told));
        }
    };
    if key.len() > MAX_LIMIT_KEY {
        let told = format!(
            "expected at most {MAX_LIMIT_KEY} bytes, but it has {}",
            key.len()
        );
        return Err(StartError::Key(told));
    }
    Ok(key)
}

/// What a condition and an input make of something that happened, where no table is at hand.
///
/// # Errors
/// As [`Table::start`].
pub fn look(
    catalog: &Catalog,
    (condition, input): (Option<&Program>, Option<&Template>),
    event: &dyn Event,
    stats: &dyn Stats,
) -> Result<Start, StartError> {
    let settings = Settings::new(catalog);
    let seen = Seen {
        event,
        stats,
        settings: &settings,
    };
    start(seen, condition, input)
}

fn start(
    seen: Seen<'_>,
    condition: Option<&Program>,
    input: Option<&Template>,
) -> Result<Start, StartError> {
    if let Some(condition) = condition {
        match seen.holds(condition) {
            Ok(true) => {}
            Ok(false) => return Ok(Start::No),
            Err(error) if error.kind == EvalErrorKind::MissingField => return Ok(Start::No),
            Err(error) => return Err(StartError::Condition(error)),
        }
    }
    let input = input.map(|input| seen.value(input));
    input.transpose().map(Start::Yes).map_err(StartError::Input)
}
