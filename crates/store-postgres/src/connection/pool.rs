//! A bounded number of connections of one purpose.
//!
//! A small pool of its own, because what matters here is when a connection must *not* be used
//! again: after any failure, a passed deadline or a caller that went away in mid-transaction it
//! is closed, and nothing is ever rolled back, reset or cancelled on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connector::{Connector, Purpose};
use super::session::Session;
use crate::failure::Trouble;

/// How often work begins anew because a table went while it ran.
const TRIES: usize = 4;

/// Connections of one purpose, opened when they are needed and kept.
pub(crate) struct Pool {
    connector: Arc<Connector>,
    purpose: Purpose,
    size: usize,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Session>>,
    wait: Duration,
    deadline: Duration,
}

impl Pool {
    /// `wait` bounds the wait for a connection, `deadline` what is done on it.
    pub(crate) fn new(
        connector: Arc<Connector>,
        purpose: Purpose,
        size: usize,
        (wait, deadline): (Duration, Duration),
    ) -> Self {
        let size = size.max(1);
        Self {
            connector,
            purpose,
            size,
            free: Arc::new(Semaphore::new(size)),
            idle: Mutex::default(),
            wait,
            deadline,
        }
    }

    /// A connection, to be given back by [`Lease::settle`].
    pub(crate) async fn lease(&self, what: &str) -> Result<Lease<'_>, StoreError> {
        let permit = tokio::time::timeout(self.wait, self.free.clone().acquire_owned());
        let Ok(Ok(permit)) = permit.await else {
            return Err(StoreError::Unavailable(format!(
                "{what}: all {} connections were busy for {} ms",
                self.size,
                self.wait.as_millis()
            )));
        };
        let session = match self.take_idle() {
            Some(session) => session,
            None => self.connector.connect(self.purpose).await?,
        };
        Ok(Lease {
            session: Some(session),
            pool: self,
            _permit: permit,
        })
    }

    fn take_idle(&self) -> Option<Session> {
        let mut idle = self.idle();
        idle.retain(|session| !session.client.is_closed());
        idle.pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. Dropped before it was settled, it is closed.
pub(crate) struct Lease<'a> {
    session: Option<Session>,
    pool: &'a Pool,
    _permit: OwnedSemaphorePermit,
}

impl Lease<'_> {
    pub(crate) fn session(&self) -> &Session {
        self.session
            .as_ref()
            .expect("a lease holds its session until it is settled")
    }

    /// Does the work, at most until the deadline.
    pub(crate) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, Trouble> {
        let deadline = self.pool.deadline;
        match tokio::time::timeout(deadline, work).await {
            Ok(done) => done,
            Err(_) => Err(Trouble::Late(deadline)),
        }
    }

    /// Gives the connection back if all went well. `None` when the work shall be begun anew.
    pub(crate) fn settle<T>(
        mut self,
        what: &str,
        done: Result<T, Trouble>,
        tries: &mut usize,
    ) -> Option<Result<T, StoreError>> {
        *tries += 1;
        match done {
            Ok(done) => {
                self.pool.idle().extend(self.session.take());
                Some(Ok(done))
            }
            Err(trouble) if trouble.table_went() && *tries < TRIES => None,
            Err(trouble) => Some(Err(trouble.refusal(what))),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            session.close();
        }
    }
}

/// `with_session!(pool, "doing this", |session| work(session, ...))`: does the work on a
/// connection of the pool, anew when a table went meanwhile, and turns trouble into a refusal.
/// (A macro, because a function cannot say that the future of a closure is `Send`.)
macro_rules! with_session {
    ($pool:expr, $what:expr, |$session:ident| $work:expr) => {{
        let mut tries = 0;
        loop {
            let lease = $pool.lease($what).await?;
            let $session = lease.session();
            let done = lease.bounded($work).await;
            if let Some(done) = lease.settle($what, done, &mut tries) {
                break done;
            }
        }
    }};
}
pub(crate) use with_session;
