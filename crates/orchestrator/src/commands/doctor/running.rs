//! A server that runs.

use api::{AuditCheck, AuditFinding, Exit, System, SystemCheck};

use super::heads::unsealed;
use super::{told, violated};
use crate::args::DoctorArgs;
use crate::client::Ask;
use crate::commands::Session;
use crate::failure::Failure;
use crate::output::{columns, parse};

/// Instances that are asked for at once.
const PAGE: usize = 500;

/// Asks a running server how it does, to check what is open, and its log of decisions.
pub async fn running(session: &Session, args: &DoctorArgs) -> Result<Exit, Failure> {
    session.client.get("/readyz", Ask::default()).await?;
    let body = session.client.get("/api/v1/system", Ask::default()).await?;
    show_system(session, &body)?;
    let mut findings = log_findings(session, args).await?;
    findings.extend(unsealed(args)?);
    findings.extend(open_findings(session).await?);
    if findings.is_empty() {
        return Ok(Exit::Well);
    }
    Err(violated(findings.len(), &findings))
}

async fn log_findings(session: &Session, args: &DoctorArgs) -> Result<Vec<String>, Failure> {
    let kept = args.heads.as_deref().map(std::fs::read_to_string);
    let ask = kept
        .transpose()?
        .map_or_else(Ask::default, |kept| Ask::default().json(kept));
    let log = session
        .client
        .post("/api/v1/system/audit-heads", ask)
        .await?;
    let log: AuditCheck = parse(&log)?;
    let findings = log.findings.iter().map(|found| {
        let AuditFinding { slot, number, what } = found;
        told(*slot, *number, what)
    });
    Ok(findings.collect())
}

/// What is wrong with open instances, page after page.
async fn open_findings(session: &Session) -> Result<Vec<String>, Failure> {
    let (mut findings, mut cursor) = (Vec::new(), None);
    loop {
        let ask = Ask::default()
            .with("limit", Some(PAGE))
            .with("cursor", cursor.as_ref());
        let page = session.client.get("/api/v1/system/check", ask).await?;
        let page: SystemCheck = parse(&page)?;
        let found = page.findings.iter();
        findings.extend(found.map(|found| format!("{}: {}", found.workflow_id, found.what)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(findings);
        }
    }
}

fn show_system(session: &Session, body: &str) -> Result<Exit, Failure> {
    session.output.show(body, |system: &System| {
        let row = |partition: &api::PartitionHealth| {
            [
                u64::from(partition.id),
                partition.head,
                partition.reached,
                partition.mailbox,
            ]
            .map(|number| number.to_string())
            .to_vec()
        };
        let heading = ["PARTITION", "HEAD", "REACHED", "WAITING"];
        let table = columns(&heading, system.partitions.iter().map(row));
        format!("{} {} is ready\n\n{table}", system.node, system.version)
    })
}
