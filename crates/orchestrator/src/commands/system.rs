//! `system`: the server itself.

use api::{Exit, LogLevels, LogLevelsRequest, NodeLogLevels, Reason, StoreSizes, System};

use super::Session;
use crate::args::SystemCommand;
use crate::client::Ask;
use crate::failure::Failure;
use crate::output::{columns, fields, moment};

/// What stands for the levels that a node was started with.
const CONFIGURED: &str = "configured";

/// Shows the server, lets it wait or go on, or changes what it logs.
pub async fn run(session: &Session, command: &SystemCommand) -> Result<Exit, Failure> {
    let body = match command {
        SystemCommand::Show => session.client.get("/api/v1/system", Ask::default()).await?,
        SystemCommand::Pause { reason } => switch(session, "/api/v1/system/pause", reason).await?,
        SystemCommand::Resume { reason } => {
            switch(session, "/api/v1/system/resume", reason).await?
        }
        SystemCommand::LogLevels {
            levels,
            node,
            reason,
        } => return log_levels(session, levels.as_deref(), node.as_deref(), reason).await,
    };
    session.output.show(&body, |system: &System| {
        let state = match (system.ready, system.paused) {
            (false, _) => "not ready",
            (true, true) => "paused: calls and timers wait for `orchestrator system resume`",
            (true, false) => "ready",
        };
        let because = system.paused_because.clone();
        fields([
            ("node", system.node.clone()),
            ("version", system.version.clone()),
            ("environment", system.environment.clone()),
            ("started", moment(system.started_at)),
            ("state", state.to_owned()),
            ("because", because.unwrap_or_default()),
            ("store", system.store.map(room).unwrap_or_default()),
        ])
    })
}

/// How much room the store takes, in a line.
fn room(sizes: StoreSizes) -> String {
    let StoreSizes {
        journal_bytes,
        state_bytes,
        ended_bytes,
        blob_bytes,
    } = sizes;
    let part = |what: &str, bytes: u64| format!("{what} {:.1} MiB", bytes as f64 / 1_048_576.0);
    let mut parts = vec![
        part("journal", journal_bytes),
        part("state", state_bytes),
        part("ended", ended_bytes),
    ];
    parts.extend(blob_bytes.map(|bytes| part("payloads", bytes)));
    parts.join(", ")
}

/// Shows what the nodes log, or changes it.
async fn log_levels(
    session: &Session,
    levels: Option<&str>,
    node: Option<&str>,
    reason: &str,
) -> Result<Exit, Failure> {
    let path = "/api/v1/system/log-levels";
    let body = match levels {
        None => session.client.get(path, Ask::default()).await?,
        Some(levels) => {
            let asked = LogLevelsRequest {
                levels: (levels != CONFIGURED).then(|| levels.to_owned()),
                node: node.map(str::to_owned),
                reason: reason.to_owned(),
            };
            let body = serde_json::json!(asked).to_string();
            session.client.put(path, Ask::default().json(body)).await?
        }
    };
    session.output.show(&body, |shown: &LogLevels| {
        let row = |one: &NodeLogLevels| {
            let asked = if one.asked { " *" } else { "" };
            let levels = one.levels.clone();
            vec![
                format!("{}{asked}", one.node),
                levels.unwrap_or_default(),
                one.error.clone().unwrap_or_default(),
            ]
        };
        columns(&["NODE", "LOGS", "WRONG"], shown.items.iter().map(row))
    })
}

/// Turns something on or off, for a reason.
pub(super) async fn switch(session: &Session, path: &str, reason: &str) -> Result<String, Failure> {
    let reason = reason.to_owned();
    let body = serde_json::json!(Reason { reason }).to_string();
    session.client.post(path, Ask::default().json(body)).await
}
