//! Arguments of the commands about resources and decisions.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{AnswerArgs, DelegateArgs};

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// A file, or a folder of files; may be given several times
    #[arg(short = 'f', long = "file", required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only show what would change
    #[arg(long)]
    pub dry_run: bool,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// A file, or a folder of files; may be given several times
    #[arg(short = 'f', long = "file", required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Files without a flag.
#[derive(Debug, Args)]
pub struct PathArgs {
    /// Files, or folders of files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// A resource by name.
#[derive(Debug, Args)]
pub struct Named {
    /// Its name
    pub name: String,
    /// A workflow's version
    #[arg(long)]
    pub version: Option<String>,
}

/// All, or one.
#[derive(Debug, Subcommand)]
pub enum ResourceCommand {
    /// List all
    List,
    /// Show one
    Show(Named),
}

/// The nodes of the cluster.
#[derive(Debug, Subcommand)]
pub enum NodesCommand {
    /// List all
    List,
    /// Show one
    Show(Named),
    /// Take one out of use: it hands over what it owns, and sends requests on
    Drain(NodeSwitch),
    /// Take a drained one back into use
    Undrain(NodeSwitch),
}

/// Which node, and why.
#[derive(Debug, Args)]
pub struct NodeSwitch {
    /// Its name or id
    pub node: String,
    /// Why, for those who look later
    #[arg(long, default_value = "")]
    pub reason: String,
}

/// All, or one by id.
#[derive(Debug, Args)]
pub struct ListShow {
    /// `pending` or `answered`
    #[arg(long)]
    pub status: Option<String>,
    /// At most so many (1 to 1,000)
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
}

/// Questions to people.
#[derive(Debug, Subcommand)]
pub enum DecisionsCommand {
    /// List them
    List(ListShow),
    /// Show one
    Show {
        /// The decision's id
        id: String,
    },
    /// Answer: go on
    Approve(AnswerArgs),
    /// Answer: give up
    Reject(AnswerArgs),
    /// Answer: go on with other data
    Amend(AnswerArgs),
    /// Hand one on to somebody else
    Delegate(DelegateArgs),
    /// Print the signed heads of the log of decisions, for keeping elsewhere
    Heads,
}
