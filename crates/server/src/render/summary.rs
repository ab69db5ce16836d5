//! Instances in lists, and the answer to a start.

use api::{InstanceSummary, Submitted, Time};
use engine::Id;
use engine::Instance;
use store::InstanceRow;

use super::instance::priority;

/// A row of a list.
pub fn summary(row: InstanceRow) -> InstanceSummary {
    InstanceSummary {
        id: Id::from_bytes(row.id).to_string(),
        workflow: row.workflow,
        version: row.version,
        status: row.status,
        correlation_id: row.correlation_id,
        parent_id: row.parent_id.map(|id| Id::from_bytes(id).to_string()),
        subject: row.subject.filter(|subject| !subject.is_empty()),
        priority: priority(&row.priority),
        attributes: row.attributes.into_iter().collect(),
        error: row.error.filter(|error| !error.is_empty()),
        pending_decisions: row.pending_decisions,
        created_at: Time(row.created_at),
        updated_at: Time(row.updated_at),
        ended_at: row.ended_at.map(Time),
        seq: row.seq,
    }
}

/// What a start (or a command) is answered with.
pub fn submitted(state: &Instance) -> Submitted {
    let header = state.header();
    let started = &header.started;
    Submitted {
        id: state.id().to_string(),
        workflow: started.workflow.clone(),
        version: started.version.clone(),
        status: state.status().as_str().to_owned(),
        correlation_id: started.correlation_id.clone(),
        subject: Some(started.subject.clone()).filter(|subject| !subject.is_empty()),
        priority: priority(&started.priority),
        created_at: Time(header.created_at),
        ended_at: state.ended_at().map(Time),
    }
}
