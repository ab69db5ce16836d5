//! A store that no server holds.

use std::path::Path;

use api::{Code, Exit};
use runtime::{KeptHeads, check_decision_log};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store_sqlite::Options;

use super::check::Check;
use super::heads::{read_heads, unsealed};
use super::{told, violated};
use crate::args::DoctorArgs;
use crate::commands::serve::{block_on, open_store};
use crate::failure::Failure;
use crate::output::Output;

/// What was looked at, and what was found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) partitions: u16,
    pub(super) batches: u64,
    pub(super) resources: u64,
    pub(super) instances: u64,
    pub(super) records: u64,
    pub(super) decisions: u64,
    pub(super) violations: Vec<String>,
}

impl Report {
    pub(super) fn violation(
        &mut self,
        place: impl std::fmt::Display,
        what: impl std::fmt::Display,
    ) {
        self.violations.push(format!("{place}: {what}"));
    }
}

/// Checks a store that no server holds.
pub fn stopped(args: &DoctorArgs, output: Output) -> Result<Exit, Failure> {
    let folder = args.data.as_deref().unwrap_or_else(|| Path::new("data"));
    block_on(async {
        let store = open_store(folder, &Options::default())?;
        let failed = |error: StoreError| Failure::new(Code::VIOLATION, error.to_string());
        let kept: Option<KeptHeads> = args.heads.as_deref().map(read_heads).transpose()?;
        let (mut report, key) = Check::default().run(&store).await.map_err(failed)?;
        let log = check_decision_log(&store, kept.as_ref(), key.as_ref()).await;
        let log = log.map_err(failed)?;
        let findings = log.findings.iter();
        let findings = findings.map(|found| told(found.slot, found.number, &found.what));
        report.violations.extend(findings);
        report.violations.extend(unsealed(args)?);
        report.decisions = log.decisions;
        output.show_value(&report, text)?;
        if report.violations.is_empty() {
            return Ok(Exit::Well);
        }
        Err(violated(report.violations.len(), &[]))
    })
}

fn text(report: &Report) -> String {
    let Report {
        partitions,
        batches,
        resources,
        instances,
        records,
        decisions,
        violations,
    } = report;
    let mut text = format!(
        "{partitions} partitions, {batches} batches behind the state, {resources} resources, \
         {instances} instances, {records} records, {decisions} decisions: {} violations",
        violations.len()
    );
    for violation in violations {
        text.push_str(&format!("\n  {violation}"));
    }
    text
}
