//! Arguments of operations on many instances.

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// On all that a filter takes, as an operation that the server carries out.
#[derive(Debug, Args)]
#[command(next_help_heading = "On many")]
pub struct ManyArgs {
    /// All that fit: the parameters of `GET /workflows`, such as `status=active`, `workflow=order`
    /// or `attribute.region=EU`; may be given several times
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    pub filter: Vec<String>,
    /// Only say what it would come to; with `--filter` how many there are, and 20 of them
    #[arg(long)]
    pub dry_run: bool,
    /// With `--filter`: do it without asking
    #[arg(long, requires = "filter")]
    pub yes: bool,
    /// With `--filter`: so many at most in what time
    #[arg(long, requires = "filter", value_name = "N/s")]
    pub rate: Option<String>,
}

impl ManyArgs {
    /// Whether it is for all that fit, of a verb that only has a dry run then.
    ///
    /// # Errors
    /// When only a dry run is asked for: of single instances that would do it.
    pub fn is_asked(&self) -> Result<bool, Failure> {
        if self.dry_run && self.filter.is_empty() {
            let text = "expected `--filter` with `--dry-run`: with ids there is nothing to tell beforehand";
            return Err(Failure::usage(text.to_owned()));
        }
        Ok(!self.filter.is_empty())
    }
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
