//! The product without its HTTP: runtime, embedded store and built-in adapter in this process.

use std::path::Path;
use std::sync::Arc;

use adapter::NoSecrets;
use anyhow::{Context, Result, anyhow, bail};
use definition::{ResourceSet, no_settings_check};
use engine::{Payload, Status};
use runtime::{Config, Runtime, Submit, Surroundings, SystemClock};
use store_sqlite::SqliteStore;

use crate::meter::{Counts, Metered};

/// The workflow that is measured, and its adapter.
pub(crate) const THREE_STEPS: &str = include_str!("three-steps.yaml");

/// What each instance is started with.
pub(crate) const INPUT: &str = r#"{"order":"o-20814","amount":129.5,"currency":"EUR","lines":3}"#;

/// How long one workflow may take before the run is given up, in milliseconds.
const PATIENCE_MS: u64 = 60_000;

/// A runtime on a store in a folder.
pub(crate) struct Embedded {
    runtime: Runtime,
    store: Arc<Metered<SqliteStore>>,
}

impl Embedded {
    /// Opens a store in a folder, and starts a runtime that knows the workflow.
    pub(crate) async fn open(folder: &Path, partitions: u16) -> Result<Arc<Self>> {
        let store = SqliteStore::open(folder, &store_sqlite::Options::default())?;
        let store = Metered::new(store);
        let with = Surroundings {
            store: store.clone(),
            kinds: adapters::registry(),
            clock: Arc::new(SystemClock),
            secrets: Arc::new(NoSecrets),
            seed: 1,
            on_fatal: Arc::new(|reason| eprintln!("the runtime stopped: {reason}")),
        };
        let runtime = Runtime::open(Config::embedded("bench", partitions), with).await?;
        apply(&runtime).await?;
        Ok(Arc::new(Self { runtime, store }))
    }

    /// Starts one workflow and waits until it has completed.
    pub(crate) async fn run_one(&self) -> Result<()> {
        let submit = Submit {
            workflow: "three-steps".to_owned(),
            input: Payload::from_bytes(INPUT.into()),
            actor: "bench".to_owned(),
            cause: "api".to_owned(),
            ..Submit::default()
        };
        let submitted = self.runtime.submit(submit).await?;
        let ended = self.runtime.wait_ended(submitted.id, PATIENCE_MS).await?;
        match ended.status() {
            Status::Completed => Ok(()),
            other => bail!(
                "expected {} to be completed, but it is {}",
                submitted.id,
                other.as_str()
            ),
        }
    }

    /// What the store was asked since this was last called.
    pub(crate) fn take_counts(&self) -> Counts {
        self.store.take()
    }

    /// Ends in order.
    pub(crate) async fn close(&self) {
        self.runtime.shutdown().await;
    }
}

async fn apply(runtime: &Runtime) -> Result<()> {
    let (set, found) =
        ResourceSet::parse(vec![("three-steps.yaml".to_owned(), THREE_STEPS.into())]);
    if let Some(found) = found.first() {
        bail!("the measured workflow does not parse: {}", found.message);
    }
    let plan = |base: &definition::Catalog| set.apply_to(base, &no_settings_check);
    let applied = runtime.apply("bench", "", plan).await;
    applied
        .map_err(|error| anyhow!("{error:?}"))
        .context("the measured workflow is refused")?;
    Ok(())
}
