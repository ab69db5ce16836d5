//! Opens connections: tries the hosts in order, from the one that served last on, and pauses between
//! rounds that fail.

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls;

use super::address::{Address, Host};
use super::session::Session;
use super::tls::encryption;
use crate::config::PostgresConfig;
use crate::failure::{chain, io_refusal};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_IDLE: Duration = Duration::from_secs(2);
const KEEPALIVE: Duration = Duration::from_secs(3);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What a connection is for, which decides how it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Append,
    Write,
    Read,
    /// Checkpoints and retention: statements that may take long.
    Maintain,
}

/// Opens connections to whichever host takes writes.
pub(crate) struct Connector {
    address: Address,
    tls: Option<MakeRustlsConnect>,
    config: PostgresConfig,
    /// The host that took writes last: it is tried first.
    last: AtomicUsize,
    backoff: Mutex<Backoff>,
}

/// While it lasts, nobody is asked and the last failure is repeated.
#[derive(Default)]
struct Backoff {
    until: Option<Instant>,
    pause: Duration,
    reason: String,
}

/// Why a host did not serve.
enum Declined {
    /// The credentials, the certificate or the database's name: it lasts until someone mends it.
    Lasting(String),
    /// Down, starting, a standby, or too slow.
    Passing(String),
}

impl Connector {
    pub(crate) fn new(config: &PostgresConfig) -> Result<Self, StoreError> {
        let address = Address::parse(&config.url)?;
        let tls = encryption(&address.tls)?;
        Ok(Self {
            address,
            tls,
            config: config.clone(),
            last: AtomicUsize::new(0),
            backoff: Mutex::default(),
        })
    }

    /// The URL without credentials, for messages.
    pub(crate) fn place(&self) -> &str {
        &self.address.place
    }

