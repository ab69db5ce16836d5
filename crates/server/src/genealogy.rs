//! Everything that one cause set in motion, as a graph.

mod windows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use api::{Genealogy, GenealogyEdge, GenealogyNode, Time};
use definition::DELIVERY_PREFIX;
use engine::record::StepRef;
use engine::{Id, Instance};
use runtime::{Consistency, EventFilter};
use store::{InstanceFilter, InstanceRow};

use crate::door::{Refusal, of_read, of_unavailable};
use crate::render;
use crate::routes::{all_records, behind, lane_of};
use crate::state::Door;

/// Events, and instances, of one correlation at most.
const MOST: usize = 1_000;
/// Instances whose steps are shown at most.
const WITH_STEPS: usize = 100;
/// Instances whose attempts are shown at most.
const WITH_ATTEMPTS: usize = 20;
/// Nodes at most.
const MAX_NODES: usize = 5_000;

/// How much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Detail {
    /// Events and instances.
    Workflows,
    /// Their steps.
    Steps,
    /// Their attempts.
    Attempts,
}

/// The graph while it grows.
pub(crate) struct Graph {
    nodes: BTreeMap<String, GenealogyNode>,
    edges: BTreeSet<GenealogyEdge>,
    truncated: bool,
}

/// Everything with this correlation id.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn genealogy(
    door: &Door,
    correlation_id: String,
    detail: Detail,
) -> Result<Genealogy, Refusal> {
    let mut graph = Graph {
        nodes: BTreeMap::new(),
        edges: BTreeSet::new(),
        truncated: false,
    };
    graph.add_events(door, &correlation_id).await?;
    let filter = InstanceFilter {
        correlation_id: Some(correlation_id.clone()),
        ..InstanceFilter::default()
    };
    let listed = door
        .runtime
        .list(&filter, None, MOST, Consistency::Fresh)
        .await;
    let listed = listed.map_err(|outage| of_unavailable(&outage))?;
    graph.truncated |= listed.page.next.is_some();
    let mut rows = listed.page.items;
    rows.sort_by_key(|row| row.created_at);
    for (place, row) in rows.iter().enumerate() {
        let id = Id::from_bytes(row.id);
        graph.add_instance(id, row);
        if detail == Detail::Workflows
            && row.workflow.starts_with(DELIVERY_PREFIX)
            && place < WITH_STEPS
        {
            let delivery = instance_of(door, id).await?;
            graph.link_to_cause(delivery.as_deref());
        }
        if detail >= Detail::Steps && place < WITH_STEPS {
            let attempts = detail == Detail::Attempts && place < WITH_ATTEMPTS;
            graph.add_steps(door, id, attempts).await?;
        }
        graph.truncated |= detail >= Detail::Steps && place >= WITH_STEPS;
        graph.truncated |= detail == Detail::Attempts && place >= WITH_ATTEMPTS;
    }
    Ok(graph.finish(correlation_id, behind(&listed.incomplete)))
}

impl Graph {
    async fn add_events(&mut self, door: &Door, correlation_id: &str) -> Result<(), Refusal> {
        let filter = EventFilter {
            correlation_id: Some(correlation_id.to_owned()),
            ..EventFilter::default()
        };
        let page = door.runtime.events(&filter, None, MOST).await;
        let page = page.map_err(|outage| of_unavailable(&outage))?;
        self.truncated |= page.next.is_some();
        for event in &page.items {
            self.link_event(event);
            self.add_event(event);
            self.add_windows_of(door, event).await?;
        }
        Ok(())
    }

    /// What an event led to, and what published it.
    fn link_event(&mut self, event: &runtime::Event) {
        let id = event.id.to_string();
        for route in event.routes() {
            if let Some(instance) = Id::from_slice(&route.instance) {
                self.link(&id, &instance.to_string(), "started");
            }
        }
        if let Some(emitter) = event.taken.cause.strip_prefix("instance:") {
            self.link(emitter, &id, "emitted");
        }
    }

