//! `backup calls`: what a later state of a store did that an earlier one does not know of. A database that is restored
//! by its own tools has no list of calls; a second restore, without a time, has.

use std::path::PathBuf;

use api::{Code, Exit};
use engine::Id;
use engine::codec::unpack_history;
use serde::{Deserialize, Serialize};
use store::{InstanceFilter, InstanceRow, Movable, StoreError};

use super::calls::{CallFact, Calls, table};
use crate::args::BackupCallsArgs;
use crate::commands::place::{Place, Source};
use crate::commands::serve::block_on;
use crate::failure::Failure;
use crate::output::Output;

/// Instances that are looked at at once.
const ROWS: usize = 1_000;
/// Bytes of one instance's history that are read at once.
const BYTES: usize = 4 << 20;

/// What the earlier state lacks.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    earlier: String,
    later: String,
    /// Instances that went on, or began, after the earlier state.
    instances: u64,
    calls_after: u64,
    calls_file: PathBuf,
    calls: Vec<CallFact>,
}

/// Lists them, by instance, the newest first.
pub fn later(args: &BackupCallsArgs, output: Output) -> Result<Exit, Failure> {
    let (earlier, later) = (Place::parse(&args.earlier), Place::parse(&args.later));
    let mut calls = Calls::at(&args.calls)?;
    block_on(async {
        let found = compare(args, (&earlier, &later), &mut calls).await;
        let instances = match found {
            Ok(instances) => instances,
            Err(failure) => {
                calls.discard();
                return Err(failure);
            }
        };
        calls.finish()?;
        let report = Report {
            earlier: earlier.shown(),
            later: later.shown(),
            instances,
            calls_after: calls.count,
            calls_file: calls.path,
            calls: calls.first,
        };
        output.show_value(&report, text)
    })
}

async fn compare(
    args: &BackupCallsArgs,
    (earlier, later): (&Place, &Place),
    calls: &mut Calls,
) -> Result<u64, Failure> {
    let (earlier, later) = (open(args, earlier).await?, open(args, later).await?);
    let differs = differences(&*earlier.movable(), &*later.movable(), calls).await;
    differs.map_err(|error| refused(&error.to_string()))
}

/// Opens a store and takes in what its journal has beyond its tables; no call is made.
async fn open(args: &BackupCallsArgs, place: &Place) -> Result<Source, Failure> {
    let secret = args.cluster_secret.as_deref();
    let source = place.open_source(secret, Code::BACKUP_UNUSABLE).await?;
    let settled = server::settle(source.store(), &args.env, adapters::registry()).await;
    settled.map_err(|error| refused(&format!("{}: {error}", place.shown())))?;
    Ok(source)
}

async fn differences(
    earlier: &dyn Movable,
    later: &dyn Movable,
    calls: &mut Calls,
) -> Result<u64, StoreError> {
    let (mut after, mut instances) = (None, 0);
    loop {
        let page = later.list(&InstanceFilter::default(), after, ROWS).await?;
        for row in &page.items {
            let known = earlier.instance(row.slot, row.id).await?;
            let seq = known.map_or(0, |known| known.row.seq);
            if row.seq > seq {
                instances += 1;
                beyond(later, row, seq, calls).await?;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(instances);
        }
    }
}

/// Notes what an instance did after a seq.
async fn beyond(
    store: &dyn Movable,
    row: &InstanceRow,
    seq: u64,
    calls: &mut Calls,
) -> Result<(), StoreError> {
    let corrupt = |detail: String| StoreError::Corrupt {
        place: format!("instance {}", Id::from_bytes(row.id)),
        detail,
    };
    let mut read = seq;
    loop {
        let segments = store.history(row.slot, row.id, read, BYTES).await?;
        let Some(last) = segments.last() else {
            return Ok(());
        };
        read = last.last_seq;
        for segment in &segments {
            let records = unpack_history(&segment.bytes);
            let records = records.map_err(|error| corrupt(error.to_string()))?;
            for mut record in records.into_iter().filter(|record| record.seq > seq) {
                record.entity = Id::from_bytes(row.id);
                calls.note(&record).map_err(corrupt)?;
            }
        }
    }
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{} instances went on or began in {} after {}: {} calls, listed in {}",
        report.instances,
        report.later,
        report.earlier,
        report.calls_after,
        report.calls_file.display(),
    );
    text.push_str(&table(&report.calls));
    text
}

fn refused(what: &str) -> Failure {
    Failure::new(Code::BACKUP_UNUSABLE, what)
}
