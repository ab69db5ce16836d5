//! What is measured, and where.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the product on this machine, durable, each figure beside its limit or a peer
#[derive(Clone, Debug, Parser)]
pub(crate) struct Options {
    /// Only these measurements, by letter or name; `--list` shows them
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Shows the measurements and ends
    #[arg(long)]
    pub(crate) list: bool,
    /// Seconds and small numbers instead of minutes and large ones: to try it out
    #[arg(long)]
    pub(crate) quick: bool,
    /// How often each measurement is repeated; the median is the figure
    #[arg(long, default_value_t = 3)]
    pub(crate) repeats: usize,
    /// Partitions of the stores; one per core without it
    #[arg(long)]
    pub(crate) partitions: Option<u16>,
    /// Workflows of the soak under a small retention
    #[arg(long, default_value_t = 20_000_000)]
    pub(crate) soak: u64,
    /// The folder for the stores, which should lie on a real disk, and for the figures
    #[arg(long, global = true, default_value = "target/bench")]
    pub(crate) data: PathBuf,
    /// The folder of the peers
    #[arg(long, default_value = "target/peers")]
    pub(crate) peers: PathBuf,
    /// The server's binary; without it the one beside this program
    #[arg(long)]
    pub(crate) server: Option<PathBuf>,
    /// The page that gets the tables and plots; of a quick run, a copy of it in the folder of the figures
    #[arg(long)]
    pub(crate) page: Option<PathBuf>,
    /// What to do instead of measuring all
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

/// Parts that can be run by themselves.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Task {
    /// Counts the instructions of fixed workloads and compares them with the numbers checked in
    Instructions {
        /// Check these in as the new numbers
        #[arg(long)]
        accept: bool,
    },
    /// Answers every request with its body
    #[command(hide = true)]
    Echo {
        /// Where
        listen: SocketAddr,
    },
    /// Answers every request when its body is in a journal
    #[command(hide = true)]
    Bare {
        /// Where
        listen: SocketAddr,
        /// The folder of the store
        folder: PathBuf,
    },
    /// Runs one workload so often, for the counter of instructions
    #[command(hide = true)]
    Workload {
        /// Which
        name: String,
        /// How often
        times: usize,
    },
}

impl Options {
    /// Partitions of the stores.
    pub(crate) fn partition_count(&self) -> u16 {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let of_cores = || u16::try_from(cores()).unwrap_or(u16::MAX).clamp(1, 64);
        self.partitions.unwrap_or_else(of_cores)
    }
}
