//! An instance's row.

use bytes::Bytes;
use engine::Instance;
use store::{InstanceRow, RetentionClass};

/// The row of an instance in this state, with this snapshot.
pub(crate) fn row_of(instance: &Instance, snapshot: Bytes) -> InstanceRow {
    let header = instance.header();
    let started = &header.started;
    let attributes = started.attributes.iter();
    let error = instance
        .error()
        .map(|error| format!("{}: {}", error.error_type, error.message));
    let pending = instance.pending_decisions().len();
    InstanceRow {
        slot: instance.id().slot(),
        id: instance.id().bytes(),
        namespace: "default".to_owned(),
        workflow: started.workflow.clone(),
        version: started.version.clone(),
        status: instance.status().as_str().to_owned(),
        correlation_id: started.correlation_id.clone(),
        subject: (!started.subject.is_empty()).then(|| started.subject.clone()),
        parent_id: header.parent_id().map(engine::Id::bytes),
        priority: if started.priority.is_empty() {
            "normal"
        } else {
            &started.priority
        }
        .to_owned(),
        attributes: attributes
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        error,
        pending_decisions: u32::try_from(pending).unwrap_or(u32::MAX),
        created_at: header.created_at,
        updated_at: instance.updated_at(),
        ended_at: instance.ended_at(),
        seq: instance.seq(),
        snapshot,
        class: RetentionClass::default(),
    }
}
