//! What all parts of a simulated world share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::{Runtime, TokioClock};

use super::disk::Disk;
use super::faults::Faults;
use super::lives::WorldPlan;
use super::outside::Outside;
use super::signal::Signal;
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
    /// Clients that are not done yet.
    pub(super) clients: AtomicU64,
    /// Nothing fails any more.
    pub(super) calm: AtomicBool,
    /// Raised when the process has to end.
    pub(super) end: Signal,
    /// The handle of the process that runs.
    runtime: Mutex<Option<Runtime>>,
    /// Raised when there is one.
    begun: Signal,
    /// Reads that wait for the state do so one by one: the runtime wakes several in any order.
    pub(super) reading: tokio::sync::Mutex<()>,
}

/// What a world is made of.
pub(super) struct Parts {
    pub(super) plan: WorldPlan,
    pub(super) faults: Faults,
    pub(super) workload: Workload,
    pub(super) clock: TokioClock,
    pub(super) truth: Truth,
    pub(super) outside: Outside,
    pub(super) chance: Random,
}

/// A process that can be asked as long as it lives.
pub(super) struct Process {
    pub(super) runtime: Runtime,
    world: Arc<World>,
    seen: u64,
}

impl Process {
    /// The answer, or none when the process ends before it comes.
    pub(super) async fn ask<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        self.world.unless_ended(self.seen, question).await
    }
}

/// Takes a lock whether or not a panic has gone through it: the run ends with the panic anyway.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(super) fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            plan: parts.plan,
            faults: parts.faults,
            workload: parts.workload,
            clock: parts.clock,
            truth: Mutex::new(parts.truth),
            outside: Mutex::new(parts.outside),
            chance: Mutex::new(parts.chance),
            disk: Mutex::default(),
            process: AtomicU64::default(),
            clients: AtomicU64::default(),
            calm: AtomicBool::default(),
            end: Signal::default(),
            runtime: Mutex::default(),
            begun: Signal::default(),
            reading: tokio::sync::Mutex::default(),
        })
    }

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
        *lock(&self.runtime) = None;
        let mut truth = self.truth();
        truth.coverage.hit(place);
        truth.line(self.now_ms(), || place.to_owned());
        drop(truth);
        self.end.raise();
    }

    /// Keeps a finding; the run ends with the first.
    pub(super) fn judge(&self, judged: Result<(), Finding>) {
        if let Err(finding) = judged {
            self.truth().finding.get_or_insert(finding);
            self.end.raise();
        }
    }

    /// A process is open, or closed.
    pub(super) fn set_runtime(&self, runtime: Option<Runtime>) {
        *lock(&self.runtime) = runtime;
        self.begun.raise();
    }

    /// The process that runs, as soon as there is one.
    pub(super) async fn running(self: &Arc<Self>) -> Process {
        loop {
            let begun = self.begun.count();
            if let Some(runtime) = lock(&self.runtime).clone() {
                return Process {
                    runtime,
                    world: Arc::clone(self),
                    seen: self.end.count(),
                };
            }
            self.begun.beyond(begun).await;
        }
    }

    /// The answer, or none when the process (of whose life `seen` ends had been seen) ends before.
    pub(super) async fn unless_ended<T>(
        &self,
        seen: u64,
        question: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            () = self.end.beyond(seen) => None,
            answer = question => Some(answer),
        }
    }
}
