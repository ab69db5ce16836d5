//! Arguments of the commands about backups.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Copies of the embedded store, and the way back.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Copy the store, of the running server or of a stopped folder
    Create(BackupCreateArgs),
    /// List backups, and the moments that can be restored from them
    List(BackupFromArgs),
    /// Put a store back, as it was at a moment, into a new folder
    Restore(BackupRestoreArgs),
    /// Read everything there is, and name what is damaged, torn or missing
    Verify(BackupFromArgs),
    /// List the calls that a later state of a store made, and an earlier one does not know of
    Calls(BackupCallsArgs),
}

/// Arguments of `backup calls`.
#[derive(Debug, Args)]
pub struct BackupCallsArgs {
    /// The store as it was restored: a data folder, or `postgres://...`; no server may use it
    pub earlier: String,
    /// The same store at its end: the old one, or another restore without a time; no server may use it
    pub later: String,
    /// The file that they are written to
    #[arg(long, value_name = "FILE")]
    pub calls: PathBuf,
    /// The environment that the store is served as
    #[arg(long, default_value = "dev")]
    pub env: String,
    /// What the nodes on a database share [ORCHESTRATOR_CLUSTER_SECRET]
    #[arg(long, env = "ORCHESTRATOR_CLUSTER_SECRET", hide_env_values = true)]
    pub cluster_secret: Option<String>,
}

/// Arguments of `backup create`.
#[derive(Debug, Args)]
pub struct BackupCreateArgs {
    /// `file:///folder` or `s3://bucket/prefix?endpoint=URL&region=NAME`; without it, where the server's archive is
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
    /// The folder of a store that no server holds; without it the running server is asked
    #[arg(long, requires = "to")]
    pub data: Option<PathBuf>,
}

/// Arguments of `backup list` and `backup verify`.
#[derive(Debug, Args)]
pub struct BackupFromArgs {
    /// `file:///folder` or `s3://bucket/prefix?endpoint=URL&region=NAME`
    #[arg(long, value_name = "ADDRESS")]
    pub from: String,
}

/// Arguments of `backup restore`.
#[derive(Debug, Args)]
pub struct BackupRestoreArgs {
    /// The folder to restore into: new, or empty
    pub folder: PathBuf,
    /// `file:///folder` or `s3://bucket/prefix?endpoint=URL&region=NAME`
    #[arg(long, value_name = "ADDRESS")]
    pub from: String,
    /// Everything that was answered by then (2026-11-22T19:30:00Z); without it everything there is
    #[arg(
        long,
        alias = "to",
        value_name = "TIME",
        conflicts_with = "to_position"
    )]
    pub to_time: Option<String>,
    /// Everything up to a partition's position
    #[arg(long, value_name = "PARTITION:POSITION")]
    pub to_position: Option<String>,
    /// Begin with this backup, not with the newest that reaches the moment
    #[arg(long, value_name = "ID")]
    pub backup: Option<String>,
    /// Where the calls are listed that were made after the moment [default: FOLDER-calls.ndjson]
    #[arg(long, value_name = "FILE")]
    pub calls: Option<PathBuf>,
}
