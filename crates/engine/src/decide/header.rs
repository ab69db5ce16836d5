//! What a workflow's header says of one instance: its expressions, evaluated as it starts.

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::{
    Catalog, LimitScope, MAX_LIMIT_KEY, MAX_WEIGHT, OnLimit, PRIORITIES, Workflow, is_priority,
};
use expression::{Document, Template, Variables};
use serde_json::{Value, json};

use crate::command::Refusal;
use crate::payload::Payload;
use crate::record::{OverLimit, Share, StartMessage, TurnLimit};

/// What header expressions see: input, event, meta, env, now.
pub(super) struct Header<'a> {
    pub(super) message: &'a StartMessage,
    pub(super) input: &'a Payload,
    pub(super) catalog: &'a Catalog,
    pub(super) now: i64,
}

impl Header<'_> {
    pub(super) fn subject(&self, workflow: &Workflow) -> Result<String, Refusal> {
        match &workflow.subject {
            Some(template) if self.message.subject.is_empty() => self.text(template, "subject"),
            _ => Ok(self.message.subject.clone()),
        }
    }

    pub(super) fn attributes(
        &self,
        workflow: &Workflow,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let mut attributes = BTreeMap::new();
        for (name, template) in &workflow.attributes {
            let value = self.text(template, &format!("attributes.{name}"))?;
            attributes.insert(name.clone(), value);
        }
        attributes.extend(self.message.attributes.clone());
        Ok(attributes)
    }

    pub(super) fn timeout_at(&self, workflow: &Workflow) -> Result<i64, Refusal> {
        let timeout = workflow.timeout.as_ref();
        timeout.map_or(Ok(0), |timeout| self.begun_since(timeout, "timeout"))
    }

    pub(super) fn deadlines(&self, workflow: &Workflow) -> Result<Vec<i64>, Refusal> {
        let places = workflow.deadlines.iter().enumerate();
        let due = places.map(|(place, deadline)| {
            self.begun_since(&deadline.after, &format!("deadlines/{place}/after"))
        });
        due.collect()
    }

    /// The time at which it has run for so long.
    fn begun_since(&self, duration: &definition::Duration, place: &str) -> Result<i64, Refusal> {
        let ms = match duration {
            definition::Duration::Fixed(ms) => *ms,
            definition::Duration::Computed(template) => {
                let text = self.text(template, place)?;
                let parsed = expression::duration::parse(&text);
                parsed.map_err(|error| refused(place, &error))?
            }
        };
        let begins = self.now.max(self.message.start_at);
        Ok(begins.saturating_add_unsigned(ms))
    }

    /// What the start says, else the definition; empty means `normal`.
    pub(super) fn priority(&self, workflow: &Workflow) -> Result<String, Refusal> {
        let given = &self.message.priority;
        let Some(template) = workflow.priority.as_ref().filter(|_| given.is_empty()) else {
            return Ok(given.clone());
        };
        let word = self.text(template, "priority")?;
        if word.is_empty() || is_priority(&word) {
            return Ok(word);
        }
        let expected = PRIORITIES.join(", ");
        let message = format!("expected one of {expected}, but it gives {word:?}");
        Err(refused("priority", &message))
    }

    /// The limit that it stands under. The key is what whoever gave it its slot computed.
    pub(super) fn turn(&self, workflow: &Workflow) -> Result<Option<Box<TurnLimit>>, Refusal> {
        let Some(concurrency) = &workflow.concurrency else {
            return Ok(None);
        };
        let key = match (&self.message.turn_key, &concurrency.key) {
            (Some(key), _) => key.clone(),
            (None, Some(template)) => self.key(template, "concurrency.key")?,
            (None, None) => String::new(),
        };
        let over = match concurrency.on_limit {
            OnLimit::Queue => OverLimit::Queue,
            OnLimit::Reject => OverLimit::Reject,
            OnLimit::CancelOldest => OverLimit::CancelOldest,
        };
        let workflow = match concurrency.scope {
            LimitScope::Workflow => workflow.name.clone(),
            LimitScope::All => String::new(),
        };
        Ok(Some(Box::new(TurnLimit {
            workflow,
            key,
            limit: concurrency.limit,
            over: over as i32,
        })))
    }

    pub(super) fn share(&self, workflow: &Workflow) -> Result<Option<Box<Share>>, Refusal> {
        let Some(fairness) = &workflow.fairness else {
            return Ok(None);
        };
        let weight = match &fairness.weight {
            None => 1,
            Some(template) => self.weight(template)?,
        };
        Ok(Some(Box::new(Share {
            key: self.key(&fairness.key, "fairness.key")?,
            weight,
        })))
    }

    fn weight(&self, template: &Template) -> Result<u32, Refusal> {
        const PLACE: &str = "fairness.weight";
        let value = template.evaluate(self, self.now);
        let value = value.map_err(|error| refused(PLACE, &error))?;
        let weight = value
            .as_u64()
            .and_then(|weight| u32::try_from(weight).ok())
            .filter(|weight| (1..=MAX_WEIGHT).contains(weight));
        weight.ok_or_else(|| {
            let message =
                format!("expected a whole number from 1 to {MAX_WEIGHT}, but it gives {value}");
            refused(PLACE, &message)
        })
    }

    fn key(&self, template: &Template, place: &str) -> Result<String, Refusal> {
        let key = self.text(template, place)?;
        if key.len() > MAX_LIMIT_KEY {
            let message = format!(
                "expected a key of at most {MAX_LIMIT_KEY} bytes, but it has {}",
                key.len()
            );
            return Err(refused(place, &message));
        }
        Ok(key)
    }

    fn text(&self, template: &Template, place: &str) -> Result<String, Refusal> {
        let value = template.evaluate(self, self.now);
        Ok(match value.map_err(|error| refused(place, &error))? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }
}

fn refused(place: &str, error: &dyn std::fmt::Display) -> Refusal {
    Refusal::Header {
        place: place.to_owned(),
        message: error.to_string(),
    }
}

impl Variables for Header<'_> {
    fn document(&self, root: &str) -> Option<Arc<Document>> {
        match root {
            "input" => self.input.document(),
            "event" => self.message.event.as_ref().unwrap_or(self.input).document(),
            _ => None,
        }
    }

    fn get(&self, root: &str, member: Option<&str>, _field: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("input", None) => Some(self.input.value()),
            ("event", None) => Some(self.message.event.as_ref().unwrap_or(self.input).value()),
            ("meta", None) => {
                let meta = self.message.meta.as_ref();
                Some(meta.map_or_else(|| Arc::new(json!({})), Payload::value))
            }
            ("env", Some(name)) => self.catalog.env(name),
            _ => None,
        }
    }
}
