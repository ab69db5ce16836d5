//! Waits for events: told to the slot where event and wait meet, and ended by an event that comes from there.

use bytes::Bytes;
use definition::{Action, AwaitedEvent, MAX_EVENT_KEY, Step, Wait, is_event_key};
use serde_json::json;

use super::Decider;
use crate::command::{Effect, Refusal};
use crate::id::{Id, meeting_slot};
use crate::payload::Payload;
use crate::record::{
    Body, EventAwaited, EventCame, EventMet, EventOffered, Failure, MessageBody, StepRef,
    WaitPlaced, WaitRefused,
};
use crate::state::{EventWait, StepStatus};

impl Decider<'_, '_> {
    /// A step begins to wait for an event.
    pub(super) fn begin_event_wait(
        &mut self,
        at: StepRef,
        step: &Step,
        awaited: &AwaitedEvent,
    ) -> Result<(), Failure> {
        let key = match &awaited.key {
            Some(key) => self.text(key, at.lane, "wait.event.key")?,
            None => self.state.own_event_key().to_owned(),
        };
        if !is_event_key(&key) {
            return Err(Failure {
                error_type: "expression".into(),
                message: format!(
                    "wait.event.key: expected a key of 1 to {MAX_EVENT_KEY} bytes, but it has {}",
                    key.len()
                ),
                ..Failure::default()
            });
        }
        let (until, timeout_at) = self.wait_ends(at, step, awaited.timeout.as_ref())?;
        self.emit(Body::EventAwaited(EventAwaited {
            at,
            event_type: awaited.event_type.clone(),
            key,
            until,
            timeout_at,
        }));
        self.set_wait_timers(at, until, timeout_at);
        Ok(())
    }

    /// An event comes to a step that waits: it takes it, if the event will do.
    pub(super) fn event_came(&mut self, came: EventCame) -> Result<(), Refusal> {
        let EventCame { at, wait, event } = came;
        self.expect_wait(at, wait)?;
        if self.state.has_taken_before(wait, &event.event) {
            return Err(Refusal::Stale("the instance took that event before".into()));
        }
        if !self.will_do(at, &event) {
            return Err(Refusal::Stale("the wait's condition does not hold".into()));
        }
        self.emit(Body::EventMet(EventMet {
            at,
            event: event.event,
            event_type: event.event_type,
            kept_until: event.kept_until,
        }));
        self.complete_step(at, event.data, Vec::new());
        self.queue_ancestors(at.lane);
        Ok(())
    }

    fn expect_wait(&self, at: StepRef, wait: u64) -> Result<(), Refusal> {
        let mut waits = self.state.event_waits().iter();
        let waits = waits.any(|one| one.at == at && one.wait == wait)
            && self.step_state(at).status() == StepStatus::Waiting
            && !self.is_doomed(at.lane);
        if waits {
            return Ok(());
        }
        Err(Refusal::Stale("the step waits for it no more".into()))
    }

    /// A condition that cannot be evaluated does not hold.
    fn will_do(&mut self, at: StepRef, event: &EventOffered) -> bool {
        let workflow = std::sync::Arc::clone(&self.workflow);
        let Action::Wait(Wait::Event(awaited)) = &self.definition_in(&workflow, at).action else {
            return false;
        };
        let Some(when) = &awaited.when else {
            return true;
        };
        self.evaluations += 1;
        let value =
            |payload: &Option<Payload>| payload.clone().unwrap_or_else(Payload::null).value();
        let header = self.state.header();
        let trigger = json!({
            "event": &*header.event().value(),
            "meta": header.started.meta.as_ref().map_or_else(|| json!({}), |meta| meta.value().as_ref().clone()),
        });
        let scope = self
            .scope(at.lane)
            .with("event", value(&event.data))
            .with("meta", value(&event.meta))
            .with("trigger", std::sync::Arc::new(trigger));
        when.evaluate_bool(&scope, self.now()).unwrap_or(false)
    }

    /// No event came in time.
    pub(super) fn event_wait_expired(&mut self, at: StepRef, goes_on: bool) {
        let told = match self.state.event_awaited_at(at) {
            Some(wait) => format!("no event {} came in time", wait.told()),
            None => "no event came in time".to_owned(),
        };
        self.wait_expired(at, goes_on, told);
    }

    /// So many wait for such an event that this step may not.
    pub(super) fn wait_refused(&mut self, refused: WaitRefused) -> Result<(), Refusal> {
        let WaitRefused { at, wait, waits } = refused;
        self.expect_wait(at, wait)?;
        let told = self.state.event_awaited_at(at).map(EventWait::told);
        let error = Failure {
            error_type: "wait.limit".into(),
            message: format!(
                "{waits} steps wait for the event {} already",
                told.unwrap_or_default()
            ),
            ..Failure::default()
        };
        self.fail_step(at, error);
        self.queue_ancestors(at.lane);
        Ok(())
    }

    /// Tells the slots where events and waits meet which waits began and ended in this decision.
    pub(super) fn tell_of_waits(&mut self, before: &[EventWait]) {
        let after = self.state.event_waits().to_vec();
        // Both are in the order of their numbers.
        let lacks = |waits: &[EventWait], wait: &EventWait| {
            waits
                .binary_search_by_key(&wait.wait, |one| one.wait)
                .is_err()
        };
        let gone = before.iter().filter(|wait| lacks(&after, wait));
        for wait in gone {
            self.send_wait(wait, MessageBody::WaitWithdrawn);
        }
        let begun = after.iter().filter(|wait| lacks(before, wait));
        for wait in begun {
            self.send_wait(wait, MessageBody::WaitPlaced);
        }
    }

    fn send_wait(&mut self, wait: &EventWait, body: impl FnOnce(WaitPlaced) -> MessageBody) {
        let slot = meeting_slot(&wait.event_type, &wait.key);
        let placed = WaitPlaced {
            instance: Bytes::copy_from_slice(&self.state.id().bytes()),
            at: wait.at,
            wait: wait.wait,
            event_type: wait.event_type.clone(),
            key: wait.key.clone(),
            since: wait.since,
        };
        self.effect(Effect::Send {
            to: Id::new(self.now(), slot, 0),
            body: Box::new(body(placed)),
        });
    }
}
