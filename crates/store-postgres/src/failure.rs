//! Turns failures of the database into refusals that say what can be done.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why work on a session did not come to its end.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The database refused a statement, or the connection was lost.
    Sql(Error),
    /// What was read contradicts itself.
    Store(StoreError),
    /// The deadline passed; the connection is closed.
    Late(Duration),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Trouble {
    /// Whether a table went while it was being used: another node dropped a segment or a bucket.
    /// What is there now has to be looked up, and the work begun anew.
    pub(crate) fn table_went(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let gone = [&SqlState::UNDEFINED_TABLE, &SqlState::INTERNAL_ERROR];
        error.code().is_some_and(|code| gone.contains(&code))
    }

    /// Whether it is certain that nothing was committed: the statement itself was refused. Every
    /// other trouble may have come after the commit.
    pub(crate) fn nothing_committed(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        let refused = |error: &DbError| error.parsed_severity() == Some(Severity::Error);
        error.as_db_error().is_some_and(refused)
    }

    /// Whether a statement outside a transaction only waited too long for a lock: the connection
    /// is as good as before.
    pub(crate) fn gave_way(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// The refusal that the caller sees.
    pub(crate) fn refusal(self, what: &str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Late(after) => StoreError::Unavailable(format!(
                "{what} was not answered within {} ms",
                after.as_millis()
            )),
            Self::Sql(error) => sql_refusal(what, &error),
        }
    }
}

fn sql_refusal(what: &str, error: &Error) -> StoreError {
    let detail = chain(error);
    let Some(code) = error.code().map(SqlState::code) else {
        let lost = error.is_closed() || error.source().is_some_and(|cause| cause.is::<io::Error>());
        return if lost {
            StoreError::Unavailable(format!("{what}: {detail}"))
        } else {
            defect(what, detail)
        };
    };
    match (&code[..2], code) {
        (_, "42501") => io_refusal(
            what,
            io::ErrorKind::PermissionDenied,
            detail,
            "grant the store's user what it needs, best by making it the owner of the schema",
        ),
        ("42" | "3F", _) | (_, "XX001" | "XX002") => StoreError::Corrupt {
            place: "the database".into(),
            detail: format!("{what}: {detail}; restore it from a backup"),
        },
        ("22" | "23" | "54", _) => defect(what, detail),
        _ => StoreError::Unavailable(format!("{what}: {detail}")),
    }
}

fn defect(what: &str, detail: String) -> StoreError {
    let cure = "this is a defect of the store: report it with this message";
    io_refusal(what, io::ErrorKind::InvalidData, detail, cure)
}

/// A refusal that lasts until the operator does something.
pub(crate) fn io_refusal(
    what: &str,
    kind: io::ErrorKind,
    detail: impl Into<String>,
    cure: &str,
) -> StoreError {
    StoreError::Io {
        what: what.to_owned(),
        source: io::Error::new(kind, detail.into()),
        cure: cure.to_owned(),
    }
}

/// An error with all its causes, each once.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = match error.as_db_error() {
        Some(refused) => return format!("{} ({})", refused.message(), refused.code().code()),
        None => error.to_string(),
    };
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}
