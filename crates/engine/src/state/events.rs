//! Events that steps wait for, and deadlines.
//!
//! | from | record | to |
//! | --- | --- | --- |
//! | - | event-awaited | the step waits |
//! | the step waits | event-met | its end follows; a later wait does not take that event again |
//! | the step waits | its end, its lane's closing, a decision about it | it waits no more |
//! | a deadline is ahead | deadline-passed | it never comes again |

use prost::Message;

use super::instance::{Instance, Phase};
use crate::command::{TimerKey, TimerKind};
use crate::record::{EventAwaited, EventMet, StepRef};

/// Events taken that an instance remembers; the oldest is forgotten first.
const REMEMBERED_EVENTS: usize = 1_000;

/// What an instance knows of events.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Events {
    /// Steps that wait for one, in the order in which they began.
    #[prost(message, repeated, tag = "1")]
    pub waits: Vec<EventWait>,
    /// Those that steps took, as long as they are kept for others.
    #[prost(message, repeated, tag = "2")]
    pub taken: Vec<TakenEvent>,
    /// Deadlines that have passed, by their places in the workflow.
    #[prost(uint32, repeated, tag = "3")]
    pub passed: Vec<u32>,
}

/// A step that waits for an event.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EventWait {
    /// The step.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// The record with which it began: the number of the wait.
    #[prost(uint64, tag = "2")]
    pub wait: u64,
    /// The event's type.
    #[prost(string, tag = "3")]
    pub event_type: String,
    /// Its key.
    #[prost(string, tag = "4")]
    pub key: String,
    /// Since when, milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub since: i64,
}

/// An event that a step took.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct TakenEvent {
    /// The event (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub event: bytes::Bytes,
    /// The record that says so.
    #[prost(uint64, tag = "2")]
    pub seq: u64,
    /// When it may be forgotten, milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub until: i64,
}

impl EventWait {
    /// The event, in words.
    pub fn told(&self) -> String {
        format!("{} with key {:?}", self.event_type, self.key)
    }
}

impl Instance {
    /// Steps that wait for an event, in the order in which they began.
    pub fn event_waits(&self) -> &[EventWait] {
        let events = self.progress.events.as_deref();
        events.map_or(&[], |events| events.waits.as_slice())
    }

    /// The event that a step waits for.
    pub fn event_awaited_at(&self, at: StepRef) -> Option<&EventWait> {
        self.event_waits().iter().find(|wait| wait.at == at)
    }

    /// By what its steps find events where they do not say: its subject, else its correlation id.
    pub fn own_event_key(&self) -> &str {
        let started = &self.header.started;
        match started.subject.as_str() {
            "" => &started.correlation_id,
            subject => subject,
        }
    }

    /// Whether a step had taken the event when this wait began.
    pub(crate) fn has_taken_before(&self, wait: u64, event: &[u8]) -> bool {
        let taken = self.progress.events.iter().flat_map(|events| &events.taken);
        taken
            .into_iter()
            .any(|taken| taken.event == event && taken.seq < wait)
    }

    /// The timers of its deadlines that are ahead.
    pub(crate) fn deadline_timers(&self) -> Vec<TimerKey> {
        let progress = &self.progress;
        let ends = self.phase() == Phase::Ended || progress.for_parent;
        if ends || progress.restoring.is_some() {
            return Vec::new();
        }
        let passed = progress
            .events
            .as_deref()
            .map_or(&[][..], |events| &events.passed);
        let places = (0_u32..).zip(&self.header.started.deadlines);
        let ahead = places.filter(|(place, _)| !passed.contains(place));
        ahead
            .map(|(step, &due_at)| TimerKey {
                due_at,
                kind: TimerKind::Deadline,
                at: StepRef { lane: 0, step },
            })
            .collect()
    }

    pub(super) fn event_awaited(&mut self, body: &EventAwaited, seq: u64, at: i64) {
        if !self.begin_wait(body.at, at, body.timeout_at, body.until) {
            return;
        }
        self.progress
            .events
            .get_or_insert_default()
            .waits
            .push(EventWait {
                at: body.at,
                wait: seq,
                event_type: body.event_type.clone(),
                key: body.key.clone(),
                since: at,
            });
    }

    pub(super) fn event_met(&mut self, body: &EventMet, seq: u64, at: i64) {
        self.note_event(body.at, &body.event);
        let taken = &mut self.progress.events.get_or_insert_default().taken;
        taken.retain(|one| one.until > at);
        if taken.len() >= REMEMBERED_EVENTS {
            taken.remove(0);
        }
        taken.push(TakenEvent {
            event: body.event.clone(),
            seq,
            until: body.kept_until,
        });
    }

    /// A step publishes an event, or takes one.
    pub(super) fn note_event(&mut self, at: StepRef, event: &[u8]) {
        if let Some(step) = self.step_mut(at) {
            event.clone_into(&mut step.event);
        }
    }

    pub(super) fn deadline_passed(&mut self, deadline: u32) {
        let passed = &mut self.progress.events.get_or_insert_default().passed;
        passed.push(deadline);
    }

    /// Steps for which `over` holds wait for no event any more.
    pub(super) fn end_event_waits(&mut self, over: impl Fn(StepRef) -> bool) {
        if let Some(events) = self.progress.events.as_deref_mut() {
            events.waits.retain(|wait| !over(wait.at));
        }
    }

    /// What it knows of events when it goes on from an earlier state: that of then, but what has passed since stays so.
    pub(crate) fn events_from(&self, then: Option<&Events>) -> Option<Box<Events>> {
        let latest = self.progress.events.as_deref()?;
        Some(Box::new(Events {
            waits: Vec::new(),
            taken: then.map_or_else(Vec::new, |then| then.taken.clone()),
            passed: latest.passed.clone(),
        }))
    }
}
