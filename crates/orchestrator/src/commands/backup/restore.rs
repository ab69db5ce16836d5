//! `backup restore`.

use std::path::PathBuf;

use api::{Exit, Time};
use serde::{Deserialize, Serialize};

use super::calls::{CallFact, Calls, table};
use super::moment::{Cut, Moment};
use super::{open_vault, unusable};
use crate::args::BackupRestoreArgs;
use crate::commands::serve::block_on;
use crate::failure::Failure;
use crate::output::Output;

/// What was restored.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    folder: PathBuf,
    backup: String,
    incarnation: u32,
    /// The last batch that is in it was decided then.
    until: Time,
    left_out_batches: u64,
    calls_after: u64,
    calls_file: PathBuf,
    calls: Vec<CallFact>,
    unread: Vec<String>,
}

/// Restores a store into a new folder.
pub fn restore(args: &BackupRestoreArgs, output: Output) -> Result<Exit, Failure> {
    let vault = open_vault(&args.from)?;
    let moment = Moment::of(args)?;
    let mut cut = Cut {
        moment,
        calls: Calls::at(&calls_file(args))?,
        last_at: 0,
        reached: 0,
    };
    block_on(async {
        let base = moment.base(args.backup.as_ref());
        let restored = store_sqlite::restore(&*vault, &args.folder, &base, &mut cut).await;
        let restored = match restored {
            Ok(restored) => restored,
            Err(error) => {
                cut.calls.discard();
                return Err(unusable(&error));
            }
        };
        cut.calls.finish()?;
        let report = Report {
            folder: args.folder.clone(),
            backup: restored.backup.id,
            incarnation: restored.incarnation,
            until: Time(cut.last_at),
            left_out_batches: restored.left_out,
            calls_after: cut.calls.count,
            calls_file: cut.calls.path,
            calls: cut.calls.first,
            unread: restored.unread,
        };
        output.show_value(&report, text)
    })
}

fn calls_file(args: &BackupRestoreArgs) -> PathBuf {
    let beside = || {
        let mut name = args.folder.as_os_str().to_owned();
        name.push("-calls.ndjson");
        PathBuf::from(name)
    };
    args.calls.clone().unwrap_or_else(beside)
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "restored {} from backup {}: incarnation {}, everything up to {}\n\
         {} batches of the journal are left out; {} calls were made after this moment, listed in {}",
        report.folder.display(),
        report.backup,
        report.incarnation,
        report.until,
        report.left_out_batches,
        report.calls_after,
        report.calls_file.display(),
    );
    if report.left_out_batches == 0 {
        text.push_str("\nthe copies end there: what came later, if anything, is not in them");
    }
    for unread in &report.unread {
        text.push_str(&format!("\nthis list may lack calls: {unread}"));
    }
    text.push_str(&table(&report.calls));
    text.push_str(
        "\n\nThe store waits: start `orchestrator serve` on it, look at what it would do, cancel what must not be \
         done again, then `orchestrator system resume`.",
    );
    text
}
