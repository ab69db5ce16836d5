//! The wait for a person: no call goes out and no timer fires until somebody says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a node waits, and why.
#[derive(Default)]
pub(super) struct Pause {
    /// Asked before each call and each timer.
    on: AtomicBool,
    why: Mutex<Option<String>>,
}

impl Pause {
    /// Whether it waits.
    pub(super) fn is_on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// Why it waits; none when it does not.
    pub(super) fn why(&self) -> Option<String> {
        self.text().clone()
    }

    /// Begins or ends; true when it ended just now.
    pub(super) fn set(&self, why: Option<String>) -> bool {
        let mut text = self.text();
        let on = why.is_some();
        *text = why;
        self.on.swap(on, Ordering::AcqRel) && !on
    }

    fn text(&self) -> MutexGuard<'_, Option<String>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
