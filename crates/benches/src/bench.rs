//! What every measurement is given: how long, how often, and a fresh server in a folder of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::load::{Expect, Requests, Shape, Steady, steady};
use crate::options::Options;
use crate::served::{Database, Serve, Served, binary_beside_this};

/// Three calls in process.
pub(crate) const THREE_STEPS: &str = include_str!("workflows/three-steps.yaml");

/// One step that ends at once; the instance is found by its subject and an attribute.
pub(crate) const FILED: &str = include_str!("workflows/filed.yaml");

/// A run of measurements.
pub(crate) struct Bench {
    /// What was asked for.
    pub(crate) options: Options,
    binary: PathBuf,
}

/// A server and the folder of its store, which is removed with it.
pub(crate) struct Stage {
    /// The server; it ends before its folder goes.
    pub(crate) served: Served,
    folder: TempDir,
}

impl Stage {
    /// Where the server has its store and its log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Bench {
    /// Prepares the folder and finds the server.
    pub(crate) fn new(options: Options) -> Result<Self> {
        std::fs::create_dir_all(&options.data).context("making the folder for the stores")?;
        let binary = options.server.clone();
        let binary = binary.map_or_else(binary_beside_this, Ok)?;
        Ok(Self { options, binary })
    }

    /// The server's binary, which is also the command line.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// The folder of stores and figures.
    pub(crate) fn data(&self) -> &Path {
        &self.options.data
    }

    /// The second figure of a quick run, else the first.
    pub(crate) fn scaled<T>(&self, full: T, quick: T) -> T {
        if self.options.quick { quick } else { full }
    }

    /// Warming up, and measuring, of a steady run.
    pub(crate) fn times(&self) -> (Duration, Duration) {
        let (warming, lasting) = self.scaled((5, 60), (2, 10));
        (Duration::from_secs(warming), Duration::from_secs(lasting))
    }

    /// The same where a curve needs many runs.
    pub(crate) fn short_times(&self) -> (Duration, Duration) {
        let (warming, lasting) = self.scaled((3, 15), (1, 4));
        (Duration::from_secs(warming), Duration::from_secs(lasting))
    }

    /// A folder that is removed when it is dropped.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        tempfile::tempdir_in(self.data()).context("making a folder for a store")
    }

    /// How a server in that folder is started.
    pub(crate) fn serve(&self, folder: &Path) -> Serve {
        Serve {
            binary: self.binary.clone(),
            folder: folder.to_owned(),
            partitions: self.options.partition_count(),
            database: None,
            further: Vec::new(),
        }
    }

    /// A fresh server that knows these documents.
    pub(crate) async fn stage(&self, documents: &str) -> Result<Stage> {
        self.stage_with(&[], None, documents).await
    }

    /// The same with further arguments, and on a database instead of in a folder; nothing is applied where there are
    /// no documents.
    pub(crate) async fn stage_with(
        &self,
        further: &[&str],
        database: Option<Database>,
        documents: &str,
    ) -> Result<Stage> {
        let folder = self.folder()?;
        let serve = Serve {
            database,
            further: further.iter().map(ToString::to_string).collect(),
            ..self.serve(folder.path())
        };
        let served = serve.start().await?;
        if !documents.is_empty() {
            served.client().apply(documents).await?;
        }
        Ok(Stage { served, folder })
    }

    /// A steady run of three steps in process on a fresh server.
    pub(crate) async fn three_steps(
        &self,
        shape: Shape,
        times: (Duration, Duration),
    ) -> Result<Steady> {
        let stage = self.stage(THREE_STEPS).await?;
        let requests = Requests::new("three-steps", shape, Expect::Completed);
        steady(&stage.served, shape, &requests, times).await
    }

    /// Says on standard error what a run showed.
    pub(crate) fn tell(&self, what: &str, repeat: usize, showed: &str) {
        eprintln!("{what}, {}/{}: {showed}", repeat + 1, self.options.repeats);
    }
}
