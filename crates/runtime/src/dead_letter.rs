//! Dead letters: calls that failed for good and are kept whole, apart from their instances, until
//! someone has them called anew or throws them away.

use bytes::Bytes;
use engine::Id;
use engine::record::{DeadLetterSettled, DeadLettered, Record, Settled, TaskKind};
use engine::{Instance, Payload};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Change, Table};

use crate::error::{SubmitError, Unavailable};

/// First byte of the keys of letters that need nobody any more.
const SETTLED: u8 = 0;
/// First byte of the keys of those that wait: they come first in lists, which go backwards.
const WAITING: u8 = 1;

/// How a dead letter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LetterStatus {
    /// It waits for someone.
    #[default]
    Pending,
    /// Its call was made anew, in an instance of its own.
    Reprocessed,
    /// Someone threw it away.
    Discarded,
    /// Its instance was retried or restored, and makes the call itself.
    Superseded,
}

/// A call that failed for good, whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeadLetter {
    /// Its id.
    pub id: Id,
    /// `step`, `compensation` or `event`.
    pub kind: String,
    /// How it stands.
    pub status: LetterStatus,
    /// The instance; nil where an event could not start one.
    pub workflow_id: Id,
    /// The event that could not start an instance.
    pub event: Option<Id>,
    /// The instance's workflow.
    pub workflow: String,
    /// The workflow's version.
    pub version: String,
    /// The step's id.
    pub step: String,
    /// The adapter; empty where a child was called.
    pub adapter: String,
    /// Its action; empty if it has none.
    pub action: String,
    /// What it was called with; gone once it is settled.
    pub input: Value,
    /// The input is the instance's own.
    pub own_input: bool,
    /// Why it failed for good.
    pub error: LetterError,
    /// Its latest attempts, the last at the end; gone once it is settled.
    pub attempts: Vec<LetterAttempt>,
    /// How many there were.
    pub attempt_count: u32,
    /// The instance's correlation id.
    pub correlation_id: String,
    /// Whom the instance is about; may be empty.
    pub subject: String,
    /// The instance's priority; empty: `normal`.
    pub priority: String,
    /// When it failed for good, milliseconds since the epoch.
    pub at: i64,
    /// What became of it.
    pub settled: Option<LetterSettled>,
}

/// Why a call failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterError {
    /// Its type.
    #[serde(rename = "type")]
    pub error_type: String,
    /// What happened.
    pub message: String,
}

/// One attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterAttempt {
    /// Which, from 1.
    pub attempt: u32,
    /// When it failed, milliseconds since the epoch.
    pub at: i64,
    /// Why.
    pub error: LetterError,
    /// Whether it may have taken effect.
    pub effect_unknown: bool,
    /// The target called; empty if none.
    pub target: String,
}

/// What became of a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSettled {
    /// Who.
    pub by: String,
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// Why; may be empty.
    pub reason: String,
    /// Through what (`api`, `operation:ID`).
    pub cause: String,
    /// The instance that makes its call anew; of a superseded one its own.
    pub instance: Option<Id>,
}

/// Which letters; what is left out fits all. It is stored: names and fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LetterFilter {
    /// How they stand.
    pub status: Option<LetterStatus>,
    /// Of this workflow.
    pub workflow: Option<String>,
    /// Of this instance.
    pub workflow_id: Option<Id>,
    /// Of this step.
    pub step: Option<String>,
    /// Of this adapter.
    pub adapter: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// With an error of this type.
    pub error_type: Option<String>,
    /// With this correlation id.
    pub correlation_id: Option<String>,
}

impl LetterFilter {
    /// Whether a letter fits.
    pub fn fits(&self, letter: &DeadLetter) -> bool {
        let is = |wanted: &Option<String>, found: &String| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        self.status.is_none_or(|status| status == letter.status)
            && self.workflow_id.is_none_or(|id| id == letter.workflow_id)
            && is(&self.workflow, &letter.workflow)
            && is(&self.step, &letter.step)
            && is(&self.adapter, &letter.adapter)
            && is(&self.action, &letter.action)
            && is(&self.error_type, &letter.error.error_type)
            && is(&self.correlation_id, &letter.correlation_id)
    }
}

/// Why nothing was done with a letter.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LetterRefused {
    /// There is none.
    #[error("there is no dead letter with id {0}")]
    NotFound(Id),
    /// Somebody was faster.
    #[error("expected a dead letter that waits, but it was {} before", word(.0))]
    Settled(Box<DeadLetter>),
    /// It cannot be called anew as it is.
    #[error("{0}")]
    Unfit(String),
    /// Its call cannot be started.
    #[error(transparent)]
    Start(#[from] SubmitError),
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

fn word(letter: &DeadLetter) -> &'static str {
    letter.status.as_str()
}

