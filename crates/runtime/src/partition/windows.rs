//! Windows whose slot is here: what comes to them, and what they start.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use engine::record::{
    EventRoute, Failure, MessageBody, SlotBody, StartMessage, WindowClosed, WindowOffered,
    WindowOutcome, WindowReleased, WindowTook,
};
use engine::{Id, Slot};

use super::mailbox::Internal;
use super::task::Partition;
use crate::events::Planned;
use crate::handle::Runtime;
use crate::windows::{
    AGAIN, CloseOrder, Closing, WindowName, WindowState, cause_of, orders, weight,
};

/// What came of something that came to a window here.
pub(super) struct Came {
    window: Id,
    outcome: WindowOutcome,
    /// The instance of its own that it started.
    instance: Option<Id>,
    error: Option<Failure>,
}

impl Came {
    /// What of it is told with the event.
    pub(super) fn tell(self, route: &mut EventRoute) {
        route.window = id_bytes(self.window);
        route.window_outcome = self.outcome as i32;
        route.error = self.error;
        if let Some(instance) = self.instance {
            route.instance = id_bytes(instance);
        }
    }
}

impl Partition {
    /// Something comes to a window, here or by message.
    pub(super) fn offer(&mut self, from: Slot, offered: WindowOffered) -> Option<Came> {
        let slot = WindowName::of(&offered).slot();
        if self.is_here(slot) {
            return Some(self.take_offered(offered));
        }
        self.offer_by_message(from, offered);
        None
    }

    pub(super) fn offer_by_message(&mut self, from: Slot, offered: WindowOffered) {
        let slot = WindowName::of(&offered).slot();
        let to = Id::new(self.now(), slot, self.entropy.next_u64());
        self.send_from(from, to, MessageBody::WindowOffered(Box::new(offered)));
    }

    /// Something came to a window here.
    pub(super) fn take_offered(&mut self, mut offered: WindowOffered) -> Came {
        let now = self.now();
        let name = WindowName::of(&offered);
        let terms = offered.terms;
        let bytes = offered.start.as_deref().map_or(0, weight);
        let open = self.slots.windows.named(&name, terms.kind(), now);
        let decided = WindowState::decide(open, &terms, bytes, now);
        let known = open.map(|open| (open.id(), open.number));
        let (window, number) =
            known.unwrap_or_else(|| (Id::new(now, name.slot(), self.entropy.next_u64()), 0));
        let mut came = Came {
            window,
            outcome: decided.outcome.unwrap_or(WindowOutcome::Dropped),
            instance: None,
            error: None,
        };
        let stats = &self.shared.stats;
        crate::health::add(&stats.windows_opened, u64::from(known.is_none()));
        let Some(outcome) = decided.outcome else {
            crate::health::add(&stats.windows_dropped, 1);
            came.error = Some(self.keep_unheld(offered));
            return came;
        };
        let counter = match outcome {
            WindowOutcome::Kept => &stats.windows_kept,
            WindowOutcome::Passed => &stats.windows_passed,
            WindowOutcome::Queued => &stats.windows_queued,
            WindowOutcome::Dropped => &stats.windows_dropped,
        };
        crate::health::add(counter, 1);
        let goes_on = matches!(outcome, WindowOutcome::Passed | WindowOutcome::Dropped);
        let start = offered.start.take_if(|_| goes_on);
        if let Some(start) = start.filter(|_| outcome == WindowOutcome::Passed) {
            match self.start_offered(&offered, *start) {
                Ok(id) => came.instance = Some(id),
                Err(failure) => came.error = Some(failure),
            }
        }
        let took = WindowTook {
            window: id_bytes(window),
            number: number + 1,
            at: now,
            outcome: outcome as i32,
            due_at: decided.due_at,
            full: decided.full,
            bytes,
            offered,
        };
        self.record_fact("", SlotBody::WindowTook(Box::new(took)));
        came
    }

    /// Starts what a throttle has room for; what is refused is kept.
    fn start_offered(
        &mut self,
        offered: &WindowOffered,
        start: StartMessage,
    ) -> Result<Id, Failure> {
        let id = Id::from_slice(&offered.instance).unwrap_or_default();
        let slot = WindowName::of(offered).slot();
        let cause = start.cause.clone();
        let planned = Planned {
            id,
            ..Planned::of(start)
        };
        match self.begin_planned(slot, planned, "", &cause) {
            Ok(_) => Ok(id),
            Err(refused) => {
                let (start, failure) = *refused;
                let event = Id::from_slice(&offered.event);
                self.keep_refused(event, slot, start, failure.clone());
                Err(failure)
            }
        }
    }

