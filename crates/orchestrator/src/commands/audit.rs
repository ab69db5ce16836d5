//! `audit`: who changed what.

use api::{AuditEntry, Exit, Page};

use super::Session;
use super::instances::since;
use crate::args::AuditArgs;
use crate::client::Ask;
use crate::failure::Failure;
use crate::output::{brief, columns, moment};

/// Lists what people did, newest first.
pub async fn run(session: &Session, args: AuditArgs) -> Result<Exit, Failure> {
    let ask = Ask::default()
        .with("since", args.since.as_deref().map(since).transpose()?)
        .with("who", args.who)
        .with("kind", args.kind)
        .with("limit", Some(args.limit));
    let body = session.client.get("/api/v1/audit", ask).await?;
    session.output.show(&body, |page: &Page<AuditEntry>| {
        let row = |entry: &AuditEntry| {
            let reason = entry.reason.as_deref().unwrap_or_default();
            let (who, kind) = (entry.who.clone(), entry.kind.clone());
            vec![
                moment(entry.at),
                who,
                kind,
                entry.subject.clone(),
                brief(reason, 60),
            ]
        };
        columns(
            &["AT", "WHO", "WHAT", "TO", "WHY"],
            page.items.iter().map(row),
        )
    })
}
