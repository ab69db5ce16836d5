//! Arguments of `dead-letters`.

use clap::{Args, Subcommand};

use super::operations::ManyArgs;

/// Calls that failed for good and are kept whole.
#[derive(Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// List them, newest first
    List(LetterListArgs),
    /// Show one, whole
    Show {
        /// The letter's id
        id: String,
    },
    /// Have calls made anew, each in an instance of its own
    Reprocess(ReprocessArgs),
    /// Throw letters away
    Discard(DiscardArgs),
}

/// Which letters.
#[derive(Debug, Args)]
pub struct LetterListArgs {
    /// `pending` (without it), `reprocessed`, `discarded` or `superseded`
    #[arg(long)]
    pub status: Option<String>,
    /// Of this workflow
    #[arg(long)]
    pub workflow: Option<String>,
    /// Of this step
    #[arg(long)]
    pub step: Option<String>,
    /// Of this adapter
    #[arg(long)]
    pub adapter: Option<String>,
    /// With an error of this type
    #[arg(long)]
    pub error_type: Option<String>,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// Go on after the page that gave this cursor
    #[arg(long)]
    pub cursor: Option<String>,
}

/// Which letters, and with what.
#[derive(Debug, Args)]
pub struct ReprocessArgs {
    /// The letters' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Another input than it was called with: JSON, `@FILE`, or `-` for standard input
    #[arg(long, conflicts_with = "filter")]
    pub input: Option<String>,
    /// Why; kept in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Of many; the filter's names are the parameters of `GET /dead-letters`
    #[command(flatten)]
    pub many: ManyArgs,
}

/// Which letters, and why.
#[derive(Debug, Args)]
pub struct DiscardArgs {
    /// The letters' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Why; kept in the audit
    #[arg(long)]
    pub reason: String,
    /// Of many; the filter's names are the parameters of `GET /dead-letters`
    #[command(flatten)]
    pub many: ManyArgs,
}
