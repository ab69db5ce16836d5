//! Facts about acts on the past: an instance goes on from another state than the one it has.
//!
//! Each carries the state that results, so that applying it asks nothing.

use prost::Message;

use super::StepRef;
use crate::payload::Payload;
use crate::state::{Lane, Progress};

/// The state from which an instance goes on. See [`super::Body::InstanceRetried`],
/// [`super::Body::RestoreRequested`], [`super::Body::InstanceRestored`] and
/// [`super::Body::InstanceMigrated`].
#[derive(Clone, PartialEq, Message)]
pub struct Rewritten {
    /// Why, as the caller said.
    #[prost(string, tag = "1")]
    pub reason: String,
    /// Of a restore: the record after which it was so.
    #[prost(uint64, tag = "2")]
    pub to_seq: u64,
    /// The version of the workflow on which it goes on.
    #[prost(string, tag = "3")]
    pub version: String,
    /// Everything but its lanes.
    #[prost(message, required, boxed, tag = "4")]
    pub progress: Box<Progress>,
    /// Lanes as they are now.
    #[prost(message, repeated, tag = "5")]
    pub lanes: Vec<Lane>,
    /// Lanes that are not named stay as they were; else they are gone.
    #[prost(bool, tag = "6")]
    pub others_stay: bool,
    /// It had given its turn under the limit of its workflow back, and waits for another one before it
    /// goes on.
    #[prost(bool, tag = "104")]
    pub queues: bool,
}

impl Rewritten {
    /// Every payload that it carries.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let lanes = self.lanes.iter().flat_map(Lane::payloads);
        self.progress.payloads().chain(lanes)
    }
}

/// See [`super::Body::StepsTaken`].
#[derive(Clone, PartialEq, Message)]
pub struct StepsTaken {
    /// The instance that they are taken from (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub from: bytes::Bytes,
    /// The steps, in the order of the root list.
    #[prost(message, repeated, tag = "2")]
    pub steps: Vec<TakenStep>,
}

/// A step of the root list that ended in another instance.
#[derive(Clone, PartialEq, Message)]
pub struct TakenStep {
    /// Its place.
    #[prost(message, required, tag = "1")]
    pub at: StepRef,
    /// Its output; none means null.
    #[prost(message, optional, tag = "2")]
    pub output: Option<Payload>,
    /// It was skipped there.
    #[prost(bool, tag = "3")]
    pub skipped: bool,
}
