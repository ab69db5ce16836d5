//! Arguments of the commands about instances.

use clap::{Args, Subcommand};

use super::operations::ManyArgs;

/// Arguments of `submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// The workflow's name
    pub name: String,
    /// Its version; without it the pinned one, else the highest release
    #[arg(long)]
    pub version: Option<String>,
    /// The input: JSON, `@FILE`, or `-` for standard input
    #[arg(long, short)]
    pub input: Option<String>,
    /// Wait until it ends, at most this long; exit code 1 unless it completed
    #[arg(long, num_args = 0..=1, default_missing_value = "60s", value_name = "DURATION")]
    pub wait: Option<String>,
    /// Carried by everything that this start sets in motion
    #[arg(long)]
    pub correlation_id: Option<String>,
    /// The same key and input start it only once
    #[arg(long)]
    pub idempotency_key: Option<String>,
    /// Whom it is about
    #[arg(long)]
    pub subject: Option<String>,
    /// `low`, `normal`, `high` or `critical`
    #[arg(long)]
    pub priority: Option<String>,
    /// When its steps begin: a time, or a duration from now such as `2h`
    #[arg(long, value_name = "TIME")]
    pub start_at: Option<String>,
    /// `NAME=VALUE`, searchable; may be given several times
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    pub attributes: Vec<String>,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// `running`, `completed` ..., or `active` for all that are open; may be given several times
    #[arg(long)]
    pub status: Vec<String>,
    /// The workflow's name
    #[arg(long)]
    pub workflow: Option<String>,
    /// The workflow's version
    #[arg(long)]
    pub version: Option<String>,
    /// Started since: `2h`, `7d`, or a time
    #[arg(long)]
    pub since: Option<String>,
    /// Whom it is about
    #[arg(long)]
    pub subject: Option<String>,
    /// The correlation id
    #[arg(long)]
    pub correlation_id: Option<String>,
    /// `NAME=VALUE`; may be given several times
    #[arg(long = "attribute", value_name = "NAME=VALUE")]
    pub attributes: Vec<String>,
    /// A word in ids, names or errors
    #[arg(long, short)]
    pub query: Option<String>,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// Go on after the page that gave this cursor
    #[arg(long)]
    pub cursor: Option<String>,
}

/// One instance.
#[derive(Debug, Args)]
pub struct IdArgs {
    /// The instance's id
    pub id: String,
}

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The instance's id
    pub id: String,
    /// Begin after this record
    #[arg(long, default_value_t = 0)]
    pub from_seq: u64,
}

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The instance's id
    pub id: String,
    /// Only records after this one
    #[arg(long)]
    pub after_seq: Option<u64>,
    /// Only records of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Only records of this step
    #[arg(long)]
    pub step: Option<String>,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 1_000)]
    pub limit: u32,
}

/// Arguments of `signal`.
#[derive(Debug, Args)]
pub struct SignalArgs {
    /// The instance's id (none with `--filter`), and the signal's name, as a step waits for it
    #[arg(required = true, num_args = 1..=2, value_names = ["ID", "NAME"])]
    pub words: Vec<String>,
    /// Why; kept in the audit of an operation
    #[arg(long, default_value = "", requires = "filter")]
    pub reason: String,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// What the step gets: JSON, `@FILE`, or `-` for standard input
    #[arg(long)]
    pub data: Option<String>,
    /// The same key and data deliver it only once
    #[arg(long)]
    pub idempotency_key: Option<String>,
}

/// Arguments of `pause` and `resume`.
#[derive(Debug, Args)]
pub struct HoldArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// Why; kept in the history and in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Why; kept in the audit of an operation
    #[arg(long, default_value = "", requires = "filter")]
    pub reason: String,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// The workflow's version; without it the one that the instance ran on
    #[arg(long)]
    pub version: Option<String>,
    /// Only this step of the workflow's own list, and what waits for it; the others count as done
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    /// The same key starts it only once
    #[arg(long)]
    pub idempotency_key: Option<String>,
}

