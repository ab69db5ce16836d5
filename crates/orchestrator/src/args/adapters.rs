//! Arguments of `adapters`.

use clap::{Args, Subcommand};

use super::resources::Named;

/// Connections to outside systems, and the switches of an incident.
#[derive(Debug, Subcommand)]
pub enum AdaptersCommand {
    /// List all, and how they stand
    List,
    /// Show one
    Show(Named),
    /// Hold its calls back: they wait, and use up no attempt
    Pause(SwitchArgs),
    /// Hold its calls back until nothing is under way
    Drain(SwitchArgs),
    /// Let its calls begin again
    Resume(SwitchArgs),
    /// Open its circuit breaker, until it is reset
    OpenBreaker(SwitchArgs),
    /// Close its circuit breaker, whoever opened it
    ResetBreaker(SwitchArgs),
    /// Set other limits for a while; without any, the document's hold again
    Override(OverrideArgs),
    /// Call an action once, to try it out: it is not tried again, and no dead letter is kept of it
    Call(CallArgs),
}

/// Arguments of `adapters call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// The adapter's name
    pub name: String,
    /// The action; without it the adapter's default
    pub action: Option<String>,
    /// What it is given: JSON, `@FILE`, or `-` for standard input
    #[arg(long)]
    pub input: Option<String>,
    /// Wait for the outcome, at most so long
    #[arg(long, default_value = "30s")]
    pub wait: String,
    /// Persists over everything that it sets in motion
    #[arg(long)]
    pub correlation_id: Option<String>,
    /// The same key and input call it only once
    #[arg(long)]
    pub idempotency_key: Option<String>,
    /// Why; kept in the audit
    #[arg(long)]
    pub reason: String,
}

/// Arguments of a switch.
#[derive(Debug, Args)]
pub struct SwitchArgs {
    /// The adapter's name
    pub name: String,
    /// Only this target, by its name
    #[arg(long)]
    pub target: Option<String>,
    /// Why; kept in the audit and shown where calls wait
    #[arg(long)]
    pub reason: String,
}

/// Arguments of `adapters override`.
#[derive(Debug, Args)]
pub struct OverrideArgs {
    /// The adapter's name
    pub name: String,
    /// Calls at once
    #[arg(long)]
    pub concurrency: Option<u32>,
    /// Calls per time, such as 100/s
    #[arg(long)]
    pub rate: Option<String>,
    /// Calls at once after a quiet time
    #[arg(long, requires = "rate")]
    pub burst: Option<u32>,
    /// For how long, such as 30m
    #[arg(long)]
    pub expires_in: Option<String>,
    /// Why; kept in the audit
    #[arg(long)]
    pub reason: String,
}
