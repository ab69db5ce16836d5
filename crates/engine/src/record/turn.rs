//! Facts about whose turn it is: the limit that an instance stands under, its share, its place.

use prost::{Enumeration, Message};

/// The limit that an instance stands under: so many with the same name run at once.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct TurnLimit {
    /// The workflow whose instances count; empty: those of all that use the key.
    #[prost(string, tag = "1")]
    pub workflow: String,
    /// The key.
    #[prost(string, tag = "2")]
    pub key: String,
    /// So many at once.
    #[prost(uint32, tag = "3")]
    pub limit: u32,
    /// What becomes of one more.
    #[prost(enumeration = "OverLimit", tag = "4")]
    pub over: i32,
}

impl TurnLimit {
    /// The name under which instances count together.
    pub fn name(&self) -> String {
        let workflow = match self.workflow.as_str() {
            "" => "*",
            workflow => workflow,
        };
        format!("{workflow}/{}", self.key)
    }

    /// What it allows, in words.
    pub fn told(&self) -> String {
        let run = match self.limit {
            1 => "at most 1 instance runs".to_owned(),
            limit => format!("at most {limit} instances run"),
        };
        let of = match self.workflow.as_str() {
            "" => "of all workflows".to_owned(),
            workflow => format!("of {workflow}"),
        };
        match self.key.as_str() {
            "" => format!("{run} {of} at once"),
            key => format!("{run} {of} at once with key \"{key}\""),
        }
    }
}

/// What becomes of an instance that would be one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum OverLimit {
    /// It waits for its turn.
    Queue = 0,
    /// Its start is refused.
    Reject = 1,
    /// The oldest one is cancelled.
    CancelOldest = 2,
}

/// Whose share of what is short an instance takes.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Share {
    /// Whose.
    #[prost(string, tag = "1")]
    pub key: String,
    /// How large it is beside others, from 1.
    #[prost(uint32, tag = "2")]
    pub weight: u32,
}

/// See [`super::Body::TurnAwaited`].
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct TurnAwaited {
    /// Its place: rises with each instance of a partition that begins to wait.
    #[prost(uint64, tag = "1")]
    pub place: u64,
}

/// A start was refused where it had travelled to.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct StartRefused {
    /// The idempotency key that was taken for it.
    #[prost(string, tag = "1")]
    pub key: String,
}

/// An idempotency key is free again: what it was taken for was refused.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct KeyReleased {
    /// The scoped key.
    #[prost(string, tag = "1")]
    pub key: String,
}
