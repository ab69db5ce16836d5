//! What every service has beside its own work: a switch, a log of calls, a port.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::calls::CallLog;
use crate::port::{ConnectionId, Power, PowerChange};
use crate::refusal::Refusal;
use crate::switch::{Mode, Switch};

/// One running service, as its own handlers and the index see it.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    switch: Mutex<Switch>,
    calls: Mutex<CallLog>,
    power: mpsc::Sender<PowerChange>,
}

impl Service {
    pub(crate) fn new(
        name: &'static str,
        url: String,
        power: mpsc::Sender<PowerChange>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            url,
            switch: Mutex::default(),
            calls: Mutex::default(),
            power,
        })
    }

    pub(crate) fn switch(&self) -> MutexGuard<'_, Switch> {
        lock(&self.switch)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, CallLog> {
        lock(&self.calls)
    }

    pub(crate) fn power(&self) -> &mpsc::Sender<PowerChange> {
        &self.power
    }

    /// Turns the switch. When this returns, connections are refused (`down`) or taken again (anything else). `asker`
    /// is the connection on which this very request came: it lives until it has its answer.
    pub(crate) async fn turn(
        &self,
        switch: Switch,
        asker: Option<ConnectionId>,
    ) -> Result<(), Refusal> {
        if let Some(problem) = switch.problem() {
            return Err(Refusal::invalid("switch", problem));
        }
        let to = if switch.mode == Mode::Down {
            Power::Off { asker }
        } else {
            Power::On
        };
        *self.switch() = switch;
        let (done, answer) = oneshot::channel();
        let change = PowerChange { to, done };
        let sent = self.power.send(change).await;
        match (sent, answer.await) {
            (Ok(()), Ok(Ok(()))) => Ok(()),
            (Ok(()), Ok(Err(error))) => Err(Refusal::broken(&error)),
            // The playground is shutting down: there is nothing left to turn.
            _ => Ok(()),
        }
    }
}

/// The lock of a mutex whose values are whole after every statement, so that a panic elsewhere spoils nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