    fn add_event(&mut self, event: &runtime::Event) {
        let (id, taken) = (event.id.to_string(), &event.taken);
        let subject = Some(taken.subject.clone()).filter(|subject| !subject.is_empty());
        self.add(GenealogyNode {
            id,
            kind: "event".to_owned(),
            name: taken.event_type.clone(),
            status: None,
            at: Some(Time(event.at)),
            ended_at: None,
            subject,
        });
    }

    fn add_instance(&mut self, id: Id, row: &InstanceRow) {
        if let Some(parent) = row.parent_id {
            self.link(
                &Id::from_bytes(parent).to_string(),
                &id.to_string(),
                "started",
            );
        }
        self.add(GenealogyNode {
            id: id.to_string(),
            kind: "workflow".to_owned(),
            name: row.workflow.clone(),
            status: Some(row.status.clone()),
            at: Some(Time(row.created_at)),
            ended_at: row.ended_at.map(Time),
            subject: row.subject.clone().filter(|subject| !subject.is_empty()),
        });
    }

    async fn add_steps(&mut self, door: &Door, id: Id, attempts: bool) -> Result<(), Refusal> {
        let Some(instance) = instance_of(door, id).await? else {
            return Ok(());
        };
        self.link_to_schedule(&instance);
        self.link_to_window(door, &instance).await?;
        let mut names: BTreeMap<StepRef, String> = BTreeMap::new();
        for (at, step) in render::steps(&instance) {
            let name = step_id(id, &step.id, &step.lane);
            self.link(&id.to_string(), &name, "ran");
            self.add(GenealogyNode {
                id: name.clone(),
                kind: "step".to_owned(),
                name: step.id,
                status: Some(step.status),
                at: step.started_at,
                ended_at: step.ended_at,
                subject: None,
            });
            self.add_event_of(door, &instance, at, &name).await?;
            names.insert(at, name);
        }
        self.link_to_parent(door, &instance).await?;
        self.link_to_cause(Some(&instance));
        if attempts {
            self.add_attempts(door, id, &instance, &names).await?;
        }
        Ok(())
    }

    /// The event that a step published or took, which may have another correlation id.
    async fn add_event_of(
        &mut self,
        door: &Door,
        instance: &Instance,
        at: StepRef,
        step: &str,
    ) -> Result<(), Refusal> {
        let event = instance
            .step(at)
            .and_then(|step| Id::from_slice(&step.event));
        let Some(event) = event else { return Ok(()) };
        let found = door.runtime.event(event).await;
        // Events may be kept for a shorter time than instances.
        let Some(found) = found.map_err(|outage| of_unavailable(&outage))? else {
            return Ok(());
        };
        let (owner, event) = (instance.id().to_string(), event.to_string());
        if found.taken.cause == format!("instance:{owner}") {
            self.edges
                .retain(|edge| edge.from != owner || edge.to != event);
            self.link(step, &event, "emitted");
        } else {
            self.link(&event, step, "ended");
        }
        self.add_event(&found);
        Ok(())
    }

    /// What was started because of something that happened to another instance: a delivery, or by a trigger.
    fn link_to_cause(&mut self, instance: Option<&Instance>) {
        let Some(instance) = instance else { return };
        if let Some(from) = instance.header().cause.strip_prefix("instance:") {
            let delivers = instance.workflow().is_delivery();
            let kind = if delivers { "told" } else { "started" };
            self.link(from, &instance.id().to_string(), kind);
        }
    }

    /// What a schedule started comes from it.
    fn link_to_schedule(&mut self, instance: &Instance) {
        let cause = &instance.header().cause;
        let Some(name) = cause.strip_prefix("schedule:") else {
            return;
        };
        self.link(cause, &instance.id().to_string(), "started");
        self.add(GenealogyNode {
            id: cause.clone(),
            kind: "schedule".to_owned(),
            name: name.to_owned(),
            status: None,
            at: Some(Time(instance.id().made_at())),
            ended_at: None,
            subject: None,
        });
    }

