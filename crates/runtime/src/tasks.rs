//! The tasks that a runtime has spawned, so that all of them can be dropped at once.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::task::JoinSet;

/// Spawned tasks. After [`Tasks::abort`] nothing is spawned any more.
#[derive(Default)]
pub(crate) struct Tasks {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    set: JoinSet<()>,
    aborted: bool,
}

impl Tasks {
    /// Spawns a task on the current tokio runtime.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.aborted {
            return;
        }
        while state.set.try_join_next().is_some() {}
        state.set.spawn(task);
    }

    /// Drops every task at its next await.
    pub(crate) fn abort(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.aborted = true;
        state.set.abort_all();
    }
}
