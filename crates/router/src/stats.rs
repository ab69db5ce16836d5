use definition::Target;

/// How the outside is at the moment, as far as rules and pools ask for it.
pub trait Stats {
    /// What conditions see of an adapter; none: there is no such adapter.
    fn adapter(&self, name: &str) -> Option<AdapterStats>;

    /// What a pool asks of one of its members.
    fn target(&self, target: &Target) -> TargetStats;

    /// Where this node stands: `node.zone`.
    fn zone(&self) -> Option<&str>;
}

/// `adapters.<name>` in a condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdapterStats {
    /// Whether its calls are expected to work: its probes succeed, and no one paused it.
    pub healthy: bool,
    /// Its circuit breaker.
    pub breaker: Breaker,
    /// Calls under way.
    pub in_flight: u64,
    /// The share of its last calls that failed, from 0 to 1.
    pub error_rate: f64,
}

/// A circuit breaker, in the words of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Calls go through.
    Closed,
    /// Probes go through.
    HalfOpen,
    /// Calls wait.
    Open,
}

impl Breaker {
    /// Its word: `closed`, `half-open` or `open`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }
}

/// What a pool knows of one of its members.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetStats {
    /// Whether it can take work now; a pool passes over those that cannot while another can.
    pub available: bool,
    /// Work under way there.
    pub in_flight: u64,
    /// How long 95 of 100 of its last calls took at most, in milliseconds; none: not known.
    pub latency_p95_ms: Option<f64>,
    /// The share of its last calls that failed, from 0 to 1; none: not known.
    pub error_rate: Option<f64>,
}

impl Default for TargetStats {
    fn default() -> Self {
        Self {
            available: true,
            in_flight: 0,
            latency_p95_ms: None,
            error_rate: None,
        }
    }
}

/// Nothing is known of the outside.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStats;

impl Stats for NoStats {
    fn adapter(&self, _: &str) -> Option<AdapterStats> {
        None
    }

    fn target(&self, _: &Target) -> TargetStats {
        TargetStats::default()
    }

    fn zone(&self) -> Option<&str> {
        None
    }
}
