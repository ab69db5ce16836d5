//! One connection with what is known of it.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Connection, Error, Statement};

/// Prepared statements kept for one connection; past it all are forgotten, since segments and
/// buckets come and go and their statements with them.
const STATEMENTS: usize = 500;

/// A connection in use. Dropped, it says goodbye to the server once what it was asked is answered.
pub(crate) struct Session {
    pub(crate) client: Client,
    driver: AbortHandle,
    unreplicated: Arc<AtomicU64>,
    statements: Mutex<HashMap<String, Statement>>,
    /// Numbers of kinds that this connection saw. They live no longer than the connection: a
    /// server that crashes may forget the latest ones, and breaks the connection by it.
    pub(crate) kinds: Mutex<HashMap<String, i32>>,
}

impl Session {
    /// Has a connection driven in the background.
    pub(super) fn start<S, T>(client: Client, connection: Connection<S, T>) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let unreplicated = Arc::new(AtomicU64::new(0));
        let driver = tokio::spawn(drive(connection, unreplicated.clone()));
        Self {
            client,
            driver: driver.abort_handle(),
            unreplicated,
            statements: Mutex::default(),
            kinds: Mutex::default(),
        }
    }

    /// Closes the connection at once, whatever is under way. No cancel is sent: it could make a
    /// commit stop waiting for its standby.
    pub(crate) fn close(self) {
        self.driver.abort();
    }

    /// How often the server said that a commit stopped waiting for its standby. A commit during
    /// which this rose is durable on the primary only.
    pub(crate) fn unreplicated(&self) -> u64 {
        self.unreplicated.load(Ordering::Acquire)
    }

    /// The statement, prepared once.
    pub(crate) async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        let known = self.statements().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        let mut statements = self.statements();
        if statements.len() >= STATEMENTS {
            statements.clear();
        }
        statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages are taken in the order in which the server sent them, so a warning is counted before
/// the answer to the statement that it is about is given out.
async fn drive<S, T>(mut connection: Connection<S, T>, unreplicated: Arc<AtomicU64>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notice(notice)) if stopped_waiting(&notice) => {
                unreplicated.fetch_add(1, Ordering::AcqRel);
                tracing::warn!(
                    notice = notice.message(),
                    "a commit may not be on the standby"
                );
            }
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection to the database was lost");
                return;
            }
        }
    }
}

/// The server gives up waiting for a standby with a warning without a code of its own, or, when
/// it was told to end the connection, with that one's. Its words depend on its language.
fn stopped_waiting(notice: &DbError) -> bool {
    let codes = [&SqlState::WARNING, &SqlState::ADMIN_SHUTDOWN];
    notice.parsed_severity() == Some(Severity::Warning) && codes.contains(&notice.code())
}
