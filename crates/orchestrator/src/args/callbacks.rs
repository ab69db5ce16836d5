//! Arguments of `callbacks`.

use clap::{Args, Subcommand};

/// Who is told of what happens to instances.
#[derive(Debug, Subcommand)]
pub enum CallbacksCommand {
    /// List them
    List,
    /// List what one delivered or is to deliver, newest first
    Deliveries(DeliveryListArgs),
    /// Deliver an event once more, under the same id
    Redeliver {
        /// The callback's name
        callback: String,
        /// The delivery's id
        delivery: String,
    },
}

/// Which deliveries.
#[derive(Debug, Args)]
pub struct DeliveryListArgs {
    /// The callback's name
    pub callback: String,
    /// `pending`, `delivered`, `failed` or `cancelled`; several with commas
    #[arg(long)]
    pub status: Option<String>,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// Go on after the page that gave this cursor
    #[arg(long)]
    pub cursor: Option<String>,
}
