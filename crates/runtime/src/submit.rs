//! A request to start an instance, and its answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::record::StepsTaken;
use engine::{Id, Instance, Payload};
use serde::{Deserialize, Serialize};

/// A request to start an instance.
#[derive(Clone, Debug, Default)]
pub struct Submit {
    /// The workflow's name.
    pub workflow: String,
    /// Its version; none takes the pinned one, else the highest release.
    pub version: Option<semver::Version>,
    /// The input: one JSON document.
    pub input: Payload,
    /// The triggering event's data where it is not the input itself.
    pub event: Option<Payload>,
    /// The triggering event's attributes.
    pub meta: Option<Payload>,
    /// The trigger's id; empty for API and CLI.
    pub trigger: String,
    /// Persists over everything that this start sets in motion; empty: the instance's id.
    pub correlation_id: String,
    /// Whom it is about; empty: as the definition says.
    pub subject: String,
    /// `low`, `normal`, `high` or `critical`; empty: `normal`.
    pub priority: String,
    /// Searchable attributes, over those of the definition.
    pub attributes: BTreeMap<String, String>,
    /// When its steps begin, milliseconds since the epoch; none, or a time that has passed: at once.
    pub start_at: Option<i64>,
    /// Steps that count as ended, of a replay from a step on.
    pub taken: Option<Box<StepsTaken>>,
    /// The caller's idempotency key.
    pub idempotency: Option<Idempotency>,
    /// Who asks.
    pub actor: String,
    /// Through what (`api`, `hook:NAME`).
    pub cause: String,
}

/// A caller's key: the same key and digest answer as the first did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idempotency {
    /// Scoped to namespace, caller, method and path.
    pub key: String,
    /// BLAKE3 of the request's body.
    pub digest: [u8; 32],
}

/// A durable start.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The instance.
    pub id: Id,
    /// The key was used before: this is what the first request started.
    pub replayed: bool,
    /// Its state when it was answered, durable.
    pub instance: Arc<Instance>,
}