    /// Too much is held back already: what comes above that is a dead letter.
    fn keep_unheld(&mut self, offered: WindowOffered) -> Failure {
        let message = "so much is held back by the trigger's throttle that no more can be";
        let failure = Failure {
            error_type: "throttle.full".to_owned(),
            message: message.to_owned(),
            ..Failure::default()
        };
        let event = Id::from_slice(&offered.event);
        let slot = WindowName::of(&offered).slot();
        let start = offered.start.map(|start| *start).unwrap_or_default();
        self.keep_refused(event, slot, start, failure.clone());
        failure
    }

    /// Has it worked out beside the partition what follows from windows that are due.
    pub(super) fn close_windows(&mut self) {
        self.show_windows();
        let shared = &self.shared;
        if self.closing_windows || shared.dispatcher.is_paused() || !self.port().is_open() {
            return;
        }
        let now = shared.clock.now_ms();
        let due = self.slots.windows.call(now, self.projected);
        if due.is_empty() {
            return;
        }
        self.closing_windows = true;
        let (shared, index) = (Arc::clone(shared), usize::from(self.index));
        self.shared.tasks.spawn(async move {
            let runtime = Runtime::of(Arc::clone(&shared));
            let orders = orders(&runtime, due).await;
            shared.ports[index].notify(Internal::Windows(orders));
        });
    }

    /// When windows are to be looked at next, milliseconds since the epoch.
    pub(super) fn windows_due_at(&self) -> i64 {
        match self.closing_windows || !self.port().is_open() {
            true => i64::MAX,
            false => self.slots.windows.next_at(),
        }
    }

    /// Closes what was due, unless something came to it meanwhile.
    pub(super) fn on_windows(&mut self, orders: Vec<CloseOrder>) {
        self.closing_windows = false;
        for order in orders {
            let Some(state) = self.slots.windows.get(order.id) else {
                continue;
            };
            let (number, first) = (state.number, state.first);
            let CloseOrder { id, closing, .. } = order;
            match closing {
                Closing::Gathered(planned, event) if order.number == number => {
                    self.close_gathered(id, number, *planned, event);
                }
                Closing::Held(held) if held.is_empty() && order.number == number => {
                    self.record_closed(id, number, Bytes::new(), None);
                }
                Closing::Held(held) if !held.is_empty() && order.first == first => {
                    self.release_held(id, number, held);
                }
                Closing::Unread => {
                    let pause = i64::try_from(AGAIN.as_millis()).unwrap_or_default();
                    let at = self.now().saturating_add(pause);
                    self.slots.windows.again_at(id, at);
                }
                // It was touched meanwhile, and is due again when it says so.
                Closing::Gathered(..) | Closing::Held(_) => {}
            }
        }
    }

    fn close_gathered(&mut self, id: Id, number: u64, planned: Planned, event: Option<Id>) {
        self.forming.commands += 1;
        let instance = planned.id;
        let begun = self.begin_planned(id.slot(), planned, "", &cause_of(id));
        let error = begun.err().map(|refused| {
            let (start, failure) = *refused;
            let (workflow, message) = (&start.workflow, &failure.message);
            tracing::warn!(window = %id, workflow, message, "the start of a window was refused");
            self.keep_refused(event, id.slot(), start, failure.clone());
            failure
        });
        let instance = match error {
            None => id_bytes(instance),
            Some(_) => Bytes::new(),
        };
        self.record_closed(id, number, instance, error);
    }

    fn record_closed(&mut self, id: Id, number: u64, instance: Bytes, error: Option<Failure>) {
        crate::health::add(&self.shared.stats.windows_closed, 1);
        let closed = WindowClosed {
            window: id_bytes(id),
            number: number + 1,
            at: self.now(),
            instance,
            error,
        };
        self.record_fact("", SlotBody::WindowClosed(closed));
    }

    fn release_held(&mut self, id: Id, number: u64, held: Vec<WindowOffered>) {
        let per_ms = self
            .slots
            .windows
            .get(id)
            .map_or(0, |state| state.terms.longest_ms);
        let (count, mut bytes) = (held.len(), 0);
        for offered in held {
            self.forming.commands += 1;
            let start = offered.start.as_deref().cloned().unwrap_or_default();
            bytes += weight(&start);
            // What is refused is kept with its event.
            let _started = self.start_offered(&offered, start);
        }
        let now = self.now();
        let released = WindowReleased {
            window: id_bytes(id),
            number: number + 1,
            at: now,
            due_at: now.saturating_add_unsigned(per_ms),
            count: u32::try_from(count).unwrap_or(u32::MAX),
            bytes,
        };
        self.record_fact("", SlotBody::WindowReleased(released));
    }

    fn show_windows(&self) {
        let open = self.slots.windows.len();
        self.port().windows.store(open, Ordering::Relaxed);
    }
}

fn id_bytes(id: Id) -> Bytes {
    Bytes::copy_from_slice(&id.bytes())
}
