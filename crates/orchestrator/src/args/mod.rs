//! The command line's arguments.

mod adapters;
mod backup;
mod callbacks;
mod copy;
mod dead_letters;
mod events;
mod operations;
mod resources;
mod schedules;
mod serve;
mod stats;
mod windows;
mod workflows;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use adapters::{AdaptersCommand, CallArgs, OverrideArgs, SwitchArgs};
pub use backup::{
    BackupCallsArgs, BackupCommand, BackupCreateArgs, BackupFromArgs, BackupRestoreArgs,
};
pub use callbacks::{CallbacksCommand, DeliveryListArgs};
pub use copy::CopyArgs;
pub use dead_letters::{DeadLettersCommand, DiscardArgs, LetterListArgs, ReprocessArgs};
pub use events::{EmitArgs, EventListArgs, EventsCommand};
pub use operations::{ManyArgs, OperationsCommand, TurnArgs};
pub use resources::{
    ApplyArgs, DecisionsCommand, DiffArgs, ListShow, NodeSwitch, NodesCommand, PathArgs,
    ResourceCommand, TestArgs,
};
pub use schedules::SchedulesCommand;
pub use serve::{DevArgs, DoctorArgs, ServeArgs, SystemCommand};
pub use stats::{FailuresArgs, FailuresCommand, StatsArgs, StatsCommand};
pub use windows::WindowsCommand;
pub use workflows::{
    AnswerArgs, AuditArgs, CancelArgs, DelegateArgs, DeleteArgs, HistoryArgs, HoldArgs, IdArgs,
    ListArgs, MigrateArgs, ReplayArgs, RestoreArgs, RetryArgs, SignalArgs, StepArgs, StepsCommand,
    SubmitArgs, WatchArgs,
};

/// Runs workflows that survive anything, and tells what they do.
#[derive(Debug, Parser)]
#[command(name = "orchestrator", version, max_term_width = 100)]
pub struct Cli {
    /// What every command shares.
    #[command(flatten)]
    pub shared: Shared,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command shares.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Of every command", next_display_order = 900)]
pub struct Shared {
    /// The server to talk to
    #[arg(
        long,
        global = true,
        env = "ORCHESTRATOR_SERVER",
        default_value = "http://127.0.0.1:8080"
    )]
    pub server: String,
    /// The caller's token
    #[arg(
        long,
        global = true,
        env = "ORCHESTRATOR_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// How data is printed: a table on a terminal, else JSON, unless this says
    #[arg(long, short, global = true, value_enum)]
    pub output: Option<Format>,
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people.
    Table,
    /// As the server sent it.
    Json,
    /// The same as YAML.
    Yaml,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything on this machine: server, examples, and services to play with
    Dev(DevArgs),
    /// Run the server
    Serve(Box<ServeArgs>),
    /// Add or change what the files name; all of it or none
    Apply(ApplyArgs),
    /// Show what `apply` would change
    Diff(DiffArgs),
    /// Print everything that was applied, as YAML
    Export,
    /// Check files without a server
    Validate(PathArgs),
    /// Run the test cases of workflows, with mocked adapters and without waiting; needs no server
    Test(TestArgs),
    /// Start a workflow
    Submit(SubmitArgs),
    /// Send an event
    Emit(EmitArgs),
    /// What happened outside, and what came of it
    #[command(subcommand)]
    Events(EventsCommand),
    /// Who is told of what happens to instances, and what was delivered
    #[command(subcommand)]
    Callbacks(CallbacksCommand),
    /// List workflow instances, newest first
    List(ListArgs),
    /// Show one instance
    Show(IdArgs),
    /// Follow one instance until it ends
    Watch(WatchArgs),
    /// Print an instance's records
    History(HistoryArgs),
    /// Send a signal to an instance, or to many; it is kept until a step waits for it
    Signal(SignalArgs),
    /// Hold instances: what is under way ends, nothing new begins
    Pause(HoldArgs),
    /// Let instances that are held go on
    Resume(HoldArgs),
    /// Have instances that failed go on from the steps that failed
    Retry(RetryArgs),
    /// Start new instances from the input of these, whole or from a step on
    Replay(ReplayArgs),
    /// Have instances go back to how they were after a record or at a time
    Restore(RestoreArgs),
    /// Have open instances go on with another version of their workflow
    Migrate(MigrateArgs),
    /// Skip a step, supply its output, have it fail or tried at once
    #[command(subcommand)]
    Steps(StepsCommand),
    /// End instances early; what they did is undone unless told otherwise
    Cancel(CancelArgs),
    /// Delete ended instances for good, with their history
    Delete(DeleteArgs),
    /// What was asked of many instances at once, and how far it is
    #[command(subcommand)]
    Operations(OperationsCommand),
    /// What starts workflows by the time
    #[command(subcommand)]
    Schedules(SchedulesCommand),
    /// Events that wait to become one start, and how often triggers start
    #[command(subcommand)]
    Windows(WindowsCommand),
    /// Calls that failed for good and are kept whole
    #[command(subcommand)]
    DeadLetters(DeadLettersCommand),
    /// What stands as failed, alike with alike
    #[command(subcommand)]
    Failures(FailuresCommand),
    /// Counts and latencies of the last 30 days
    #[command(subcommand)]
    Stats(StatsCommand),
    /// Questions to people
    #[command(subcommand)]
    Decisions(DecisionsCommand),
    /// Answer a question: go on
    Approve(AnswerArgs),
    /// Answer a question: give up
    Reject(AnswerArgs),
    /// Workflows that were applied
    #[command(subcommand)]
    Definitions(ResourceCommand),
    /// Connections to outside systems, and the switches of an incident
    #[command(subcommand)]
    Adapters(AdaptersCommand),
    /// The nodes of the cluster
    #[command(subcommand)]
    Nodes(NodesCommand),
    /// Who changed what
    Audit(AuditArgs),
    /// Evaluate an expression against sample data; needs no server
    Eval {
        /// The expression
        expression: String,
        /// Its variables: a JSON object, `@FILE`, or `-` for standard input
        #[arg(long)]
        input: Option<String>,
    },
    /// Look for damage: of a running server, or of a stopped store with `--data`
    Doctor(DoctorArgs),
    /// Copies of the embedded store, and the way back
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Move a store between a folder and a database; no server may use either
    Copy(CopyArgs),
    /// The server itself
    #[command(subcommand)]
    System(SystemCommand),
    /// Print the API's OpenAPI document
    Openapi,
    /// Print a script that completes commands in your shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}
