//! Arguments of `stats` and `failures`.

use clap::{Args, Subcommand};

/// Counts and latencies.
#[derive(Debug, Subcommand)]
pub enum StatsCommand {
    /// List them by workflow, version, step, target, router or rule, the busiest first
    List {
        /// `workflow`, `version`, `step`, `target`, `router` or `rule`
        #[arg(long, default_value = "workflow")]
        group_by: String,
        /// At most so many groups (1 to 1,000)
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        of: StatsArgs,
    },
    /// Show how they went over the time, span by span
    Show {
        /// How long a span is: whole minutes that divide a day
        #[arg(long, default_value_t = 300)]
        step_seconds: u64,
        #[command(flatten)]
        of: StatsArgs,
    },
}

/// Of what, and when.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// Of this workflow
    #[arg(long)]
    pub workflow: Option<String>,
    /// Of this version
    #[arg(long)]
    pub version: Option<String>,
    /// Of this step
    #[arg(long)]
    pub step: Option<String>,
    /// Calls of this adapter
    #[arg(long)]
    pub adapter: Option<String>,
    /// Calls of this target
    #[arg(long)]
    pub target: Option<String>,
    /// Events that this router saw
    #[arg(long)]
    pub router: Option<String>,
    /// Events that this rule took: its name, or its place from 0, or `default`
    #[arg(long)]
    pub rule: Option<String>,
    /// Since: `2h`, `7d`, or a time; they are kept for 30 days
    #[arg(long, default_value = "1h")]
    pub since: String,
    /// Until: a time, or so long ago
    #[arg(long)]
    pub until: Option<String>,
}

/// What stands as failed.
#[derive(Debug, Subcommand)]
pub enum FailuresCommand {
    /// List it, alike with alike, the most frequent first
    List(FailuresArgs),
}

/// Which failures, in which groups.
#[derive(Debug, Args)]
pub struct FailuresArgs {
    /// Words with commas: `workflow`, `version`, `step`, `error`, `target`
    #[arg(long, default_value = "workflow,step,error,target")]
    pub group_by: String,
    /// Words with commas: `failed`, `open` (a person is asked), `compensated` (ended, and undone)
    #[arg(long, default_value = "failed,open")]
    pub status: String,
    /// Of this workflow
    #[arg(long)]
    pub workflow: Option<String>,
    /// Of this version
    #[arg(long)]
    pub version: Option<String>,
    /// Of this step
    #[arg(long)]
    pub step: Option<String>,
    /// Of this type of error
    #[arg(long)]
    pub error: Option<String>,
    /// Of calls of this adapter
    #[arg(long)]
    pub adapter: Option<String>,
    /// Of calls of this target
    #[arg(long)]
    pub target: Option<String>,
    /// Those that came since: `2h`, `7d`, or a time; at most 30 days
    #[arg(long, default_value = "24h")]
    pub since: String,
    /// At most so many groups (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
}
