//! Events whose slot is here: taken once, and what follows from them begun.

use bytes::Bytes;
use engine::record::{
    EventRefused, EventRoute, EventTaken, Failure, MessageBody, SlotBody, StartMessage,
};
use engine::{Id, Refusal, Slot};

use super::task::Partition;
use super::windows::Came;
use crate::events::{EventOrder, EventReply, LookedUp, Plan, Planned, cause_of, event_of};

impl Partition {
    /// Takes an event, unless it was taken before; answers when that is durable.
    pub(super) fn on_event(&mut self, order: EventOrder) {
        let EventOrder {
            taken,
            plan,
            looked_up,
            reply,
        } = order;
        let (position, answer) = match self.event_before(looked_up) {
            Before::Never => {
                let reply = EventReply::Taken {
                    correlation_id: taken.correlation_id.clone(),
                    routes: self.take_event(taken, plan),
                };
                (self.forming_position(), reply)
            }
            Before::As(first, position) => {
                crate::health::add(&self.shared.stats.events_repeated, 1);
                (position, EventReply::Before(first))
            }
            Before::Unknown => (0, EventReply::LookAgain),
        };
        self.release_after(position, move || drop(reply.send(answer)));
    }

    /// Whether an event of that name was taken before, and when.
    fn event_before(&self, looked_up: Option<LookedUp>) -> Before {
        let Some(looked_up) = looked_up else {
            return Before::Never;
        };
        let keys = &self.slots.keys;
        let known = match keys.get(&looked_up.name) {
            Some((position, taken)) => Some((*position, taken.clone())),
            None if !keys.goes_back_to(looked_up.reached) => return Before::Unknown,
            None => looked_up.found.map(|taken| (0, taken)),
        };
        let live = known.filter(|(_, taken)| taken.expires_at > self.now());
        match live.and_then(|(position, taken)| Some((Id::from_slice(&taken.id)?, position))) {
            Some((first, position)) => Before::As(first, position),
            None => Before::Never,
        }
    }

    /// Takes an event; answers where it goes.
    pub(super) fn take_event(&mut self, mut taken: EventTaken, plan: Plan) -> Vec<EventRoute> {
        let id = Id::from_slice(&taken.id).unwrap_or_default();
        taken.at = self.now();
        let ttl_ms = self.shared.config.bounds.key_ttl_ms;
        taken.key_expires_at = taken.at.saturating_add(ttl_ms);
        taken.passed = plan.passed;
        let routes = plan.starts.into_iter();
        taken.routes = routes
            .map(|planned| self.follow(id, planned, &taken.actor))
            .collect();
        let offered = plan.meeting.map(|meeting| meeting.offer(&taken));
        if let Some(offered) = &offered {
            taken.wait_key.clone_from(&offered.key);
        }
        let stats = &self.shared.stats;
        crate::health::add(&stats.events_taken, 1);
        crate::health::add(&stats.events_unrouted, u64::from(!taken.is_routed()));
        let (actor, routes) = (taken.actor.clone(), taken.routes.clone());
        self.record_fact(&actor, SlotBody::EventTaken(Box::new(taken)));
        if let Some(offered) = offered {
            self.offer_event(id.slot(), offered);
        }
        routes
    }

    /// Begins what follows from an event, here or by message.
    fn follow(&mut self, event: Id, mut planned: Planned, actor: &str) -> EventRoute {
        let id = planned.id;
        let mut route = std::mem::take(&mut planned.route);
        route.window_key = planned.window.as_ref().map(|window| window.key.clone());
        match self.begin_planned(event.slot(), planned, actor, &cause_of(event)) {
            Ok(Begun::Started) => route.instance = Bytes::copy_from_slice(&id.bytes()),
            Ok(Begun::ToWindow(came)) => {
                if let Some(came) = came {
                    came.tell(&mut route);
                }
            }
            Err(refused) => {
                let (start, failure) = *refused;
                route.error = Some(failure.clone());
                self.keep_refused(Some(event), event.slot(), start, failure);
            }
        }
        route
    }

    /// Begins what follows from something in a slot of ours, here or by message, or has it come to its window; gives it
    /// back with the reason when it is refused.
    pub(super) fn begin_planned(
        &mut self,
        from: Slot,
        planned: Planned,
        actor: &str,
        cause: &str,
    ) -> Result<Begun, Box<(StartMessage, Failure)>> {
        let Planned {
            id,
            start,
            refused,
            window,
            ..
        } = planned;
        if let (Some(window), None) = (window, &refused) {
            let cause = cause.to_owned();
            let start = StartMessage { cause, ..start };
            let offered = window.of_start(event_of(&start.cause), id, start);
            return Ok(Begun::ToWindow(self.offer(from, offered)));
        }
        let begun = match refused {
            Some(failure) => Err(failure),
            None => self
                .start_if_here(id, &start, actor, cause)
                .map_err(|refusal| failure_of(&refusal)),
        };
        match begun {
            Ok(true) => Ok(Begun::Started),
            Ok(false) => {
                let cause = cause.to_owned();
                let start = StartMessage { cause, ..start };
                self.send_from(from, id, MessageBody::Start(start));
                Ok(Begun::Started)
            }
            Err(failure) => Err(Box::new((start, failure))),
        }
    }

    /// Keeps what an event should have started, and why it was not, as a dead letter. Of a lifecycle event there is no
    /// other record.
    pub(super) fn keep_refused(
        &mut self,
        event: Option<Id>,
        slot: Slot,
        start: StartMessage,
        error: Failure,
    ) {
        let letter = Id::new(self.now(), slot, self.entropy.next_u64());
        let fact = EventRefused {
            id: Bytes::copy_from_slice(&letter.bytes()),
            event: event.map_or_else(Bytes::new, |event| Bytes::copy_from_slice(&event.bytes())),
            at: self.now(),
            start: Some(Box::new(start)),
            error: Some(error),
        };
        self.record_fact("", SlotBody::EventRefused(fact));
    }

    /// A start that travelled here is refused; where an event led to it, it is kept.
    pub(super) fn keep_if_of_event(&mut self, id: Id, start: &StartMessage, refusal: &Refusal) {
        let event = event_of(&start.cause);
        let cause = start.cause.as_str();
        if event.is_some() || crate::lifecycle::is_cause(cause) || crate::windows::is_cause(cause) {
            let error = failure_of(refusal);
            self.keep_refused(event, id.slot(), start.clone(), error);
        }
    }
}

/// What became of what was planned.
pub(super) enum Begun {
    /// Its instance starts, here or where its message takes it.
    Started,
    /// It came to its window; none where that is elsewhere, and a message takes it there.
    ToWindow(Option<Came>),
}

/// Whether an event was taken before.
enum Before {
    Never,
    /// Under this id, in this batch.
    As(Id, u64),
    /// The state was asked too long ago.
    Unknown,
}

/// What is told of a start that was refused.
pub(super) fn failure_of(refusal: &Refusal) -> Failure {
    let error_type = match refusal {
        Refusal::UnknownWorkflow(_) => "workflow.unknown",
        Refusal::Input(_) => "validation",
        Refusal::OverLimit(_) => "concurrency.limit",
        _ => "expression",
    };
    Failure {
        error_type: error_type.to_owned(),
        message: refusal.to_string(),
        ..Failure::default()
    }
}