    /// A connection; for a store that is in use, where every failure may pass.
    pub(crate) async fn connect(&self, purpose: Purpose) -> Result<Session, StoreError> {
        self.pausing()?;
        let connected = self.connect_once(purpose).await;
        let mut backoff = self.backoff();
        match connected {
            Ok(session) => {
                *backoff = Backoff::default();
                Ok(session)
            }
            Err(error) => {
                let reason = match error {
                    StoreError::Unavailable(reason) => reason,
                    lasting => lasting.to_string(),
                };
                backoff.pause = (backoff.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                backoff.until = Some(Instant::now() + backoff.pause);
                backoff.reason.clone_from(&reason);
                Err(StoreError::Unavailable(reason))
            }
        }
    }

    fn pausing(&self) -> Result<(), StoreError> {
        let backoff = self.backoff();
        match backoff.until {
            Some(until) if Instant::now() < until => {
                Err(StoreError::Unavailable(backoff.reason.clone()))
            }
            _ => Ok(()),
        }
    }

    fn backoff(&self) -> std::sync::MutexGuard<'_, Backoff> {
        self.backoff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection; what an operator has to mend is told apart from what may pass.
    pub(crate) async fn connect_once(&self, purpose: Purpose) -> Result<Session, StoreError> {
        let (mut lasting, mut reasons) = (false, vec![]);
        let (hosts, last) = (&self.address.hosts, self.last.load(Ordering::Relaxed));
        for place in (last..hosts.len()).chain(0..last) {
            let host = &hosts[place];
            match self.connect_to(host, purpose).await {
                Ok(session) => {
                    self.last.store(place, Ordering::Relaxed);
                    return Ok(session);
                }
                Err(Declined::Lasting(reason)) => {
                    lasting = true;
                    reasons.push(format!("{}: {reason}", host.name));
                }
                Err(Declined::Passing(reason)) => reasons.push(format!("{}: {reason}", host.name)),
            }
        }
        let reasons = reasons.join("; ");
        let what = format!("connecting to {}", self.place());
        Err(if lasting {
            let cure = "check user, password, database and sslmode in the URL, and what the server \
                        lets in (pg_hba.conf)";
            io_refusal(&what, io::ErrorKind::PermissionDenied, reasons, cure)
        } else {
            StoreError::Unavailable(format!("{what} failed: {reasons}"))
        })
    }

    async fn connect_to(&self, host: &Host, purpose: Purpose) -> Result<Session, Declined> {
        let limit = self.config.connect_timeout;
        match tokio::time::timeout(limit, self.open(host, purpose)).await {
            Ok(opened) => opened.map_err(|error| declined(&error)),
            Err(_) => Err(Declined::Passing(format!(
                "no answer within {} ms",
                limit.as_millis()
            ))),
        }
    }

    async fn open(&self, host: &Host, purpose: Purpose) -> Result<Session, Error> {
        let mut config = host.config.clone();
        if config.get_application_name().is_none() {
            config.application_name("orchestrator");
        }
        // A host that went without a word is noticed on connections that nobody uses, too.
        config
            .tcp_user_timeout(self.config.statement_timeout)
            .keepalives_idle(KEEPALIVE)
            .keepalives_interval(KEEPALIVE)
            .keepalives_retries(2);
        let session = match &self.tls {
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                Session::start(client, connection)
            }
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                Session::start(client, connection)
            }
        };
        session.client.batch_execute(&self.set_up(purpose)).await?;
        Ok(session)
    }

    /// What every connection of this purpose begins with.
    fn set_up(&self, purpose: Purpose) -> String {
        let statement = match purpose {
            Purpose::Append => self.config.append_timeout,
            Purpose::Write | Purpose::Read => self.config.statement_timeout,
            Purpose::Maintain => self.config.maintenance_timeout,
        };
        // Nothing here reads so much that compiling it pays; a table that can only be read whole looks dear, since that is
        // discouraged below, and would be compiled for anew each time.
        // Whoever waits for a lock gives way well before its own deadline, so that the answer is
        // a definite one. Who wants a table for itself gives way sooner: others queue behind it.
        let lock = match purpose {
            Purpose::Maintain => self.config.statement_timeout / 20,
            _ => statement / 4,
        };
        let mut text = format!(
            "SET search_path TO \"{}\"; SET client_min_messages TO warning; SET jit TO off;
             SET synchronous_commit TO on; SET default_transaction_isolation TO 'read committed';
             SET statement_timeout TO {}; SET lock_timeout TO {};
             SET idle_in_transaction_session_timeout TO {};",
            self.config.schema,
            statement.as_millis(),
            lock.as_millis(),
            // A node that was paused in mid-transaction must not keep a take-over waiting.
            statement.min(LONGEST_IDLE).as_millis(),
        );
        if matches!(purpose, Purpose::Append | Purpose::Write) {
            // Everything here finds its rows by key. A plan made while a table was small must not
            // read it whole once it has grown; and then one plan serves whatever the values are,
            // which are not copied into it (a batch's body is one).
            text.push_str(
                "SET enable_seqscan TO off; SET enable_hashjoin TO off; SET enable_mergejoin TO off;
                 SET plan_cache_mode TO force_generic_plan;",
            );
        }
        text
    }
}

fn declined(error: &Error) -> Declined {
    let reason = chain(error);
    let refused = error.code().map(SqlState::code);
    let untrusted = error.source().is_some_and(told_by_rustls);
    let unencrypted = reason.contains("server does not support TLS");
    match refused.map(|code| &code[..2]) {
        Some("28" | "3D" | "42") => Declined::Lasting(reason),
        None if untrusted || unencrypted => Declined::Lasting(reason),
        _ => Declined::Passing(reason),
    }
}

/// A failed handshake comes wrapped in an error of the system.
fn told_by_rustls(error: &(dyn std::error::Error + 'static)) -> bool {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|error| error.is::<rustls::Error>())
        || error.source().is_some_and(told_by_rustls)
}