/// Arguments of `retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// Why; kept in the history and in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// Back to how it was after this record; not with `--filter`
    #[arg(
        long,
        value_name = "SEQ",
        required_unless_present = "to_time",
        conflicts_with = "filter"
    )]
    pub to_seq: Option<u64>,
    /// Back to how it was at this time, or so long ago (`2h`)
    #[arg(long, value_name = "TIME", conflicts_with = "to_seq")]
    pub to_time: Option<String>,
    /// Undo what was done since first
    #[arg(long)]
    pub compensate: bool,
    /// Why; kept in the history and in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// The version
    #[arg(long, value_name = "VERSION")]
    pub to: String,
    /// A step that has another id there; may be given several times
    #[arg(long, value_name = "OLD=NEW")]
    pub map: Vec<String>,
    /// Why; kept in the history and in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// What can be done about one step.
#[derive(Debug, Subcommand)]
pub enum StepsCommand {
    /// Leave a step out and go on
    Skip(StepArgs),
    /// Supply a step's output: it counts as done
    Complete {
        /// Which step
        #[command(flatten)]
        step: StepArgs,
        /// The output: JSON, `@FILE`, or `-` for standard input; null without it
        #[arg(long)]
        data: Option<String>,
    },
    /// Have a step fail
    Fail {
        /// Which step
        #[command(flatten)]
        step: StepArgs,
        /// The error's type, which `catch` matches
        #[arg(long = "type", value_name = "TYPE")]
        error_type: Option<String>,
        /// The error's message
        #[arg(long)]
        message: Option<String>,
    },
    /// Have a step's next attempt made at once
    Retry(StepArgs),
}

/// One step of an instance.
#[derive(Debug, Args)]
pub struct StepArgs {
    /// The instance's id
    pub id: String,
    /// The step's id
    pub step: String,
    /// The path of its lane, where it is open in several
    #[arg(long)]
    pub lane: Option<String>,
    /// Why; kept in the history and in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// Arguments of `cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Leave what was done as it is
    #[arg(long)]
    pub no_compensation: bool,
}

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The instances' ids; none with `--filter`
    #[arg(required_unless_present = "filter", conflicts_with = "filter")]
    pub ids: Vec<String>,
    /// Of many
    #[command(flatten)]
    pub many: ManyArgs,
    /// Why; kept in the audit
    #[arg(long)]
    pub reason: Option<String>,
}

/// Arguments of `approve` and `reject`.
#[derive(Debug, Args)]
pub struct AnswerArgs {
    /// The decisions' ids; none with `--all`
    #[arg(required_unless_present = "all")]
    pub ids: Vec<String>,
    /// One of the decision's `choices` (`retry`, `skip`, `supply` ...)
    #[arg(long)]
    pub choice: Option<String>,
    /// Why
    #[arg(long, short, default_value = "")]
    pub comment: String,
    /// The amended data, or the supplied output: JSON, `@FILE`, or `-` for standard input
    #[arg(long)]
    pub data: Option<String>,
    /// All pending decisions that `--workflow`, `--step`, `--kind` and `--risk` take
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// With `--all`: of this workflow
    #[arg(long, requires = "all")]
    pub workflow: Option<String>,
    /// With `--all`: of this step
    #[arg(long, requires = "all")]
    pub step: Option<String>,
    /// With `--all`: of this kind (`approval`, `question` ...)
    #[arg(long, requires = "all")]
    pub kind: Option<String>,
    /// With `--all`: of this risk
    #[arg(long, requires = "all")]
    pub risk: Option<String>,
    /// Only say which ones it would be
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `decisions delegate`.
#[derive(Debug, Args)]
pub struct DelegateArgs {
    /// The decision's id
    pub id: String,
    /// To whom: `user:NAME` or `role:NAME`
    pub to: String,
    /// Why
    #[arg(long, short, default_value = "")]
    pub comment: String,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The only thing to do with it; may be left out
    #[arg(value_parser = ["list"], default_value = "list", hide_default_value = true)]
    pub verb: String,
    /// Since: `2h`, `7d`, or a time
    #[arg(long)]
    pub since: Option<String>,
    /// Only what this caller did
    #[arg(long)]
    pub who: Option<String>,
    /// Only acts of this kind
    #[arg(long)]
    pub kind: Option<String>,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
}
