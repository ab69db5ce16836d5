//! What follows when a window is due, worked out beside its partition.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use definition::{Catalog, Trigger, Workflow};
use engine::record::{Failure, StartMessage, WindowKind, WindowOffered};
use engine::{Id, Payload};
use futures_util::future::{join_all, try_join_all};
use router::TriggerRef;
use serde_json::{Value, json};
use store::{Scan, Table};

use super::row::{item_in, item_prefix};
use super::state::WindowState;
use crate::error::Unavailable;
use crate::events::{Incoming, Planned, Routing, plan_window};
use crate::handle::Runtime;

/// Pause after which a window is looked at again that could not be read.
pub(crate) const AGAIN: Duration = Duration::from_millis(500);

/// What is to be done with a window that was due.
pub(crate) struct CloseOrder {
    pub(crate) id: Id,
    /// Its last fact then.
    pub(crate) number: u64,
    /// The place of the first thing that it kept then.
    pub(crate) first: u64,
    pub(crate) closing: Closing,
}

/// What follows when a window is due.
pub(crate) enum Closing {
    /// One start of all that it has; with the last event, if that was one.
    Gathered(Box<Planned>, Option<Id>),
    /// The next few that it held back; if there are none it is done.
    Held(Vec<WindowOffered>),
    /// It could not be read for the moment.
    Unread,
}

/// What is to be done with these windows.
pub(crate) async fn orders(runtime: &Runtime, due: Vec<WindowState>) -> Vec<CloseOrder> {
    let orders = due.into_iter().map(async |state| {
        let closing = match state.terms.kind() {
            WindowKind::Throttle => runtime.held_by_window(&state).await,
            WindowKind::Debounce | WindowKind::DebounceAll | WindowKind::Batch => {
                runtime.gathered_by_window(&state).await
            }
        };
        let closing = closing.unwrap_or_else(|outage| {
            let window = state.id();
            tracing::warn!(%window, %outage, "a window cannot be closed for the moment");
            Closing::Unread
        });
        CloseOrder {
            id: state.id(),
            number: state.number,
            first: state.first,
            closing,
        }
    });
    join_all(orders).await
}

impl Runtime {
    async fn held_by_window(&self, state: &WindowState) -> Result<Closing, Unavailable> {
        if state.queued() == 0 {
            return Ok(Closing::Held(Vec::new()));
        }
        let most = usize::try_from(state.terms.most).unwrap_or(1).max(1);
        let held = self.kept_by(state, most).await?;
        Ok(match held.is_empty() {
            true => Closing::Unread,
            false => Closing::Held(held),
        })
    }

    async fn gathered_by_window(&self, state: &WindowState) -> Result<Closing, Unavailable> {
        let kept = usize::try_from(state.kept()).unwrap_or(usize::MAX);
        let all = self.kept_by(state, kept).await?;
        let Some(last) = all.last().filter(|_| all.len() == kept) else {
            let (window, found) = (state.id(), all.len());
            tracing::error!(%window, kept, found, "a window lacks some of what it keeps");
            return Ok(Closing::Unread);
        };
        let event = Id::from_slice(&last.event);
        let start = last.start.as_deref().cloned().unwrap_or_default();
        let window = match state.terms.kind() {
            WindowKind::Debounce | WindowKind::Throttle => None,
            WindowKind::DebounceAll | WindowKind::Batch => Some(summary(&all)),
        };
        let shared = self.shared();
        let catalog = shared.catalog.current();
        let routing = self.routing(&catalog).await?;
        let planned = self.start_of_window(&catalog, &routing, state, start, window);
        Ok(Closing::Gathered(Box::new(planned), event))
    }

    /// The start that a window becomes, by the trigger as it is now.
    fn start_of_window(
        &self,
        catalog: &Catalog,
        routing: &Routing,
        state: &WindowState,
        last: StartMessage,
        window: Option<Arc<Value>>,
    ) -> Planned {
        let meta = last.meta.clone().unwrap_or_default();
        let attribute = |name: &str| {
            let value = meta.value();
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let incoming = Incoming {
            event_type: attribute("type"),
            source: attribute("source"),
            subject: last.subject.clone(),
            meta: meta.clone(),
            data: last
                .event
                .clone()
                .or(last.input.clone())
                .unwrap_or_default(),
            correlation_id: last.correlation_id.clone(),
            actor: last.requester.clone(),
            ..Incoming::default()
        };
        let shared = self.shared();
        let mut planned = match live_trigger(catalog, &state.workflow, &state.trigger) {
            Some(trigger) => {
                let about = (&incoming, &meta);
                plan_window(&shared, catalog, routing, &trigger, about, window, last)
            }
            None => Planned {
                refused: Some(gone(state)),
                ..Planned::of(StartMessage {
                    input: Some(window.map_or(incoming.data.clone(), payload_of)),
                    ..last
                })
            },
        };
        self.place_planned(catalog, &mut planned, state.id().slot(), &incoming);
        planned
    }

    /// What a window keeps, in order, at most `most`, with its payloads.
    async fn kept_by(
        &self,
        state: &WindowState,
        most: usize,
    ) -> Result<Vec<WindowOffered>, Unavailable> {
        let slot = state.id().slot();
        let scan = Scan {
            table: Table::Window,
            slots: slot..=slot,
            after: None,
            prefix: item_prefix(state.id()),
            reverse: false,
            limit: most,
        };
        let rows = self.shared().store.scan(scan).await?;
        let kept: Vec<WindowOffered> = rows.iter().filter_map(item_in).collect();
        let starts = kept.iter().filter_map(|offered| offered.start.as_deref());
        let payloads = starts.flat_map(|start| [&start.input, &start.event, &start.meta]);
        let missing = payloads.flatten().map(|payload| self.supply(payload));
        try_join_all(missing).await?;
        Ok(kept)
    }
}

/// A trigger of the version that a start takes.
fn live_trigger(catalog: &Catalog, workflow: &str, trigger: &str) -> Option<TriggerRef> {
    let workflow: &Arc<Workflow> = catalog.workflow(workflow, None)?;
    let is_it = |own: &Trigger| own.id == trigger;
    let place = workflow.triggers.iter().position(is_it)?;
    let workflow = Arc::clone(workflow);
    Some(TriggerRef { workflow, place })
}

/// `{events, count, first, last}`.
fn summary(all: &[WindowOffered]) -> Arc<Value> {
    let data = all.iter().map(|offered| {
        let start = offered.start.as_deref();
        let data = start.and_then(|start| start.event.as_ref().or(start.input.as_ref()));
        data.map_or(Value::Null, |data| Value::clone(&data.value()))
    });
    let events: Vec<Value> = data.collect();
    let (first, last) = (events.first().cloned(), events.last().cloned());
    Arc::new(json!({ "count": events.len(), "first": first, "last": last, "events": events }))
}

fn payload_of(value: Arc<Value>) -> Payload {
    Payload::from_bytes(Bytes::from(value.to_string()))
}

fn gone(state: &WindowState) -> Failure {
    let message = format!(
        "the trigger {} is no more: the version of {} that a start takes has none of this id",
        state.trigger, state.workflow
    );
    Failure {
        error_type: "trigger.gone".to_owned(),
        message,
        ..Failure::default()
    }
}
