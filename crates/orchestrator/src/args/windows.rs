//! Arguments of `windows`.

use clap::Subcommand;

/// Events that wait to become one start, and how often triggers start.
#[derive(Debug, Subcommand)]
pub enum WindowsCommand {
    /// List the open ones, those that opened last first
    List {
        /// List those of debounce and batch that closed
        #[arg(long)]
        closed: bool,
        /// At most so many (1 to 1,000)
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Go on after the page that gave this cursor
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Show one, with its events and what it started
    Show {
        /// The window's id
        id: String,
    },
}
