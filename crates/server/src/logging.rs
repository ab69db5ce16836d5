//! Log lines on standard error: JSON, or text for people.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use runtime::LogFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::settings::{LogFormat, LogSettings};

/// Levels that a request may set are at most so long, in bytes.
const MOST_BYTES: usize = 1_000;
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The process has one log.
static FILTER: OnceLock<Arc<ProcessFilter>> = OnceLock::new();

type Reload = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>;

/// The filter of the process's log.
struct ProcessFilter {
    configured: String,
    current: Mutex<String>,
    reload: Reload,
}

/// Begins to log. Every line within a request bears its correlation id.
///
/// # Errors
/// When the level is none, or the process logs already.
pub fn start(settings: &LogSettings) -> Result<(), String> {
    let filter = filter_of(&settings.level)?;
    let people = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE);
    let (started, reload): (_, Reload) = if people {
        let lines = lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_filter_reloading();
        let handle = lines.reload_handle();
        let reload = move |filter| handle.reload(filter).map_err(|error| error.to_string());
        (lines.try_init(), Box::new(reload))
    } else {
        let lines = lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_filter_reloading();
        let handle = lines.reload_handle();
        let reload = move |filter| handle.reload(filter).map_err(|error| error.to_string());
        (lines.try_init(), Box::new(reload))
    };
    started.map_err(|error| error.to_string())?;
    // The first of two would have been refused above.
    let _first = FILTER.set(Arc::new(ProcessFilter {
        configured: settings.level.clone(),
        current: Mutex::new(settings.level.clone()),
        reload,
    }));
    Ok(())
}

/// What the process logs, once it does.
pub(crate) fn filter() -> Option<Arc<dyn LogFilter>> {
    let filter = FILTER.get()?;
    Some(Arc::clone(filter) as Arc<dyn LogFilter>)
}

impl LogFilter for ProcessFilter {
    fn current(&self) -> String {
        let current = self.current.lock();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, levels: Option<&str>) -> Result<(), String> {
        if let Some(levels) = levels {
            refuse_unclear(levels)?;
        }
        let levels = levels.unwrap_or(&self.configured);
        (self.reload)(filter_of(levels)?)?;
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        levels.clone_into(&mut current);
        Ok(())
    }
}

fn filter_of(levels: &str) -> Result<EnvFilter, String> {
    let levels: Vec<&str> = levels.split(',').map(str::trim).collect();
    let levels = levels.join(",");
    let parsed = EnvFilter::builder().parse(&levels);
    parsed.map_err(|error| format!("log-level {levels:?}: {error}"))
}

/// Refuses what a filter would take for something else: a misspelt level is the name of a part, and silences all others.
pub(crate) fn refuse_unclear(levels: &str) -> Result<(), String> {
    if levels.len() > MOST_BYTES {
        return Err(format!("expected at most {MOST_BYTES} characters"));
    }
    for one in levels.split(',').map(str::trim) {
        let (part, level) = one
            .split_once('=')
            .map_or(("all", one), |(part, level)| (part, level));
        let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let known = LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
        if !known || part.is_empty() || !part.chars().all(named) {
            let levels = LEVELS.join(", ");
            return Err(format!(
                "expected one of {levels}, or PART=LEVEL such as runtime=debug, with commas between, but got {one:?}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_meant_is_taken() {
        for fine in [
            "info",
            "WARN",
            "info,runtime=debug",
            "off, server::routes=trace",
        ] {
            assert_eq!(refuse_unclear(fine), Ok(()), "{fine}");
            filter_of(fine).expect(fine);
        }
        for wrong in [
            "",
            "inof",
            "info,",
            "runtime=",
            "=info",
            "info;debug",
            "a b=info",
            "[span]=info",
        ] {
            let told = refuse_unclear(wrong).expect_err(wrong);
            assert!(told.contains("PART=LEVEL"), "{told}");
        }
        assert!(refuse_unclear(&"a".repeat(1_001)).is_err());
    }
}
