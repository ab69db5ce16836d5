//! Arguments of the commands that run a server or look at its store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `dev`.
#[derive(Debug, Args)]
pub struct DevArgs {
    /// Where the store and the playground keep their files
    #[arg(long, default_value = "data")]
    pub data: PathBuf,
    /// Keep everything in a temporary folder that is removed at the end
    #[arg(long, conflicts_with = "data")]
    pub ephemeral: bool,
    /// The address to listen on (a loopback address)
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The first of the playground's eight ports; 0 takes any that are free
    #[arg(long, default_value_t = playground::DEFAULT_FIRST_PORT)]
    pub playground_port: u16,
    /// Start without the services to play with
    #[arg(long)]
    pub no_playground: bool,
}

/// Arguments of `serve`; each may also stand in a variable or in the file.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// The address to listen on [ORCHESTRATOR_LISTEN; default: 127.0.0.1:8080]
    #[arg(long)]
    pub listen: Option<String>,
    /// The folder of the embedded store [ORCHESTRATOR_DATA; default: data]
    #[arg(long)]
    pub data: Option<String>,
    /// The PostgreSQL database that is the store instead, as a URL [ORCHESTRATOR_DATABASE]
    #[arg(long, conflicts_with = "data")]
    pub database: Option<String>,
    /// What the nodes on one database share; better in the variable, where no list of processes shows it
    /// [ORCHESTRATOR_CLUSTER_SECRET]
    #[arg(long)]
    pub cluster_secret: Option<String>,
    /// Where the embedded store's journal is archived as it goes on: `file:///folder` or
    /// `s3://bucket/prefix?endpoint=URL&region=NAME` [ORCHESTRATOR_ARCHIVE]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "database")]
    pub archive: Option<String>,
    /// Make no call and fire no timer until `orchestrator system resume` [ORCHESTRATOR_START_PAUSED]
    #[arg(long)]
    pub start_paused: bool,
    /// What people call this node of a cluster [ORCHESTRATOR_NODE; default: the listen address]
    #[arg(long)]
    pub node: Option<String>,
    /// The zone that this node runs in: each zone owns an equal share [ORCHESTRATOR_ZONE]
    #[arg(long)]
    pub zone: Option<String>,
    /// The region that this node runs in [ORCHESTRATOR_REGION]
    #[arg(long)]
    pub region: Option<String>,
    /// After how many milliseconds other nodes may take over from one that does not move
    /// [ORCHESTRATOR_LEASE_MS; default: 5000]
    #[arg(long)]
    pub lease_ms: Option<String>,
    /// The environment to run as [ORCHESTRATOR_ENV; default: dev]
    #[arg(long)]
    pub env: Option<String>,
    /// A file of settings (YAML) [ORCHESTRATOR_CONFIG]
    #[arg(long)]
    pub config: Option<String>,
    /// A folder with a file per secret [ORCHESTRATOR_SECRETS_DIR]
    #[arg(long)]
    pub secrets_dir: Option<String>,
    /// The URL under which others reach this server [ORCHESTRATOR_ADVERTISE; default: the listen address]
    #[arg(long)]
    pub advertise: Option<String>,
    /// `error`, `warn`, `info`, `debug`, `trace` [ORCHESTRATOR_LOG_LEVEL; default: info]
    #[arg(long)]
    pub log_level: Option<String>,
    /// `json`, `text`, or `auto`: text on a terminal [ORCHESTRATOR_LOG_FORMAT; default: auto]
    #[arg(long)]
    pub log_format: Option<String>,
    /// Partitions of a store that is made anew
    /// [ORCHESTRATOR_PARTITIONS; default: one per core, 64 in a database]
    #[arg(long)]
    pub partitions: Option<String>,
    /// How much time one bucket of ended instances covers, of a store that is made anew: retention
    /// removes them in such steps [ORCHESTRATOR_ENDED_SPAN; default: 1d]
    #[arg(long)]
    pub ended_span: Option<String>,
    /// Print the settings that hold and where each comes from, and end
    #[arg(long)]
    pub print_config: bool,
}

/// What can be told the server itself.
#[derive(Debug, Subcommand)]
pub enum SystemCommand {
    /// Show what runs, and how it does
    Show,
    /// Hold all calls and timers back, on all nodes and over restarts; work is still taken
    Pause {
        /// Why, for those who look later
        #[arg(long)]
        reason: String,
    },
    /// Let calls and timers go on, after a pause or a restore
    Resume {
        /// Why, for those who look later
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Show what the nodes log, or change it until they are started again
    LogLevels {
        /// `off`, `error`, `warn`, `info`, `debug`, `trace`, or by part: `info,runtime=debug`; `configured` for what
        /// the node was started with. Without it they are shown
        levels: Option<String>,
        /// Of this node, by name or id; without it of all
        #[arg(long, requires = "levels")]
        node: Option<String>,
        /// Why, for those who look later
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The folder of a store that no server holds; without it the running server is asked
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Heads of the log of decisions that were kept elsewhere (`decisions heads`): a log that was written anew shows
    #[arg(long, value_name = "FILE")]
    pub heads: Option<PathBuf>,
    /// The public key of the server's `audit-key`: heads that it did not seal are a violation
    #[arg(long, value_name = "HEX", requires = "heads")]
    pub audit_public_key: Option<String>,
}
