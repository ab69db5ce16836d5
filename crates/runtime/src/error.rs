//! Why the runtime could not do as asked: one type per operation.

use engine::{Id, Refusal};
use serde::{Deserialize, Serialize};
use store::StoreError;

/// Why a runtime did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings make no sense.
    #[error("expected 1 to 4096 partitions, but got {0}")]
    Partitions(u16),
    /// The store refuses or fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal holds something that this binary cannot read, or that is damaged.
    #[error("partition {partition}, position {position}: {reason}")]
    Journal {
        /// Whose journal.
        partition: u16,
        /// Where.
        position: u64,
        /// Expected and found.
        reason: String,
    },
    /// A newer binary wrote what the journal holds.
    #[error("partition {partition}, position {position}: {reason}; run the newer version")]
    Newer {
        /// Whose journal.
        partition: u16,
        /// Where.
        position: u64,
        /// Expected and found.
        reason: String,
    },
    /// The stored catalog cannot be read.
    #[error("the stored catalog cannot be read: {0}")]
    Catalog(String),
    /// Another process took a partition over while it was being opened.
    #[error("partition {0} was taken over by another process while it was being opened")]
    Fenced(u16),
}

/// Why nothing can be taken for the moment; common to all operations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Unavailable {
    /// Too much waits already; try again after so many milliseconds.
    #[error("too much waits already; try again in {retry_after_ms} ms")]
    Overloaded {
        /// When to try again, in milliseconds.
        retry_after_ms: u64,
    },
    /// The server is going down.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The partition is closed: another process took it over, or storage failed. The outcome of a
    /// command that was under way is unknown; repeat it with the same idempotency key.
    #[error("the partition is closed")]
    Closed,
    /// The store does not answer as it should.
    #[error("the store failed: {0}")]
    Store(String),
}

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// Why nothing was started.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SubmitError {
    /// The engine refuses: no such workflow, or an input that does not fit.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It travels to another partition, longer than it should.
    #[error("the start is still on its way")]
    OnItsWay,
    /// The idempotency key started this instance, which was deleted since, or purged.
    #[error(
        "the instance {0} that this idempotency key started is not kept any more; use another key"
    )]
    Gone(Id),
    /// The idempotency key was used before with another body.
    #[error("the idempotency key was used before with another request")]
    IdempotencyConflict,
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a command or a read of one instance was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CommandError {
    /// There is no such instance.
    #[error("expected a workflow instance, but there is none with id {0}")]
    NotFound(Id),
    /// The engine refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why an instance was not started anew.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The instance cannot be read, or has no such version.
    #[error(transparent)]
    Read(#[from] CommandError),
    /// It cannot be replayed from that step on.
    #[error(transparent)]
    NotTaken(#[from] engine::past::NotTaken),
    /// The new one was not started.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Why a node was not taken out of use, or back.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DrainError {
    /// The server is alone on its store.
    #[error("expected a node of a cluster, but this server is alone on its store")]
    Alone,
    /// No node that lives is called so.
    #[error("expected a node that lives, but none has the name or id {0:?}")]
    NotFound(String),
    /// Nobody would own its partitions.
    #[error("expected another node that could take over, but there is none")]
    Last,
    /// It cannot be reached for the moment.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a callback was not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallbackError {
    /// The token was not made by this store.
    #[error("expected a callback token of this server")]
    UnknownToken,
    /// The task is not open any more: completed, failed, timed out, or cancelled.
    #[error("the task is not open any more")]
    Closed,
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a catalog change was not applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApplyError<E> {
    /// The change is refused; the catalog is as it was.
    #[error("the change is refused")]
    Refused(E),
    /// For the moment nothing can be taken.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a stream ended or did not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The cursor is not one of ours.
    #[error("expected a cursor of this server")]
    InvalidCursor,
    /// The journal behind the cursor was trimmed, or the store was restored since.
    #[error("the cursor has expired")]
    CursorExpired,
    /// There is no such instance.
    #[error("expected a workflow instance, but there is none with id {0}")]
    NotFound(Id),
    /// For the moment nothing can be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What only some operations refuse is named where they are; a read of one instance is a command
/// that changes nothing.
pub type ReadError = CommandError;
