//! How adapters stand, for those who watch them.

use engine::record::TaskKey;
use prost::Message;

use super::breaker::BreakerState;

/// How one adapter stands, as far as one node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdapterStanding {
    /// Calls under way.
    pub running: u64,
    /// Calls that wait.
    pub waiting: u64,
    /// Its targets, in the order of its settings.
    pub targets: Vec<TargetStanding>,
    /// Why the first of those that wait does, in words; none: nothing waits.
    pub held: Option<String>,
}

/// How one target stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetStanding {
    /// Its name: the address without what differs from call to call.
    pub name: String,
    /// Where its breaker is; a switch may hold it open besides.
    pub state: BreakerState,
    /// When the state began, milliseconds since the epoch; none: it never changed.
    pub since: Option<i64>,
    /// When probes may be sent, milliseconds since the epoch; of an open breaker.
    pub until: Option<i64>,
    /// Why it opened.
    pub why: String,
    /// Calls within the breaker's window, of all nodes.
    pub calls: u32,
    /// Of these, those that failed.
    pub failed: u32,
    /// Calls under way; of one among several, only while something limits the adapter.
    pub running: u64,
}

/// A task that waits to be called, or an instance that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTask {
    /// Which; none: the instance itself waits for its turn.
    pub task: Option<TaskKey>,
    /// `limit`, `rate`, `breaker` or `paused`.
    pub kind: String,
    /// For what, in words.
    pub what: String,
    /// Until when at least, milliseconds since the epoch; none: nobody knows.
    pub until: Option<i64>,
}

/// What another node has under way of an adapter.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StandingAnswer {
    #[prost(uint64, tag = "1")]
    pub(crate) running: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) waiting: u64,
    #[prost(string, optional, tag = "3")]
    pub(crate) held: Option<String>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) targets: Vec<TargetRunning>,
}

/// What another node has under way at a target.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TargetRunning {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    running: u64,
}

/// The tasks of an instance that wait at another node.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct HeldTasks {
    #[prost(message, repeated, tag = "1")]
    tasks: Vec<HeldTaskAnswer>,
}

#[derive(Clone, PartialEq, Message)]
struct HeldTaskAnswer {
    #[prost(message, optional, tag = "1")]
    task: Option<TaskKey>,
    #[prost(string, tag = "2")]
    kind: String,
    #[prost(string, tag = "3")]
    what: String,
    #[prost(int64, optional, tag = "4")]
    until: Option<i64>,
}

impl AdapterStanding {
    /// Adds what another node has under way.
    pub(crate) fn add(&mut self, other: &StandingAnswer) {
        self.running += other.running;
        self.waiting += other.waiting;
        if self.held.is_none() {
            self.held.clone_from(&other.held);
        }
        for told in &other.targets {
            let mut targets = self.targets.iter_mut();
            if let Some(target) = targets.find(|target| target.name == told.name) {
                target.running += told.running;
            }
        }
    }
}

impl From<AdapterStanding> for StandingAnswer {
    fn from(standing: AdapterStanding) -> Self {
        let running = |target: TargetStanding| TargetRunning {
            name: target.name,
            running: target.running,
        };
        Self {
            running: standing.running,
            waiting: standing.waiting,
            held: standing.held,
            targets: standing.targets.into_iter().map(running).collect(),
        }
    }
}

impl From<Vec<HeldTask>> for HeldTasks {
    fn from(held: Vec<HeldTask>) -> Self {
        let told = |held: HeldTask| HeldTaskAnswer {
            task: held.task,
            kind: held.kind,
            what: held.what,
            until: held.until,
        };
        Self {
            tasks: held.into_iter().map(told).collect(),
        }
    }
}

impl From<HeldTasks> for Vec<HeldTask> {
    fn from(held: HeldTasks) -> Self {
        let told = |held: HeldTaskAnswer| HeldTask {
            task: held.task,
            kind: held.kind,
            what: held.what,
            until: held.until,
        };
        held.tasks.into_iter().map(told).collect()
    }
}