impl LetterStatus {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Reprocessed => "reprocessed",
            Self::Discarded => "discarded",
            Self::Superseded => "superseded",
        }
    }
}

/// The key of a letter's row.
pub(crate) fn letter_key(id: Id, waits: bool) -> Bytes {
    let mut key = vec![if waits { WAITING } else { SETTLED }];
    key.extend(id.bytes());
    key.into()
}

/// How the keys of letters that wait, or of the others, begin.
pub(crate) fn letter_prefix(waits: bool) -> Bytes {
    Bytes::copy_from_slice(&[if waits { WAITING } else { SETTLED }])
}

/// The row of a letter that a record of the instance says.
pub(crate) fn letter_row(instance: &Instance, record: &Record, body: &DeadLettered) -> Change {
    let started = &instance.header().started;
    let (input, own_input) = match &body.input {
        Some(input) => (value(input), false),
        None => (value(&instance.header().input()), true),
    };
    let kind = match body.task.kind() {
        TaskKind::Run => "step",
        TaskKind::Undo | TaskKind::Verify | TaskKind::Notify => "compensation",
    };
    let attempts = body.attempts.iter().map(|note| LetterAttempt {
        attempt: note.attempt,
        at: note.at,
        error: error_of(&note.error),
        effect_unknown: note.error.effect_unknown,
        target: note.target.clone(),
    });
    let letter = DeadLetter {
        id: Id::from_slice(&body.id).unwrap_or_default(),
        kind: kind.to_owned(),
        workflow_id: instance.id(),
        workflow: started.workflow.clone(),
        version: started.version.clone(),
        step: instance.step_name(body.task.at),
        adapter: body.adapter.clone(),
        action: body.action.clone(),
        input,
        own_input,
        error: error_of(&body.error),
        attempts: attempts.collect(),
        attempt_count: body.task.attempt,
        correlation_id: started.correlation_id.clone(),
        subject: started.subject.clone(),
        priority: started.priority.clone(),
        at: record.at,
        ..DeadLetter::default()
    };
    letter_change(&letter)
}

/// The row of a letter that waits.
pub(crate) fn letter_change(letter: &DeadLetter) -> Change {
    Change::Put {
        table: Table::DeadLetter,
        slot: letter.id.slot(),
        key: letter_key(letter.id, true),
        value: serde_json::to_vec(letter).unwrap_or_default().into(),
    }
}

/// The row goes: its compensation was decided about by other means.
pub(crate) fn letter_gone(id: Id) -> Change {
    Change::Delete {
        table: Table::DeadLetter,
        slot: id.slot(),
        key: letter_key(id, true),
    }
}

/// What is written of a letter that was settled.
pub(crate) fn settled_rows(fact: &DeadLetterSettled) -> Vec<Change> {
    let id = Id::from_slice(&fact.id).unwrap_or_default();
    let put = Change::Put {
        table: Table::DeadLetter,
        slot: id.slot(),
        key: letter_key(id, false),
        value: Bytes::copy_from_slice(fact.row.as_bytes()),
    };
    vec![letter_gone(id), put]
}

/// The fact that settles a letter: what stays of it says who, when and why, but not with what.
pub(crate) fn settling(letter: DeadLetter, settled: LetterSettled) -> DeadLetterSettled {
    let (how, status) = match settled.instance {
        Some(id) if id == letter.workflow_id => (Settled::Superseded, LetterStatus::Superseded),
        Some(_) => (Settled::Reprocessed, LetterStatus::Reprocessed),
        None => (Settled::Discarded, LetterStatus::Discarded),
    };
    let (at, reason) = (settled.at, settled.reason.clone());
    let stays = DeadLetter {
        status,
        input: Value::Null,
        attempts: Vec::new(),
        settled: Some(settled),
        ..letter
    };
    DeadLetterSettled {
        id: Bytes::copy_from_slice(&stays.id.bytes()),
        how: how as i32,
        at,
        reason,
        row: serde_json::to_string(&stays).unwrap_or_default(),
    }
}

fn error_of(error: &engine::record::Failure) -> LetterError {
    LetterError {
        error_type: error.error_type.clone(),
        message: error.message.clone(),
    }
}

fn value(payload: &Payload) -> Value {
    Value::clone(&payload.value())
}
