//! What a committed batch says in the log: each line bears correlation id, instance and step.

use engine::Instance;
use engine::record::{Body, Record, StepRef};

use crate::partition::Delta;

/// Logs what is worth a line. Failures are visible by default, progress at `debug`.
pub(crate) fn committed(records: &[Record], deltas: &[Delta]) {
    for delta in deltas {
        for record in delta
            .ranges
            .iter()
            .flat_map(|range| &records[range.clone()])
        {
            log(&delta.after, record);
        }
    }
}

fn log(instance: &Instance, record: &Record) {
    let started = &instance.header().started;
    let (id, correlation_id, workflow) =
        (instance.id(), &started.correlation_id, &started.workflow);
    let step = |at: StepRef| instance.step_name(at);
    match record.body.as_ref() {
        Some(Body::InstanceStarted(_)) => {
            tracing::debug!(instance = %id, %correlation_id, %workflow, "started");
        }
        Some(Body::InstanceEnded(_)) => {
            let status = instance.status().as_str();
            tracing::debug!(instance = %id, %correlation_id, %workflow, status, "ended");
        }
        Some(Body::InstanceFailing(failing)) => {
            let error = &failing.error.error_type;
            tracing::warn!(instance = %id, %correlation_id, %workflow, error, "failing");
        }
        Some(Body::AttemptFailed(failed)) => {
            let (error, message) = (&failed.error.error_type, &failed.error.message);
            let (step, attempt) = (step(failed.task.at), failed.task.attempt);
            tracing::info!(instance = %id, %correlation_id, step, attempt, error, message, "attempt failed");
        }
        Some(Body::StepFailed(failed)) => {
            let (step, error) = (step(failed.at), &failed.error.error_type);
            tracing::info!(instance = %id, %correlation_id, step, error, "step failed");
        }
        Some(Body::StepCompleted(completed)) => {
            tracing::debug!(instance = %id, %correlation_id, step = step(completed.at), "step completed");
        }
        Some(Body::SignalReceived(signal)) => {
            let signal = signal.name.as_str();
            tracing::debug!(instance = %id, %correlation_id, %workflow, signal, "a signal came");
        }
        Some(Body::DecisionRequested(asked)) => {
            let step = step(asked.task.at);
            tracing::warn!(instance = %id, %correlation_id, step, "a person has to decide");
        }
        _ => {}
    }
}
