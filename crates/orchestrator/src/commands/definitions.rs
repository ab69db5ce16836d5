//! `definitions`: workflows that were applied.

use api::{DefinitionSummary, Exit, Page};

use super::Session;
use crate::args::ResourceCommand;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{columns, yaml};

/// Lists workflows, or shows one.
pub async fn definitions(session: &Session, command: ResourceCommand) -> Result<Exit, Failure> {
    let named = match command {
        ResourceCommand::List => return list_definitions(session).await,
        ResourceCommand::Show(named) => named,
    };
    let mut path = format!("/api/v1/definitions/{}", segment(&named.name));
    if let Some(version) = &named.version {
        path.push_str(&format!("/versions/{}", segment(version)));
    }
    let body = session.client.get(&path, Ask::default()).await?;
    session.output.show(&body, document)
}

async fn list_definitions(session: &Session) -> Result<Exit, Failure> {
    let body = session
        .client
        .get("/api/v1/definitions", Ask::default())
        .await?;
    session
        .output
        .show(&body, |page: &Page<DefinitionSummary>| {
            let row = |item: &DefinitionSummary| {
                let taken = format!(
                    "{}{}",
                    item.default_version,
                    if item.pinned { " (pinned)" } else { "" }
                );
                vec![item.name.clone(), taken, item.versions.join(" ")]
            };
            columns(
                &["WORKFLOW", "TAKEN", "VERSIONS"],
                page.items.iter().map(row),
            )
        })
}

/// A resource's document as people write it.
fn document(body: &serde_json::Value) -> String {
    yaml(body.get("document").unwrap_or(body)).unwrap_or_default()
}
