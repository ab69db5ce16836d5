//! `backup list` and `backup verify`.

use api::{Backup, Code, Exit};
use serde::{Deserialize, Serialize};

use super::copies::shown;
use super::{open_vault, unusable};
use crate::args::BackupFromArgs;
use crate::commands::serve::block_on;
use crate::failure::Failure;
use crate::output::{Output, columns, moment};

#[derive(Serialize, Deserialize)]
struct Listed {
    items: Vec<Backup>,
}

/// Lists the finished backups of a vault, oldest first.
pub fn list(args: &BackupFromArgs, output: Output) -> Result<Exit, Failure> {
    let vault = open_vault(&args.from)?;
    block_on(async {
        let found = store_sqlite::list_backups(&*vault).await;
        let found = found.map_err(|error| unusable(&error))?;
        let items = found.iter().map(|made| shown(made, &*vault)).collect();
        output.show_value(&Listed { items }, table)
    })
}

fn table(listed: &Listed) -> String {
    let row = |made: &Backup| {
        vec![
            made.id.clone(),
            made.incarnation.to_string(),
            moment(made.from),
            moment(made.until),
            made.bytes.to_string(),
        ]
    };
    let heading = [
        "ID",
        "INCARNATION",
        "RESTORES FROM (UTC)",
        "HOLDS UNTIL (UTC)",
        "BYTES",
    ];
    columns(&heading, listed.items.iter().map(row))
}

#[derive(Serialize, Deserialize)]
struct Report {
    backups: u64,
    objects: u64,
    bytes: u64,
    findings: Vec<Found>,
}

#[derive(Serialize, Deserialize)]
struct Found {
    object: String,
    what: String,
    mend: String,
}

/// Reads everything in a vault.
pub fn verify(args: &BackupFromArgs, output: Output) -> Result<Exit, Failure> {
    let vault = open_vault(&args.from)?;
    block_on(async {
        let verified = store_sqlite::verify_vault(&*vault).await;
        let verified = verified.map_err(|error| unusable(&error))?;
        let found = |finding: store_sqlite::Finding| Found {
            object: finding.object,
            what: finding.what,
            mend: finding.mend,
        };
        let report = Report {
            backups: verified.backups,
            objects: verified.objects,
            bytes: verified.bytes,
            findings: verified.findings.into_iter().map(found).collect(),
        };
        output.show_value(&report, text)?;
        match report.findings.len() {
            0 => Ok(Exit::Well),
            count => Err(Failure::new(
                Code::BACKUP_DAMAGED,
                format!("{count} of the objects are damaged, torn or missing"),
            )),
        }
    })
}

fn text(report: &Report) -> String {
    let Report {
        backups,
        objects,
        bytes,
        findings,
    } = report;
    let count = findings.len();
    let mut text =
        format!("{backups} backups, {objects} objects, {bytes} bytes read: {count} findings");
    for Found { object, what, mend } in findings {
        text.push_str(&format!("\n{object}\n  {what}\n  to mend: {mend}"));
    }
    text
}
