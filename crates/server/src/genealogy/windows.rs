//! Windows of triggers in the graph: which events came to them, and what they started.

use api::{GenealogyNode, Time};
use engine::{Id, Instance};
use runtime::{Event, WindowState};

use super::{Graph, instance_of};
use crate::door::{Refusal, of_unavailable};
use crate::state::Door;

/// The beginning of the cause of what a window started.
const CAUSE: &str = "window:";
/// Events of other correlations that are shown with a window at most.
const EVENTS: usize = 100;

impl Graph {
    /// The windows to which an event came, and what they made of it.
    pub(super) async fn add_windows_of(
        &mut self,
        door: &Door,
        event: &Event,
    ) -> Result<(), Refusal> {
        for route in event.routes() {
            let Some(key) = &route.window_key else {
                continue;
            };
            let name = (route.workflow.as_str(), route.rule.as_str(), key.as_str());
            let came = door.runtime.came_to_window(event.id, name).await;
            let Some((entry, window)) = came.map_err(|outage| of_unavailable(&outage))? else {
                continue;
            };
            let from = event.id.to_string();
            if let Some(own) = Id::from_slice(&entry.instance) {
                self.link(&from, &own.to_string(), "started");
            }
            if let Some(window) = window.filter(|_| entry.instance.is_empty()) {
                self.add_window(&window);
                self.link(&from, &window.id().to_string(), "came");
                if let Some(started) = Id::from_slice(&window.instance) {
                    self.add_started(door, started).await?;
                }
            }
        }
        Ok(())
    }

    /// What a window started comes from it, and so from its events, whatever they are correlated with.
    pub(super) async fn link_to_window(
        &mut self,
        door: &Door,
        instance: &Instance,
    ) -> Result<(), Refusal> {
        let cause = instance.header().cause.strip_prefix(CAUSE);
        let Some(id) = cause.and_then(|id| id.parse::<Id>().ok()) else {
            return Ok(());
        };
        let window = door.runtime.window(id).await;
        let Some(window) = window.map_err(|outage| of_unavailable(&outage))? else {
            return Ok(());
        };
        self.add_window(&window);
        let events = door.runtime.events_of_window(id, EVENTS).await;
        let (events, more) = events.map_err(|outage| of_unavailable(&outage))?;
        self.truncated |= more;
        for event in events {
            let found = door.runtime.event(event).await;
            if let Some(event) = found.map_err(|outage| of_unavailable(&outage))? {
                self.link_event(&event);
                self.add_event(&event);
                self.link(&event.id.to_string(), &id.to_string(), "came");
            }
        }
        Ok(())
    }

    /// What a window started, which has the correlation id of its last event only.
    async fn add_started(&mut self, door: &Door, id: Id) -> Result<(), Refusal> {
        let Some(instance) = instance_of(door, id).await? else {
            return Ok(());
        };
        let started = &instance.header().started;
        self.add(GenealogyNode {
            id: id.to_string(),
            kind: "workflow".to_owned(),
            name: started.workflow.clone(),
            status: Some(instance.status().as_str().to_owned()),
            at: Some(Time(id.made_at())),
            ended_at: instance.ended_at().map(Time),
            subject: Some(started.subject.clone()).filter(|subject| !subject.is_empty()),
        });
        Ok(())
    }

    fn add_window(&mut self, window: &WindowState) {
        let id = window.id().to_string();
        if let Some(started) = Id::from_slice(&window.instance) {
            self.link(&id, &started.to_string(), "started");
        }
        let (workflow, trigger) = (&window.workflow, &window.trigger);
        let ended_at = (window.closed_at > 0).then_some(Time(window.closed_at));
        self.add(GenealogyNode {
            id,
            kind: "window".to_owned(),
            name: format!("{workflow}.{trigger}"),
            status: Some(if ended_at.is_some() { "closed" } else { "open" }.to_owned()),
            at: Some(Time(window.opened_at)),
            ended_at,
            subject: None,
        });
    }
}
