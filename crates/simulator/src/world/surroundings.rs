//! What all parts of a simulated world share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runtime::{Runtime, TokioClock};

use super::disk::Disk;
use super::faults::Faults;
use super::life::{Life, Process};
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
    /// The number of the process that began last.
    last_process: AtomicU64,
    /// The processes that can be asked, by number.
    lives: Mutex<BTreeMap<u64, Arc<Life>>>,
    /// Raised when there is one more.
    begun: Signal,
    /// Raised when something was found: the run ends.
    found: Arc<Signal>,
    /// The store answers nobody.
    outage: AtomicBool,
    outages: AtomicU64,
    /// How long clients wait for an answer.
    patience: Option<Duration>,
    /// Clients that are not done yet.
    pub(super) clients: AtomicU64,
    /// Nothing fails any more.
    pub(super) calm: AtomicBool,
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
    /// How long clients wait for an answer.
    pub(super) patience: Option<Duration>,
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
            patience: parts.patience,
            disk: Mutex::default(),
            last_process: AtomicU64::default(),
            lives: Mutex::default(),
            begun: Signal::default(),
            found: Arc::default(),
            outage: AtomicBool::default(),
            outages: AtomicU64::default(),
            clients: AtomicU64::default(),
            calm: AtomicBool::default(),
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

    /// A process begins.
    pub(super) fn begin(&self) -> Arc<Life> {
        let number = self.last_process.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Life::new(number, Arc::clone(&self.found)))
    }

    /// A process can be asked from here on.
    pub(super) fn opened(&self, life: &Arc<Life>, runtime: Runtime) {
        life.set_runtime(Some(runtime));
        lock(&self.lives).insert(life.number, Arc::clone(life));
        self.begun.raise();
    }

    /// A process cannot be asked any more.
    pub(super) fn closed(&self, life: &Life) {
        lock(&self.lives).remove(&life.number);
    }

    /// A process ends here, as if it was killed.
    pub(super) fn crash(&self, life: &Life, place: &'static str) {
        if life.has_ended() {
            return;
        }
        self.closed(life);
        let runtime = life.runtime();
        life.end();
        let mut truth = self.truth();
        truth.coverage.hit(place);
        let number = life.number;
        truth.line(self.now_ms(), || format!("process {number}: {place}"));
        drop(truth);
        if let Some(runtime) = runtime {
            runtime.abort();
        }
    }

    /// Keeps a finding; the run ends with the first.
    pub(super) fn judge(&self, judged: Result<(), Finding>) {
        if let Err(finding) = judged {
            self.truth().finding.get_or_insert(finding);
            self.found.raise();
        }
    }

    /// The processes that can be asked, by number.
    pub(super) fn lives(&self) -> Vec<Arc<Life>> {
        lock(&self.lives).values().cloned().collect()
    }

    /// One of the processes that run, as soon as there is one.
    pub(super) async fn running(&self, random: &mut Random) -> Process {
        loop {
            let begun = self.begun.count();
            let lives = self.lives();
            let lives = lives.into_iter();
            let open: Vec<Process> = lives
                .filter_map(|life| {
                    Some(Process {
                        runtime: life.runtime()?,
                        life,
                        patience: self.patience,
                    })
                })
                .collect();
            if !open.is_empty() {
                let place = random.index(open.len());
                let chosen = open.into_iter().nth(place);
                return chosen.expect("the place is one of them");
            }
            self.begun.beyond(begun).await;
        }
    }

    /// Whether something was found.
    pub(super) fn has_found(&self) -> bool {
        self.found.count() > 0
    }

    /// Takes the store away from everybody, or gives it back.
    pub(super) fn set_outage(&self, outage: bool) {
        self.outage.store(outage, Ordering::Relaxed);
        self.outages.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the store went or came back.
    pub(super) fn outages(&self) -> u64 {
        self.outages.load(Ordering::Relaxed)
    }

    pub(super) fn is_out(&self) -> bool {
        self.outage.load(Ordering::Relaxed)
    }
}
