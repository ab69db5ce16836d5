//! `system`: the server itself.

use api::{Exit, Reason, System};

use super::Session;
use crate::args::SystemCommand;
use crate::client::Ask;
use crate::failure::Failure;
use crate::output::{fields, moment};

/// Shows the server, or lets it go on.
pub async fn run(session: &Session, command: &SystemCommand) -> Result<Exit, Failure> {
    let body = match command {
        SystemCommand::Show => session.client.get("/api/v1/system", Ask::default()).await?,
        SystemCommand::Pause { reason } => switch(session, "/api/v1/system/pause", reason).await?,
        SystemCommand::Resume { reason } => {
            switch(session, "/api/v1/system/resume", reason).await?
        }
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
        ])
    })
}

/// Turns something on or off, for a reason.
pub(super) async fn switch(session: &Session, path: &str, reason: &str) -> Result<String, Failure> {
    let reason = reason.to_owned();
    let body = serde_json::json!(Reason { reason }).to_string();
    session.client.post(path, Ask::default().json(body)).await
}
