//! Turns under the limits of workflows: who has one, who waits, who is next. All instances under one
//! limit live in the slot of its name, so that one partition counts them exactly; what it knows is the
//! fold of their records.
//!
//! | an instance | how it came | how it goes on |
//! | --- | --- | --- |
//! | waits | its start, the time of its start | called, when there is room and it is next |
//! | is held | someone pauses it | waits again, at its place |
//! | is called | there was room | has its turn, once that is recorded |
//! | has its turn | its record says so | leaves when it ends |
//! | leaves | it is cancelled, or ending | gives its turn back when it has ended |

mod book;
mod limit;
mod row;
#[cfg(test)]
mod tests;

use book::COUNTED;
pub(crate) use book::{Next, Turns};
pub(crate) use row::{TurnRow, row_of_turn};

use crate::limits::HeldTask;

/// How an instance that waits for its turn stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Queue {
    /// How many go before it, as things stand.
    pub(crate) ahead: usize,
    /// How many have a turn.
    pub(crate) running: usize,
}

impl Queue {
    /// The same in words.
    pub(crate) fn told(self) -> HeldTask {
        let Self { ahead, running } = self;
        let before = match ahead {
            0 => "it is next".to_owned(),
            1 => "1 is ahead of it".to_owned(),
            COUNTED.. => format!("{COUNTED} or more are ahead of it"),
            ahead => format!("{ahead} are ahead of it"),
        };
        HeldTask {
            task: None,
            kind: "limit".to_owned(),
            what: format!("{running} running, {before}"),
            until: None,
        }
    }
}
