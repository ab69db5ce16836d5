//! What a node and the home of an adapter tell each other, in one process or between nodes.

use prost::Message;

/// What a node tells the home of an adapter, and what it wants.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LimitsAsk {
    #[prost(string, tag = "1")]
    pub(crate) adapter: String,
    #[prost(string, tag = "2")]
    pub(crate) node: String,
    /// So many calls may begin at once if the rate allows it; none: that is not what is asked now.
    #[prost(uint32, optional, tag = "3")]
    pub(crate) tokens: Option<u32>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) targets: Vec<TargetAsk>,
}

/// What a node tells of one target; counters run from the node's start, so that a report that comes
/// twice or not at all loses nothing.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TargetAsk {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    /// Calls that came back, no probes.
    #[prost(uint64, tag = "2")]
    pub(crate) calls: u64,
    /// Of these, those that failed or took too long.
    #[prost(uint64, tag = "3")]
    pub(crate) failed: u64,
    /// The half-open round that the node knows of.
    #[prost(uint64, tag = "4")]
    pub(crate) round: u64,
    /// Probes of this round that it holds, begun or not.
    #[prost(uint32, tag = "5")]
    pub(crate) held: u32,
    /// Probes of this round that succeeded.
    #[prost(uint32, tag = "6")]
    pub(crate) good: u32,
    /// Probes of this round that failed.
    #[prost(uint32, tag = "7")]
    pub(crate) bad: u32,
    /// So many more probes it could begin.
    #[prost(uint32, tag = "8")]
    pub(crate) probes: u32,
}

/// What the home gives, and how the targets stand.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct LimitsAnswer {
    /// So many calls may begin.
    #[prost(uint32, tag = "1")]
    pub(crate) tokens: u32,
    /// When the next may, in milliseconds from now.
    #[prost(uint64, tag = "2")]
    pub(crate) next_in_ms: u64,
    #[prost(message, repeated, tag = "3")]
    pub(crate) targets: Vec<TargetAnswer>,
}

/// How a target stands.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TargetAnswer {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(enumeration = "WireState", tag = "2")]
    pub(crate) state: i32,
    /// How long the state has lasted, in milliseconds.
    #[prost(uint64, tag = "3")]
    pub(crate) lasted_ms: u64,
    /// How long an open one still is, in milliseconds.
    #[prost(uint64, tag = "4")]
    pub(crate) open_for_ms: u64,
    #[prost(uint64, tag = "5")]
    pub(crate) round: u64,
    /// So many more probes may begin.
    #[prost(uint32, tag = "6")]
    pub(crate) probes: u32,
    /// Calls within the window.
    #[prost(uint32, tag = "7")]
    pub(crate) calls: u32,
    /// Of these, those that failed.
    #[prost(uint32, tag = "8")]
    pub(crate) failed: u32,
    /// Why it opened.
    #[prost(string, tag = "9")]
    pub(crate) why: String,
}

/// A breaker's state as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(crate) enum WireState {
    Closed = 0,
    Open = 1,
    HalfOpen = 2,
}
