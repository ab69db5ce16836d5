//! `system`: the server itself.

use api::{Exit, System};

use super::Session;
use crate::args::SystemCommand;
use crate::client::Ask;
use crate::failure::Failure;
use crate::output::{fields, moment};

/// Shows the server, or lets it go on.
pub async fn run(session: &Session, command: &SystemCommand) -> Result<Exit, Failure> {
    let body = match command {
        SystemCommand::Show => session.client.get("/api/v1/system", Ask::default()).await?,
        SystemCommand::Resume => {
            let ask = Ask::default();
            session.client.post("/api/v1/system/resume", ask).await?
        }
    };
    session.output.show(&body, |system: &System| {
        let state = match (system.ready, system.paused) {
            (false, _) => "not ready",
            (true, true) => "paused: calls and timers wait for `orchestrator system resume`",
            (true, false) => "ready",
        };
        fields([
            ("node", system.node.clone()),
            ("version", system.version.clone()),
            ("environment", system.environment.clone()),
            ("started", moment(system.started_at)),
            ("state", state.to_owned()),
        ])
    })
}
