//! Callbacks and their deliveries as the API shows them.

use api::{Callback, Delivery, Json, Time};
use engine::{Instance, Status};

use super::instance::failure;

/// A callback.
pub fn callback(callback: &definition::Callback) -> Callback {
    Callback {
        name: callback.name.clone(),
        event: callback.event.clone(),
        url: callback.url.clone(),
        workflow: callback.workflow.clone(),
        when: callback.when.as_ref().map(|when| when.source().to_owned()),
        ordered: callback.ordered,
        signed: callback.signed,
        adapter: callback.delivery(),
        document: (!callback.document.is_null()).then(|| Json::from_value(&callback.document)),
    }
}

/// What an instance that delivers has come to.
pub fn delivery(instance: &Instance) -> Delivery {
    let input = instance.header().input().value();
    let text = |pointer: &str| {
        let found = input.pointer(pointer).and_then(|found| found.as_str());
        found.unwrap_or_default().to_owned()
    };
    let status = match instance.status() {
        Status::Completed => "delivered",
        Status::Cancelled => "cancelled",
        Status::Failed | Status::Compensated => "failed",
        _ => "pending",
    };
    let step = instance.steps().next();
    let error = step.as_ref().and_then(|step| step.error());
    Delivery {
        id: instance.id().to_string(),
        event_id: text("/id"),
        event_type: text("/type"),
        workflow_id: text("/data/id"),
        status: status.to_owned(),
        attempts: step.as_ref().map_or(0, |step| step.state.attempt),
        last_error: error.or(instance.error()).map(failure),
        at: Time(instance.header().created_at),
        ended_at: instance.ended_at().map(Time),
    }
}
