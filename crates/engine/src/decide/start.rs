//! Starting an instance.

use std::sync::Arc;

use definition::Workflow;

use super::Decider;
use super::header::Header;
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
    for timer in decider.state.deadline_timers() {
        decider.effect(Effect::Timer(timer));
    }
    let start_at = message.start_at;
    if start_at > decider.now() {
        decider.emit(Body::InstanceQueued(InstanceQueued { start_at }));
        decider.set_timer(start_at, TimerKind::Start, StepRef::default());
    } else if decider.state.limit().is_some() {
        decider.await_turn();
    }
    if let Some(taken) = &message.taken {
        decider.emit(Body::StepsTaken(StepsTaken::clone(taken)));
    }
    decider.queue.insert(0);
    decider.settle();
    decider.tell_of_waits(&[]);
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
    let header = Header {
        message,
        input: &input,
        catalog: context.catalog,
        now: context.now,
    };
    let started = InstanceStarted {
        workflow: workflow.name.clone(),
        version: workflow.version.to_string(),
        correlation_id: correlation_id(message, id),
        subject: header.subject(workflow)?,
        attributes: header.attributes(workflow)?,
        priority: header.priority(workflow)?,
        parent: message.parent.clone(),
        timeout_at: header.timeout_at(workflow)?,
        steps: u32::try_from(workflow.lists[0].steps.len()).unwrap_or(u32::MAX),
        trigger: message.trigger.clone(),
        environment: context.catalog.environment.clone(),
        event: message.event.clone(),
        meta: message.meta.clone(),
        input: Some(input.clone()),
        requester: message.requester.clone(),
        turn: header.turn(workflow)?,
        share: header.share(workflow)?,
        deadlines: header.deadlines(workflow)?,
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
