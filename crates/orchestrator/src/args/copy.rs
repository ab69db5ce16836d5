//! Arguments of `copy`.

use clap::Args;

/// Arguments of `copy`.
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// The store to move: a data folder, or `postgres://...`; no server may use it
    pub from: String,
    /// Where to: a new folder, or a database without a store
    pub to: String,
    /// The environment that the store is served as
    #[arg(long, default_value = "dev")]
    pub env: String,
    /// What the nodes on a database share [ORCHESTRATOR_CLUSTER_SECRET]
    #[arg(long, env = "ORCHESTRATOR_CLUSTER_SECRET", hide_env_values = true)]
    pub cluster_secret: Option<String>,
}
