//! What is measured, and where.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Measures 3-step workflows, durable, beside the raw limit of the store
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How often each measurement is repeated; the median is the figure
    #[arg(long, default_value_t = 5)]
    pub(crate) repeats: usize,
    /// Seconds of one measurement
    #[arg(long, default_value_t = 4.0)]
    pub(crate) seconds: f64,
    /// Seconds before it that do not count
    #[arg(long, default_value_t = 1.0)]
    pub(crate) warm_up: f64,
    /// Workflows in flight, one series for each number
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 256, 2_000])]
    pub(crate) in_flight: Vec<usize>,
    /// Partitions of the store; one per core without it
    #[arg(long)]
    pub(crate) partitions: Option<u16>,
    /// The folder for the stores; it should lie on a real disk
    #[arg(long, default_value = "target/bench")]
    pub(crate) data: PathBuf,
    /// Leave the runs over HTTP out
    #[arg(long)]
    pub(crate) no_http: bool,
    /// Workflows of one run that posts batches over HTTP
    #[arg(long, default_value_t = 20_000)]
    pub(crate) batched: usize,
    /// The server's binary; without it the one beside this program
    #[arg(long)]
    pub(crate) server: Option<PathBuf>,
    /// Write the figures to this file, as JSON
    #[arg(long, default_value = "target/bench/figures.json")]
    pub(crate) json: PathBuf,
    /// Write the tables to this file, as Markdown
    #[arg(long)]
    pub(crate) markdown: Option<PathBuf>,
}

impl Options {
    /// How long one measurement lasts.
    pub(crate) fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// How long load runs before it.
    pub(crate) fn warming(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up)
    }

    /// Partitions of the stores.
    pub(crate) fn partition_count(&self) -> u16 {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let of_cores = || u16::try_from(cores()).unwrap_or(u16::MAX).clamp(1, 64);
        self.partitions.unwrap_or_else(of_cores)
    }
}
