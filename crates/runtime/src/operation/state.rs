//! An operation's life, and the fold of its facts.
//!
//! | from | by | to |
//! | --- | --- | --- |
//! | - | made | running (completed if there is nothing to do) |
//! | running | pause | paused |
//! | paused | resume | running |
//! | running, paused | cancel, with some in hand | cancelling |
//! | running, paused | cancel, with none in hand | cancelled |
//! | cancelling | those in hand are done | cancelled |
//! | running, paused | the last ones are done | completed |

use std::collections::BTreeMap;

use bytes::Bytes;
use definition::RateSpec;
use engine::Id;
use engine::record::{
    OperationFinding, OperationMade, OperationTaken, OperationTurn, OperationTurned,
    OperationWorked, SlotBody,
};
use serde::{Deserialize, Serialize};
use store::{Change, Row, Table};

use super::action::Action;
use super::set::OperationSet;

/// Reasons that an operation keeps: those of the first that did not take it.
const FINDINGS: usize = 20;
/// First byte of the keys of operations that have ended.
const ENDED: u8 = 0;
/// First byte of the keys of open ones: they come first in lists, which go backwards.
const OPEN: u8 = 1;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What is done with each.
    pub action: Action,
    /// With which.
    pub set: OperationSet,
    /// How many at most in what time; none: as fast as they take it.
    pub rate: Option<Rate>,
}

/// So many in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// So many.
    pub calls: u32,
    /// In so many milliseconds.
    pub per_ms: u64,
}

impl From<RateSpec> for Rate {
    fn from(spec: RateSpec) -> Self {
        Self {
            calls: spec.calls,
            per_ms: spec.per_ms,
        }
    }
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationStatus {
    /// It is carried out.
    Running,
    /// Someone holds it.
    Paused,
    /// Someone gave it up; those that are in hand are still done.
    Cancelling,
    /// Someone gave it up.
    Cancelled,
    /// It is through with all.
    Completed,
}

impl OperationStatus {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Completed => "completed",
        }
    }

    /// Whether nothing more is done.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Cancelled | Self::Completed)
    }
}

/// Why one did not take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which.
    pub id: Id,
    /// It could not be reached; else it refused.
    pub failed: bool,
    /// Why.
    pub message: String,
}

/// One operation, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: Id,
    /// What was asked for; of one that has ended without its ids.
    pub asked: Asked,
    /// Who made it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub status: OperationStatus,
    /// When it was made, milliseconds since the epoch.
    pub made_at: i64,
    /// When something was last noted of it.
    pub updated_at: i64,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// How many there were when it was made.
    pub total: u64,
    /// So many took it.
    pub done: u64,
    /// So many refused it.
    pub refused: u64,
    /// So many could not be reached.
    pub failed: u64,
    /// Why, of the first few.
    pub findings: Vec<Finding>,
    /// Rises by one with each page that is taken and with each that is done.
    pub(super) step: u64,
    /// Those in hand.
    pub(super) taken: Vec<Id>,
    /// Where the walk goes on; none at its beginning.
    pub(super) next: Option<String>,
    /// The walk is over.
    pub(super) at_end: bool,
}

impl Operation {
    /// How many were worked on.
    pub fn worked(&self) -> u64 {
        self.done + self.refused + self.failed
    }

    fn made(made: &OperationMade) -> Option<Self> {
        let id = Id::from_slice(&made.id)?;
        let asked: Asked = serde_json::from_str(&made.asked).ok()?;
        Some(Self {
            id,
            asked,
            actor: made.actor.clone(),
            reason: made.reason.clone(),
            status: OperationStatus::Running,
            made_at: made.at,
            updated_at: made.at,
            ended_at: None,
            total: made.total,
            done: 0,
            refused: 0,
            failed: 0,
            findings: Vec::new(),
            step: 0,
            taken: Vec::new(),
            next: None,
            at_end: false,
        })
    }

    fn take(mut self, taken: &OperationTaken) -> Self {
        self.step = taken.step;
        self.updated_at = taken.at;
        let ids = taken.items.iter();
        self.taken = ids.filter_map(|id| Id::from_slice(id)).collect();
        self.at_end = taken.next.is_empty();
        self.next = Some(taken.next.clone());
        self.settled(taken.at)
    }

