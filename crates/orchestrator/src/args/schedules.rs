//! Arguments of `schedules`.

use clap::{Args, Subcommand};

/// What starts workflows by the time.
#[derive(Debug, Subcommand)]
pub enum SchedulesCommand {
    /// List them, in the order of their names
    List {
        /// At most so many (1 to 1,000)
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Go on after the page that gave this cursor
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one: when it starts something next, and what came of the last tick
    Show {
        /// The schedule's name: `workflow.trigger`
        name: String,
    },
    /// Tell when one starts something next
    Next {
        /// The schedule's name: `workflow.trigger`
        name: String,
        /// So many (1 to 1,000)
        #[arg(long, default_value_t = 10)]
        count: u32,
    },
    /// Hold one until it is resumed
    Pause(ScheduleArgs),
    /// Let a held one go on; what it was held over is not made up for
    Resume(ScheduleArgs),
    /// Have one start something now, whatever is open
    Trigger(ScheduleArgs),
    /// Have one start what it would have started in a span of the past
    Backfill(BackfillArgs),
}

/// Which schedule, and why.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// The schedule's name: `workflow.trigger`
    pub name: String,
    /// Why; kept in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// Which span, and why.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// The schedule's name: `workflow.trigger`
    pub name: String,
    /// Ticks from this moment on, such as `2026-11-01T00:00:00Z`
    #[arg(long)]
    pub from: String,
    /// Ticks before this moment
    #[arg(long)]
    pub to: String,
    /// Why; kept in the audit
    #[arg(long, default_value = "")]
    pub reason: String,
}
