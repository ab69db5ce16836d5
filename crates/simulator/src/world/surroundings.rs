//! What all parts of a simulated world share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use runtime::{Runtime, TokioClock};
use tokio::sync::watch;

use super::disk::Disk;
use super::faults::Faults;
use super::lives::WorldPlan;
use super::outside::Outside;
use super::truth::Truth;
use crate::finding::Finding;
use crate::random::Random;
use crate::workload::Workload;

/// A simulated world.
pub(super) struct World {
    pub(super) plan: WorldPlan,
    pub(super) faults: Faults,
    pub(super) workload: Workload,
    pub(super) clock: TokioClock,
    pub(super) disk: Mutex<Disk>,
    pub(super) truth: Mutex<Truth>,
    pub(super) outside: Mutex<Outside>,
    /// Chance of the store; clients and adapters have their own.
    pub(super) chance: Mutex<Random>,
    /// The number of the process that runs; work of older ones goes nowhere.
    pub(super) process: AtomicU64,
    /// Nothing fails any more.
    pub(super) calm: AtomicBool,
    /// Rises when the process has to end.
    pub(super) end: watch::Sender<u64>,
    /// The handle of the process that runs.
    pub(super) runtime: watch::Sender<Option<Runtime>>,
}

/// Takes a lock whether or not a panic has gone through it: the run ends with the panic anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(super) fn truth(&self) -> MutexGuard<'_, Truth> {
        lock(&self.truth)
    }

    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Milliseconds since the epoch.
    pub(super) fn now_ms(&self) -> i64 {
        runtime::Clock::now_ms(&self.clock)
    }

    /// Whether something happens that happens so many times in a hundred; never when all is calm.
    pub(super) fn strikes(&self, percent: u64) -> bool {
        percent > 0 && !self.is_calm() && lock(&self.chance).chance(percent)
    }

    /// A number from the store's chance.
    pub(super) fn draw(&self, low: u64, high: u64) -> u64 {
        lock(&self.chance).between(low, high)
    }

    /// The present process ends here, as if it was killed.
    pub(super) fn crash(&self, place: &'static str) {
        self.process.fetch_add(1, Ordering::Relaxed);
        let mut truth = self.truth();
        truth.coverage.hit(place);
        truth.line(self.now_ms(), || format!("crash {place}"));
        drop(truth);
        self.end.send_modify(|end| *end += 1);
    }

    /// Keeps a finding; the run ends with the first.
    pub(super) fn judge(&self, judged: Result<(), Finding>) {
        if let Err(finding) = judged {
            self.truth().finding.get_or_insert(finding);
            self.end.send_modify(|end| *end += 1);
        }
    }

    /// The runtime, as soon as there is one.
    pub(super) async fn runtime(&self) -> Option<Runtime> {
        let mut runtime = self.runtime.subscribe();
        let found = runtime.wait_for(Option::is_some).await.ok()?;
        found.clone()
    }

    /// Lets a question end without answer when the process ends before it is answered.
    pub(super) async fn unless_ended<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        let mut end = self.end.subscribe();
        tokio::select! {
            biased;
            answer = question => Some(answer),
            _ = end.changed() => None,
        }
    }
}
