//! Acts on the past: from which state an instance goes on when it is retried, restored or migrated.
//!
//! The answers are computed from states alone, so that a dry run and the act itself agree.

mod effects;
mod migrate;
mod renewal;
mod restore;
mod retry;
mod take;

use crate::command::Refusal;
use crate::record::{Record, Rewritten};

pub use effects::{EffectKind, MadeEffect, effects_since};
pub use migrate::Fit;
pub(crate) use restore::pending_restore;
pub use take::{NotTaken, Taking};

/// The most bytes of a state that a record carries.
const MAX_BYTES: usize = 4 << 20;

/// What an act on the past comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// The state from which the instance goes on.
    pub state: Rewritten,
    /// The steps that run again.
    pub again: Vec<Again>,
}

/// A step that runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Its id.
    pub step: String,
    /// Its lane's path; empty for the root list.
    pub lane: String,
    /// Why.
    pub why: Why,
    /// Who is called again; empty where nobody is.
    pub calls: String,
    /// What it did, or may have done, before is not undone: it is repeated.
    pub repeats: bool,
    /// The call is the same intention as before: it has the same idempotency key.
    pub same_key: bool,
}

/// Why a step runs again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It failed.
    Failed,
    /// It was not needed any more when the instance ended.
    Cancelled,
    /// It had completed, and was undone.
    Undone,
    /// It was under way.
    UnderWay,
    /// It had completed.
    Done,
}

impl Why {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Undone => "undone",
            Self::UnderWay => "under-way",
            Self::Done => "completed",
        }
    }
}

/// How many of an instance's records, from its first on, make the state in which it rested once it
/// had the one with this seq: the records of one decision belong together.
pub fn resting(records: &[Record], seq: u64) -> usize {
    let after = records.partition_point(|record| record.seq <= seq);
    let mut next = records[after..].iter();
    let begins = next.position(|record| record.origin.is_some());
    begins.map_or(records.len(), |more| after + more)
}

/// Refuses a state that is too large for a record.
fn bounded(state: Rewritten) -> Result<Rewritten, Refusal> {
    let bytes = prost::Message::encoded_len(&state);
    if bytes <= MAX_BYTES {
        return Ok(state);
    }
    let told = format!(
        "expected a state of at most {MAX_BYTES} bytes, but this instance's has {bytes}: replay it as a new one"
    );
    Err(Refusal::Forbidden(told.into()))
}