    fn work(mut self, worked: &OperationWorked) -> Self {
        self.step = worked.step;
        self.updated_at = worked.at;
        self.done += worked.done;
        self.refused += worked.refused;
        self.failed += worked.failed;
        let room = FINDINGS.saturating_sub(self.findings.len());
        let findings = worked.findings.iter().map(finding).take(room);
        self.findings.extend(findings);
        self.taken.clear();
        self.settled(worked.at)
    }

    fn turn(mut self, turned: &OperationTurned) -> Self {
        self.updated_at = turned.at;
        self.status = match turned.turn() {
            OperationTurn::Pause => OperationStatus::Paused,
            OperationTurn::Resume => OperationStatus::Running,
            OperationTurn::Cancel => OperationStatus::Cancelling,
        };
        self.settled(turned.at)
    }

    /// Ends it when nothing is in hand and nothing more is to come.
    fn settled(mut self, at: i64) -> Self {
        let ended = match self.status {
            _ if !self.taken.is_empty() => return self,
            OperationStatus::Cancelling => OperationStatus::Cancelled,
            _ if self.at_end => OperationStatus::Completed,
            _ => return self,
        };
        self.status = ended;
        self.ended_at = Some(at);
        if let OperationSet::Ids(ids) = &mut self.asked.set {
            ids.clear();
        }
        self
    }

    fn row(&self) -> Change {
        Change::Put {
            table: Table::Operation,
            slot: self.id.slot(),
            key: row_key(self.id, !self.status.is_ended()),
            value: serde_json::to_vec(self).unwrap_or_default().into(),
        }
    }
}

fn finding(finding: &OperationFinding) -> Finding {
    Finding {
        id: Id::from_slice(&finding.item).unwrap_or_default(),
        failed: finding.failed,
        message: finding.message.clone(),
    }
}

/// The key of an operation's row.
pub(crate) fn row_key(id: Id, open: bool) -> Bytes {
    let mut key = vec![if open { OPEN } else { ENDED }];
    key.extend(id.bytes());
    key.into()
}

/// How the keys of open operations begin.
pub(crate) fn open_prefix() -> Bytes {
    Bytes::from_static(&[OPEN])
}

/// The open operations of a partition; the fold of their facts.
#[derive(Default)]
pub(crate) struct Operations(BTreeMap<Id, Operation>);

impl Operations {
    /// An open one.
    pub(crate) fn get(&self, id: Id) -> Option<&Operation> {
        self.0.get(&id)
    }

    /// The open ones.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> + '_ {
        self.0.keys().copied()
    }

    /// Takes in a row of an open one.
    pub(crate) fn load(&mut self, row: &Row) {
        match serde_json::from_slice::<Operation>(&row.value) {
            Ok(operation) => drop(self.0.insert(operation.id, operation)),
            Err(error) => tracing::error!(slot = row.slot, %error, "an operation cannot be read"),
        }
    }

    /// What a fact makes of its operation; none if it is of no open one.
    pub(crate) fn after(&self, fact: &SlotBody) -> Option<Operation> {
        let open = |id: &[u8]| self.get(Id::from_slice(id)?).cloned();
        match fact {
            SlotBody::OperationMade(made) => Operation::made(made),
            SlotBody::OperationTaken(taken) => open(&taken.id).map(|open| open.take(taken)),
            SlotBody::OperationWorked(worked) => open(&worked.id).map(|open| open.work(worked)),
            SlotBody::OperationTurned(turned) => open(&turned.id).map(|open| open.turn(turned)),
            _ => None,
        }
    }

    /// Applies a fact; answers with what is written of it. One that has ended is not remembered.
    pub(crate) fn apply(&mut self, fact: &SlotBody) -> Vec<Change> {
        let Some(after) = self.after(fact) else {
            return Vec::new();
        };
        let (id, put) = (after.id, after.row());
        if !after.status.is_ended() {
            self.0.insert(id, after);
            return vec![put];
        }
        self.0.remove(&id);
        let open = Change::Delete {
            table: Table::Operation,
            slot: id.slot(),
            key: row_key(id, true),
        };
        vec![open, put]
    }
}
