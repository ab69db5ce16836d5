//! Arguments of operations on many instances.

use clap::{Args, Subcommand};

/// On all that a filter takes, as an operation that the server carries out.
#[derive(Debug, Args)]
#[command(next_help_heading = "On many")]
pub struct ManyArgs {
    /// All that fit: the parameters of `GET /workflows`, such as `status=active`, `workflow=order`
    /// or `attribute.region=EU`; may be given several times
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    pub filter: Vec<String>,
    /// With `--filter`: only say how many there are, and show 20 of them
    #[arg(long, requires = "filter")]
    pub dry_run: bool,
    /// With `--filter`: do it without asking
    #[arg(long, requires = "filter")]
    pub yes: bool,
    /// With `--filter`: so many at most in what time
    #[arg(long, requires = "filter", value_name = "N/s")]
    pub rate: Option<String>,
}

/// Operations on many instances.
#[derive(Debug, Subcommand)]
pub enum OperationsCommand {
    /// List them, the open ones first
    List {
        /// At most so many (1 to 1,000)
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one, and how far it is
    Show {
        /// The operation's id
        id: String,
    },
    /// Hold one until it is resumed
    Pause(TurnArgs),
    /// Let a held one go on
    Resume(TurnArgs),
    /// Give one up; what it did stays done
    Cancel(TurnArgs),
}

/// Which operation, and why.
#[derive(Debug, Args)]
pub struct TurnArgs {
    /// The operation's id
    pub id: String,
    /// Why; kept in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}
