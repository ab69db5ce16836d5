//! Publishing events: by a step, and when an instance is late.
//!
//! The event goes as a message of the batch in which it was decided, so that it is taken once, whatever breaks between.

use bytes::Bytes;
use definition::Emit;
use serde_json::{Value, json};

use super::Decider;
use crate::command::Effect;
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    Body, DeadlinePassed, EventEmitted, EventTaken, Failure, MessageBody, StepRef,
};
use crate::view::rfc3339;

/// The attribute that says how many instances led to one another by events before.
pub const HOPS: &str = "hops";
/// One more is not begun.
pub const MAX_HOPS: u64 = 100;

impl Decider<'_, '_> {
    /// A step publishes an event, and ends.
    pub(super) fn emit_event(&mut self, at: StepRef, emit: &Emit) -> Result<(), Failure> {
        let sender_id = self.state.intention_key(at);
        let path = self.state.path(self.lane(at.lane), at);
        let event = self.event_of(emit, at.lane, (sender_id, path))?;
        let output = json!({
            "id": id_of(&event).to_string(),
            "type": event.event_type,
            "source": event.source,
            "subject": event.subject,
        });
        self.emit(Body::EventEmitted(EventEmitted {
            at,
            event: event.id.clone(),
            event_type: event.event_type.clone(),
        }));
        self.publish(event);
        self.complete_step(at, Some(Payload::from_value(output)), Vec::new());
        Ok(())
    }

    /// The instance is late: an event says so, and it goes on.
    pub(super) fn deadline_passed(&mut self, deadline: u32) {
        let workflow = std::sync::Arc::clone(&self.workflow);
        let mut passed = DeadlinePassed {
            deadline,
            ..DeadlinePassed::default()
        };
        let place = format!("deadlines/{deadline}");
        let sender_id = format!("{}/{place}", self.state.id());
        // Another version of the workflow may have fewer.
        let found = workflow.deadlines.get(deadline as usize);
        let event = found.map(|found| self.event_of(&found.emit, 0, (sender_id, place)));
        match event {
            None => self.emit(Body::DeadlinePassed(passed)),
            Some(Err(error)) => {
                passed.error = Some(error);
                self.emit(Body::DeadlinePassed(passed));
            }
            Some(Ok(event)) => {
                passed.event = event.id.clone();
                passed.event_type.clone_from(&event.event_type);
                self.emit(Body::DeadlinePassed(passed));
                self.publish(event);
            }
        }
    }

    fn publish(&mut self, event: EventTaken) {
        self.effect(Effect::Send {
            to: id_of(&event),
            body: Box::new(MessageBody::Emit(Box::new(event))),
        });
    }

    fn event_of(
        &mut self,
        emit: &Emit,
        lane: u32,
        (sender_id, step): (String, String),
    ) -> Result<EventTaken, Failure> {
        let data = match &emit.data {
            Some(data) => self.evaluate(data, lane, "emit.data")?,
            None => Payload::null(),
        };
        self.check_data(&emit.event_type, &data)?;
        let started = &self.state.header().started;
        let (source, subject) = (
            format!("/workflows/{}", started.workflow),
            started.subject.clone(),
        );
        let correlation_id = started.correlation_id.clone();
        let subject = match &emit.subject {
            Some(subject) => self.text(subject, lane, "emit.subject")?,
            None => subject,
        };
        let mut meta = json!({
            "specversion": "1.0",
            "id": sender_id,
            "source": source,
            "type": emit.event_type,
            "time": rfc3339(self.now()),
            "datacontenttype": "application/json",
            "correlationid": correlation_id,
            HOPS: self.next_hop()?,
        });
        if !subject.is_empty() {
            meta["subject"] = Value::String(subject.clone());
        }
        // Near to what it comes from: the way there is one within a partition.
        let id = Id::new(
            self.now(),
            self.state.id().slot(),
            self.context.entropy.next_u64(),
        );
        Ok(EventTaken {
            id: Bytes::copy_from_slice(&id.bytes()),
            meta: Some(Payload::from_value(meta)),
            data: Some(data),
            correlation_id,
            event_type: emit.event_type.clone(),
            source,
            subject,
            cause: format!("instance:{}", self.state.id()),
            actor: self.requester(),
            step,
            ..EventTaken::default()
        })
    }

    fn check_data(&self, event_type: &str, data: &Payload) -> Result<(), Failure> {
        let Some(known) = self.context.catalog.events.get(event_type) else {
            return Ok(());
        };
        let errors = known.check_data(&data.value());
        if errors.is_empty() {
            return Ok(());
        }
        let told: Vec<String> = errors
            .iter()
            .map(|error| format!("{:?}: {}", error.pointer, error.message))
            .collect();
        Err(Failure {
            error_type: "validation".into(),
            message: format!(
                "the data does not fit the schema of the event type {event_type}: {}",
                told.join("; ")
            ),
            ..Failure::default()
        })
    }

    /// Workflows that start one another by events in a circle come to an end.
    fn next_hop(&self) -> Result<u64, Failure> {
        let meta = self.state.header().started.meta.as_ref();
        let hops = meta.and_then(|meta| meta.value().get(HOPS)?.as_u64());
        let hop = hops.unwrap_or(0) + 1;
        if hop <= MAX_HOPS {
            return Ok(hop);
        }
        Err(Failure {
            error_type: "event.loop".into(),
            message: format!("{MAX_HOPS} instances led to one another by events before this one"),
            ..Failure::default()
        })
    }
}

fn id_of(event: &EventTaken) -> Id {
    Id::from_slice(&event.id).unwrap_or_default()
}
