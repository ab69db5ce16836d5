//! What reads answer with.

use serde::{Deserialize, Serialize};
use store::{Count, InstanceRow, Page};

use engine::record::Record;

/// How fresh a list has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// Everything that was durable when the list was asked for.
    #[default]
    Fresh,
    /// What is projected already; does not wait.
    Eventual,
}

/// A partition whose projection had not caught up when a read was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Which.
    pub partition: u16,
    /// How long it has been behind, in milliseconds.
    pub behind_ms: u64,
}

/// A page of instances.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The rows, newest first.
    pub page: Page<InstanceRow>,
    /// Partitions that may lack their newest; empty when the list is complete.
    pub incomplete: Vec<Behind>,
}

/// Counts of instances.
#[derive(Clone, Debug)]
pub struct Counted {
    /// By group.
    pub counts: Vec<Count>,
    /// Partitions that may lack their newest; empty when the counts are complete.
    pub incomplete: Vec<Behind>,
}

/// Part of one instance's history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// Records in order.
    pub records: Vec<Record>,
    /// More records follow.
    pub more: bool,
}

/// How a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionStatus {
    /// A person is asked.
    Pending,
    /// A person answered.
    Answered,
    /// The instance went on without an answer.
    Withdrawn,
}

/// A question to a person, as lists see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// Its id.
    pub id: String,
    /// The instance that asks.
    pub workflow_id: String,
    /// The instance's workflow.
    pub workflow: String,
    /// The instance's correlation id.
    pub correlation_id: String,
    /// The step's id.
    pub step: String,
    /// `exhausted` or `compensation-failed`.
    pub kind: String,
    /// How it stands.
    pub status: DecisionStatus,
    /// The type of the error that led to it.
    pub error_type: String,
    /// The error's message.
    pub error_message: String,
    /// When it was asked, milliseconds since the epoch.
    pub requested_at: i64,
    /// The answer, once there is one.
    pub answer: Option<DecisionAnswer>,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionAnswer {
    /// `retry`, `skip` or `fail`.
    pub choice: String,
    /// Why.
    pub comment: String,
    /// Who.
    pub by: String,
    /// When, milliseconds since the epoch.
    pub at: i64,
}

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// Who.
    pub who: String,
    /// What kind of act: the record's name (`cancel-requested`, `decision-made`, `catalog-changed`).
    pub kind: String,
    /// Through what it came (`api` ...).
    pub cause: String,
    /// The instance, or empty for the catalog.
    pub workflow_id: String,
    /// Why, as the person said; may be empty.
    pub reason: String,
    /// Further facts.
    pub data: serde_json::Value,
}

/// Which audit entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// At or after, milliseconds since the epoch.
    pub since: Option<i64>,
    /// Of this person.
    pub who: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
}

/// A page of a keyed table, newest first.
#[derive(Clone, Debug)]
pub struct TablePage<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Pass it back for the next page.
    pub next: Option<String>,
}
