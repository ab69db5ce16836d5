//! The file of figures: one object for each measurement, the newest run of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// The figures measured so far.
pub(crate) struct Figures {
    path: PathBuf,
    all: Map<String, Value>,
}

impl Figures {
    /// What is there already; a run of some measurements leaves the others as they are.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let all = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("expected {} to hold an object", path.display()))?,
            Err(_) => Map::new(),
        };
        let path = path.to_owned();
        Ok(Self { path, all })
    }

    /// Keeps the figures of one measurement.
    pub(crate) fn put(&mut self, name: &str, figures: Value) -> Result<()> {
        self.all.insert(name.to_owned(), figures);
        let text = serde_json::to_string_pretty(&self.all)?;
        Ok(std::fs::write(&self.path, text)?)
    }
}