    /// A child comes from a step, where its parent can still be read.
    async fn link_to_parent(&mut self, door: &Door, child: &Arc<Instance>) -> Result<(), Refusal> {
        let header = child.header();
        let (Some(parent), Some(at)) = (
            header.parent_id(),
            header.started.parent.as_ref().and_then(|parent| parent.at),
        ) else {
            return Ok(());
        };
        if let Ok(instance) = door.runtime.instance(parent).await {
            let from = step_id(parent, &instance.step_name(at), &lane_of(&instance, at));
            let (child, parent) = (child.id().to_string(), parent.to_string());
            self.edges
                .retain(|edge| edge.from != parent || edge.to != child);
            self.link(&from, &child, "started");
        }
        Ok(())
    }

    async fn add_attempts(
        &mut self,
        door: &Door,
        id: Id,
        instance: &Instance,
        names: &BTreeMap<StepRef, String>,
    ) -> Result<(), Refusal> {
        let records = all_records(door, id).await?;
        for (at, name) in names {
            let is_ours = |place: StepRef| place == *at;
            let lane = |place: StepRef| lane_of(instance, place);
            for (number, attempt) in (1..).zip(render::attempts(&records, is_ours, lane)) {
                let attempt_id = format!("{name}#{number}");
                self.link(name, &attempt_id, "tried");
                self.add(GenealogyNode {
                    id: attempt_id,
                    kind: "attempt".to_owned(),
                    name: attempt.target.unwrap_or(attempt.kind),
                    status: Some(attempt.outcome),
                    at: Some(attempt.started_at),
                    ended_at: attempt.ended_at,
                    subject: None,
                });
            }
        }
        Ok(())
    }

    fn add(&mut self, node: GenealogyNode) {
        if self.nodes.len() < MAX_NODES {
            self.nodes.insert(node.id.clone(), node);
        } else {
            self.truncated = true;
        }
    }

    fn link(&mut self, from: &str, to: &str, kind: &str) {
        self.edges.insert(GenealogyEdge {
            from: from.to_owned(),
            to: to.to_owned(),
            kind: kind.to_owned(),
        });
    }

    /// In the order of time, without edges to what is not shown.
    fn finish(self, correlation_id: String, incomplete: Vec<api::Behind>) -> Genealogy {
        let Self {
            nodes,
            edges,
            truncated,
        } = self;
        let shown =
            |edge: &GenealogyEdge| nodes.contains_key(&edge.from) && nodes.contains_key(&edge.to);
        let edges = edges.into_iter().filter(shown).collect();
        let mut nodes: Vec<GenealogyNode> = nodes.into_values().collect();
        nodes.sort_by(|a, b| (a.at.map(|at| at.0), &a.id).cmp(&(b.at.map(|at| at.0), &b.id)));
        Genealogy {
            correlation_id,
            nodes,
            edges,
            truncated,
            incomplete,
        }
    }
}

/// Keeps what led to a node, or what it led to, with the node itself.
pub(crate) fn keep_line(graph: &mut Genealogy, node: &str, ancestors: bool) {
    let mut kept: BTreeSet<String> = BTreeSet::from([node.to_owned()]);
    let mut next = vec![node.to_owned()];
    while let Some(at) = next.pop() {
        for edge in &graph.edges {
            let (here, there) = match ancestors {
                true => (&edge.to, &edge.from),
                false => (&edge.from, &edge.to),
            };
            if *here == at && kept.insert(there.clone()) {
                next.push(there.clone());
            }
        }
    }
    graph.nodes.retain(|node| kept.contains(&node.id));
    graph
        .edges
        .retain(|edge| kept.contains(&edge.from) && kept.contains(&edge.to));
}

/// None where retention has taken it since it was listed.
async fn instance_of(door: &Door, id: Id) -> Result<Option<Arc<Instance>>, Refusal> {
    match door.runtime.instance(id).await {
        Ok(instance) => Ok(Some(instance)),
        Err(runtime::CommandError::NotFound(_)) => Ok(None),
        Err(error) => Err(of_read(error)),
    }
}

fn step_id(instance: Id, step: &str, lane: &str) -> String {
    match lane {
        "" => format!("{instance}/{step}"),
        lane => format!("{instance}/{step}/{lane}"),
    }
}
