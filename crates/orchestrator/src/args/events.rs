//! Arguments of `emit` and `events`.

use clap::{Args, Subcommand};

/// An event.
#[derive(Debug, Args)]
pub struct EmitArgs {
    /// Its type
    pub event_type: String,
    /// What it carries: JSON, `@FILE`, or `-` for standard input; `null` without it
    #[arg(long)]
    pub data: Option<String>,
    /// Where it happened
    #[arg(long, default_value = "/cli")]
    pub source: String,
    /// Whom it is about
    #[arg(long)]
    pub subject: Option<String>,
    /// Its id: with the source it names the event, which is then taken once
    #[arg(long)]
    pub id: Option<String>,
    /// Persists over everything that it sets in motion
    #[arg(long)]
    pub correlation_id: Option<String>,
}

/// Events that were taken.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// List them, newest first
    List(EventListArgs),
    /// Show one, whole
    Show {
        /// The event's id, as the answer to it said
        id: String,
    },
}

/// Which events.
#[derive(Debug, Args)]
pub struct EventListArgs {
    /// Of this type; with `*` at the end, of all that begin so
    #[arg(long = "type")]
    pub event_type: Option<String>,
    /// From this source
    #[arg(long)]
    pub source: Option<String>,
    /// About this subject
    #[arg(long)]
    pub subject: Option<String>,
    /// With this correlation id
    #[arg(long)]
    pub correlation_id: Option<String>,
    /// Only those that no trigger and no router took further
    #[arg(long)]
    pub unrouted: bool,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// Go on after the page that gave this cursor
    #[arg(long)]
    pub cursor: Option<String>,
}
