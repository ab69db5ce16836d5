//! Starting an instance.

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::Workflow;
use expression::{Template, Variables};
use serde_json::{Value, json};

use super::Decider;
use crate::command::{Context, Decided, Effect, InputError, Refusal, TimerKey, TimerKind};
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, InstanceQueued, InstanceStarted, RECORD_VERSION, Record, StartMessage, StepRef,
    StepsTaken,
};
use crate::state::Instance;

/// Starts an instance with this id: its first record is `instance-started`.
pub fn start(
    id: Id,
    message: &StartMessage,
    context: &mut Context<'_>,
) -> Result<(Instance, Decided), Refusal> {
    let workflow = find_workflow(message, context)?;
    let input = message.input.clone().unwrap_or_else(Payload::null);
    check_input(&workflow, &input)?;
    let record = first_record(id, message, &workflow, input, context)?;
    let unknown = || Refusal::UnknownWorkflow(message.workflow.clone());
    let mut instance = Instance::from_record(&record, workflow).ok_or_else(unknown)?;
    let timeout_at = instance.header().started.timeout_at;
    let mut decider = Decider::new(&mut instance, context);
    decider.decided.records.push(record);
    if timeout_at > 0 {
        let (kind, at) = (TimerKind::InstanceTimeout, StepRef::default());
        decider.effect(Effect::Timer(TimerKey {
            due_at: timeout_at,
            kind,
            at,
        }));
    }
    let start_at = message.start_at;
    if start_at > decider.now() {
        decider.emit(Body::InstanceQueued(InstanceQueued { start_at }));
        decider.set_timer(start_at, TimerKind::Start, StepRef::default());
    }
    if let Some(taken) = &message.taken {
        decider.emit(Body::StepsTaken(StepsTaken::clone(taken)));
    }
    decider.queue.insert(0);
    decider.settle();
    let decided = decider.decided;
    Ok((instance, decided))
}

fn find_workflow(message: &StartMessage, context: &Context<'_>) -> Result<Arc<Workflow>, Refusal> {
    let unknown = || {
        let name = format!("{} {}", message.workflow, message.version);
        Refusal::UnknownWorkflow(name.trim_end().to_owned())
    };
    let version = match message.version.as_str() {
        "" => None,
        text => Some(semver::Version::parse(text).map_err(|_| unknown())?),
    };
    let found = context
        .catalog
        .workflow(&message.workflow, version.as_ref());
    found.cloned().ok_or_else(unknown)
}

fn check_input(workflow: &Workflow, input: &Payload) -> Result<(), Refusal> {
    if workflow.input_schema.is_none() {
        return Ok(());
    }
    let errors: Vec<InputError> = workflow
        .check_input(&input.value())
        .into_iter()
        .map(|error| InputError {
            pointer: error.pointer,
            message: error.message,
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Input(errors))
    }
}

fn first_record(
    id: Id,
    message: &StartMessage,
    workflow: &Workflow,
    input: Payload,
    context: &Context<'_>,
) -> Result<Record, Refusal> {
    let header = HeaderScope {
        message,
        input: &input,
        context,
    };
    let started = InstanceStarted {
        workflow: workflow.name.clone(),
        version: workflow.version.to_string(),
        correlation_id: correlation_id(message, id),
        subject: header.subject(workflow)?,
        attributes: header.attributes(workflow)?,
        priority: message.priority.clone(),
        parent: message.parent.clone(),
        timeout_at: header.timeout_at(workflow)?,
        steps: u32::try_from(workflow.lists[0].steps.len()).unwrap_or(u32::MAX),
        trigger: message.trigger.clone(),
        environment: context.catalog.environment.clone(),
        event: message.event.clone(),
        meta: message.meta.clone(),
        input: Some(input.clone()),
        requester: message.requester.clone(),
    };
    Ok(Record {
        entity: id,
        seq: 1,
        at: context.now,
        version: RECORD_VERSION,
        origin: Some(Box::new(context.origin())),
        namespace: None,
        body: Some(Body::InstanceStarted(started.into())),
    })
}

fn correlation_id(message: &StartMessage, id: Id) -> String {
    if message.correlation_id.is_empty() {
        id.to_string()
    } else {
        message.correlation_id.clone()
    }
}

/// What header expressions see: input, event, meta, env, now.
struct HeaderScope<'a, 'c> {
    message: &'a StartMessage,
    input: &'a Payload,
    context: &'a Context<'c>,
}

impl HeaderScope<'_, '_> {
    fn subject(&self, workflow: &Workflow) -> Result<String, Refusal> {
        match &workflow.subject {
            Some(template) if self.message.subject.is_empty() => self.text(template, "subject"),
            _ => Ok(self.message.subject.clone()),
        }
    }

    fn attributes(&self, workflow: &Workflow) -> Result<BTreeMap<String, String>, Refusal> {
        let mut attributes = BTreeMap::new();
        for (name, template) in &workflow.attributes {
            let value = self.text(template, &format!("attributes.{name}"))?;
            attributes.insert(name.clone(), value);
        }
        attributes.extend(self.message.attributes.clone());
        Ok(attributes)
    }

    fn timeout_at(&self, workflow: &Workflow) -> Result<i64, Refusal> {
        let timeout_ms = match &workflow.timeout {
            None => return Ok(0),
            Some(definition::Duration::Fixed(ms)) => *ms,
            Some(definition::Duration::Computed(template)) => {
                let text = self.text(template, "timeout")?;
                let parsed = expression::duration::parse(&text);
                parsed.map_err(|error| refused("timeout", &error))?
            }
        };
        let begins = self.context.now.max(self.message.start_at);
        Ok(begins.saturating_add_unsigned(timeout_ms))
    }

    fn text(&self, template: &Template, place: &str) -> Result<String, Refusal> {
        let value = template.evaluate(self, self.context.now);
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

impl Variables for HeaderScope<'_, '_> {
    fn get(&self, root: &str, member: Option<&str>, _field: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("input", None) => Some(self.input.value()),
            ("event", None) => Some(self.message.event.as_ref().unwrap_or(self.input).value()),
            ("meta", None) => {
                let meta = self.message.meta.as_ref();
                Some(meta.map_or_else(|| Arc::new(json!({})), Payload::value))
            }
            ("env", Some(name)) => self.context.catalog.env(name),
            _ => None,
        }
    }
}
