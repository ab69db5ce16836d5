//! What reads answer with.

use serde::{Deserialize, Serialize};
use serde_json::Value;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionStatus {
    /// A person is asked.
    #[default]
    Pending,
    /// A person answered.
    Answered,
    /// The instance went on without an answer.
    Withdrawn,
}

/// A question to a person, as lists see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
    /// `approval`, `question`, `exhausted`, `compensation-approval`, `compensation-failed` or `instance-failed`.
    pub kind: String,
    /// How it stands.
    pub status: DecisionStatus,
    /// The type of the error that led to it; empty if none did.
    pub error_type: String,
    /// The error's message.
    pub error_message: String,
    /// When it was asked, milliseconds since the epoch.
    pub requested_at: i64,
    /// The answer, once there is one.
    pub answer: Option<DecisionAnswer>,
    /// The question in words.
    pub prompt: String,
    /// What can be chosen; empty once it does not wait any more.
    pub choices: Vec<String>,
    /// What a person needs to see.
    pub show: Option<Value>,
    /// The JSON Schema of an answer's data.
    pub form: Option<Value>,
    /// What is approved and may be amended.
    pub data: Option<Value>,
    /// `low`, `medium`, `high` or `critical`; empty if nothing says.
    pub risk: String,
    /// What demands the approval, in words.
    pub reasons: Vec<String>,
    /// Who may answer; empty: any caller with the permission to decide.
    pub approvers: Vec<String>,
    /// How many must approve.
    pub quorum: u32,
    /// An answer needs a comment.
    pub comment_required: bool,
    /// The requester cannot be the only one who approves.
    pub four_eyes: bool,
    /// Who set the instance in motion.
    pub requester: String,
    /// Someone who may answer may hand that on.
    pub delegate: bool,
    /// Approvals so far, where several must agree.
    pub answers: Vec<DecisionAnswer>,
    /// When its time is over, milliseconds since the epoch.
    pub expires_at: Option<i64>,
    /// Its time is over, and it is waited on all the same.
    pub overdue: bool,
    /// Others were asked when its time was over.
    pub escalated: bool,
    /// Reminders so far.
    pub reminded: u32,
    /// Who handed it on to whom.
    pub delegations: Vec<Delegation>,
    /// Calls that tell of it.
    pub notices: Vec<NoticeRow>,
}

/// Decisions that wait, for the figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionsWaiting {
    /// How many.
    pub pending: u64,
    /// Those whose time is over and that are waited on all the same.
    pub overdue: u64,
    /// For how long the oldest has waited, in milliseconds.
    pub oldest_ms: u64,
}

/// A decision handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// By whom.
    pub by: String,
    /// To whom: `user:NAME`, `role:NAME`.
    pub to: String,
    /// Why.
    pub comment: String,
}

/// A call that tells of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRow {
    /// The adapter; empty where it is unknown.
    pub adapter: String,
    /// `running`, `retrying`, `completed` or `failed`.
    pub status: String,
    /// Attempts so far.
    pub attempts: u32,
    /// Why it does not get through.
    pub error: Option<String>,
    /// When the next attempt is due, RFC 3339.
    pub next_at: Option<String>,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionAnswer {
    /// One of the decision's choices, or `expire`.
    pub choice: String,
    /// Why.
    pub comment: String,
    /// Who.
    pub by: String,
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// The data that it brings; of the last answer the data that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
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
