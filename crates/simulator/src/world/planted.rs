//! Faults that are planted on purpose, to see that the checkers find them.

/// A fault of the world that no checker may miss.
#[cfg_attr(not(test), expect(dead_code, reason = "only tests plant faults"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    /// A commit is reported before it is made: effects are released too early.
    EarlyRelease,
    /// Timers are not written.
    LostTimer,
    /// Nobody says what names blobs.
    UnnamedBlobs,
    /// Snapshots claim to hold one record less than they do: it is applied twice.
    DoubleApply,
    /// The journal is trimmed to a state that is not synced.
    TrimPastSynced,
    /// What an older attempt came to is handed in as the newest one's.
    OldGeneration,
    /// A writer whose partition is another's by now is told that its batch is durable.
    NoFence,
    /// A batch is told to be durable, and forgotten.
    ForgottenBatch,
    /// Idempotency keys are not found again.
    ForgottenKeys,
    /// Kept outputs are found again when their time is over.
    StaleOutputs,
    /// The clock of a node stands still with the node: it takes its lease to last.
    StoppedClock,
    /// Frames between nodes get lost, and their connection goes on.
    LostFrames,
    /// The leases of a node that died go on moving.
    GhostLease,
    /// A node does not learn that its clock is off.
    UntoldClock,
}
