//! The places that hold a store: a folder, or a database.

use std::path::PathBuf;
use std::sync::Arc;

use api::Code;
use store::{Movable, Store};
use store_postgres::PostgresStore;
use store_sqlite::{Options, SqliteStore};

use super::serve::{open_database, open_store};
use crate::failure::Failure;

/// A store that one is moved to.
type Target = Arc<dyn Movable>;

/// A folder or a database.
pub enum Place {
    Folder(PathBuf),
    Database(String),
}

/// A store that is moved away.
pub enum Source {
    Folder(Arc<SqliteStore>),
    Database(Arc<PostgresStore>),
}

impl Place {
    /// `postgres://...`, or a folder.
    pub fn parse(text: &str) -> Self {
        match text.contains("://") {
            true => Self::Database(text.to_owned()),
            false => Self::Folder(text.into()),
        }
    }

    /// As it may be shown: without a password.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Database(url) => server::without_password(url),
        }
    }

    /// How it is emptied.
    pub fn emptying(&self) -> &'static str {
        match self {
            Self::Folder(_) => "name another folder, or remove it",
            Self::Database(_) => {
                "name another database, or `DROP SCHEMA orchestrator CASCADE` there"
            }
        }
    }

    /// Opens the store that is there; where there is none, it is refused with `code`.
    pub async fn open_source(
        &self,
        secret: Option<&str>,
        code: &'static Code,
    ) -> Result<Source, Failure> {
        match self {
            Self::Folder(folder) if !folder.join("store").exists() => {
                let shown = self.shown();
                let what = format!("expected a store in {shown}, but there is none");
                Err(Failure::new(code, what))
            }
            Self::Folder(folder) => Ok(Source::Folder(Arc::new(open_store(
                folder,
                &Options::default(),
            )?))),
            Self::Database(url) => Ok(Source::Database(Arc::new(
                open_database(url, secret, None).await?,
            ))),
        }
    }

    /// Opens or makes the store that is there.
    pub async fn open_target(&self, secret: Option<&str>) -> Result<Target, Failure> {
        match self {
            Self::Folder(folder) => Ok(Arc::new(open_store(folder, &Options::default())?)),
            Self::Database(url) => Ok(Arc::new(open_database(url, secret, None).await?)),
        }
    }
}

impl Source {
    /// As the runtime uses it.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Folder(store) => store.clone(),
            Self::Database(store) => store.clone(),
        }
    }

    /// As it is read from end to end.
    pub fn movable(&self) -> Arc<dyn Movable> {
        match self {
            Self::Folder(store) => store.clone(),
            Self::Database(store) => store.clone(),
        }
    }

    /// A folder that was moved makes no call when someone starts a server on it by mistake.
    pub fn leave(&self, to: &Place) -> Result<(), Failure> {
        match self {
            Self::Folder(store) => {
                let note = format!("was moved to {}: serve that one", to.shown());
                let paused = store.pause(&note);
                paused.map_err(|error| Failure::new(Code::NOT_COPIED, error.to_string()))
            }
            Self::Database(_) => Ok(()),
        }
    }
}
