//! Log lines on standard error: JSON, or text for people.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::settings::{LogFormat, LogSettings};

/// Begins to log. Every line within a request bears its correlation id.
///
/// # Errors
/// When the level is none, or the process logs already.
pub fn start(settings: &LogSettings) -> Result<(), String> {
    let wrong = |error| format!("log-level {:?}: {error}", settings.level);
    let filter = EnvFilter::builder().parse(&settings.level).map_err(wrong)?;
    let people = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE);
    let started = if people {
        lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init()
    } else {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    };
    started.map_err(|error| error.to_string())
}
