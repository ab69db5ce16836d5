//! The places that a store is moved between.

use std::path::PathBuf;
use std::sync::Arc;

use store::{Movable, Store};
use store_postgres::PostgresStore;
use store_sqlite::{Options, SqliteStore};

use super::{Target, not_copied};
use crate::commands::serve::{open_database, open_store};
use crate::failure::Failure;

/// A folder or a database.
pub(super) enum Place {
    Folder(PathBuf),
    Database(String),
}

/// A store that is moved away.
pub(super) enum Source {
    Folder(Arc<SqliteStore>),
    Database(Arc<PostgresStore>),
}

impl Place {
    pub(super) fn parse(text: &str) -> Self {
        match text.contains("://") {
            true => Self::Database(text.to_owned()),
            false => Self::Folder(text.into()),
        }
    }

    /// As it may be shown: without a password.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Database(url) => server::without_password(url),
        }
    }

    /// How it is emptied.
    pub(super) fn emptying(&self) -> &'static str {
        match self {
            Self::Folder(_) => "name another folder, or remove it",
            Self::Database(_) => {
                "name another database, or `DROP SCHEMA orchestrator CASCADE` there"
            }
        }
    }

    pub(super) async fn open_source(&self, secret: Option<&str>) -> Result<Source, Failure> {
        match self {
            Self::Folder(folder) if !folder.join("store").exists() => {
                let shown = self.shown();
                Err(not_copied(&format!(
                    "expected a store in {shown}, but there is none"
                )))
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

    pub(super) async fn open_target(&self, secret: Option<&str>) -> Result<Target, Failure> {
        match self {
            Self::Folder(folder) => Ok(Arc::new(open_store(folder, &Options::default())?)),
            Self::Database(url) => Ok(Arc::new(open_database(url, secret, None).await?)),
        }
    }
}

impl Source {
    pub(super) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Folder(store) => store.clone(),
            Self::Database(store) => store.clone(),
        }
    }

    pub(super) fn movable(&self) -> Arc<dyn Movable> {
        match self {
            Self::Folder(store) => store.clone(),
            Self::Database(store) => store.clone(),
        }
    }

    /// A folder that was moved makes no call when someone starts a server on it by mistake.
    pub(super) fn leave(&self, to: &Place) -> Result<(), Failure> {
        match self {
            Self::Folder(store) => {
                let note = format!("was moved to {}: serve that one", to.shown());
                store
                    .pause(&note)
                    .map_err(|error| not_copied(&error.to_string()))
            }
            Self::Database(_) => Ok(()),
        }
    }
}
