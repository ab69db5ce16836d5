//! One process of a run, from its first call to its end.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::{Clock, Runtime, TokioClock};

use super::signal::Signal;
use super::surroundings::lock;

/// A process: it lives until its end is raised, and may be held up on the way.
pub(super) struct Life {
    /// Rises with each process of the run.
    pub(super) number: u64,
    runtime: Mutex<Option<Runtime>>,
    end: Signal,
    /// Raised when the run has found something.
    found: Arc<Signal>,
    frozen: AtomicBool,
    thawed: Signal,
    /// It does not reach the store.
    cut_off: AtomicBool,
    /// How far its clock is off, in milliseconds.
    clock_off_ms: AtomicI64,
    /// How often it was held up or cut off.
    troubles: Signal,
}

impl Life {
    pub(super) fn new(number: u64, found: Arc<Signal>) -> Self {
        Self {
            number,
            runtime: Mutex::default(),
            end: Signal::default(),
            found,
            frozen: AtomicBool::default(),
            thawed: Signal::default(),
            cut_off: AtomicBool::default(),
            clock_off_ms: AtomicI64::default(),
            troubles: Signal::default(),
        }
    }

    /// Its runtime, once that is open and until it ends.
    pub(super) fn runtime(&self) -> Option<Runtime> {
        lock(&self.runtime).clone()
    }

    pub(super) fn set_runtime(&self, runtime: Option<Runtime>) {
        *lock(&self.runtime) = runtime;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.count() > 0
    }

    /// It ends: what it works on goes nowhere from here on.
    pub(super) fn end(&self) {
        self.set_runtime(None);
        self.end.raise();
    }

    /// Holds it up, as a signal that stops a process does, or lets it go on.
    pub(super) fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, Ordering::Relaxed);
        self.troubles.raise();
        self.thawed.raise();
    }

    /// Cuts it off the store, or connects it again.
    pub(super) fn cut_off(&self, cut: bool) {
        self.cut_off.store(cut, Ordering::Relaxed);
        self.troubles.raise();
    }

    pub(super) fn is_cut_off(&self) -> bool {
        self.cut_off.load(Ordering::Relaxed)
    }

    /// Whether time goes on without it.
    pub(super) fn is_held_up(&self) -> bool {
        self.frozen.load(Ordering::Relaxed) || self.is_cut_off()
    }

    pub(super) fn troubles(&self) -> u64 {
        self.troubles.count()
    }

    /// Sets its clock so far off the others'.
    pub(super) fn set_clock_off(&self, ms: i64) {
        self.clock_off_ms.store(ms, Ordering::Relaxed);
    }

    pub(super) fn clock_off_ms(&self) -> i64 {
        self.clock_off_ms.load(Ordering::Relaxed)
    }

    /// Passes when the process goes on: at once, once it is not held up any more, or never.
    pub(super) async fn goes_on(&self) {
        loop {
            let seen = self.thawed.count();
            if self.has_ended() {
                std::future::pending::<()>().await;
            }
            if !self.frozen.load(Ordering::Relaxed) {
                return;
            }
            self.thawed.beyond(seen).await;
        }
    }

    /// The answer, or none when the process (or the run) ends before.
    pub(super) async fn unless_ended<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.end.beyond(0) => None,
            () = self.found.beyond(0) => None,
            answer = question => Some(answer),
        }
    }
}

/// A process's own clock.
pub(super) struct LifeClock {
    pub(super) life: Arc<Life>,
    pub(super) true_time: TokioClock,
    /// It stands still while the process is held up: only where that is planted.
    pub(super) stops: bool,
    pub(super) stopped_at: Mutex<Option<u64>>,
}

impl Clock for LifeClock {
    fn now_ms(&self) -> i64 {
        self.true_time.now_ms() + self.life.clock_off_ms()
    }

    fn boot_ms(&self) -> u64 {
        let now = self.true_time.boot_ms();
        let mut stopped_at = lock(&self.stopped_at);
        if self.stops && self.life.is_held_up() {
            *stopped_at.get_or_insert(now)
        } else {
            *stopped_at = None;
            now
        }
    }
}

/// A process that can be asked as long as it lives.
pub(super) struct Process {
    pub(super) runtime: Runtime,
    pub(super) life: Arc<Life>,
    /// How long an answer is waited for.
    pub(super) patience: Option<Duration>,
}

impl Process {
    /// The answer, or none when the process ends before it comes, or it takes too long.
    pub(super) async fn ask<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        let answer = self.listen(question);
        match self.patience {
            Some(patience) => tokio::time::timeout(patience, answer).await.ok().flatten(),
            None => answer.await,
        }
    }

    /// The same, however long it takes.
    pub(super) async fn listen<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        let through = async {
            self.life.goes_on().await;
            let answer = question.await;
            self.life.goes_on().await;
            answer
        };
        self.life.unless_ended(through).await
    }
}
