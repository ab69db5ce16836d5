//! `copy`: moves a store to one of another kind, whole.

mod sum;
mod walk;
mod writer;

use api::{Code, Exit};
use serde::{Deserialize, Serialize};
use store::{InstanceFilter, Movable, PartitionId, StoreError};

use super::place::Place;
use super::serve::block_on;
use crate::args::CopyArgs;
use crate::failure::Failure;
use crate::output::{Output, fields};
use sum::Sum;
use writer::Writer;

/// What was moved.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    from: String,
    to: String,
    incarnation: u32,
    instances: u64,
    history_segments: u64,
    rows: u64,
    blobs: u64,
}

/// Moves a store, and reads it back to see that all of it arrived.
pub fn run(args: &CopyArgs, output: Output) -> Result<Exit, Failure> {
    let secret = args.cluster_secret.as_deref();
    let (from, to) = (Place::parse(&args.from), Place::parse(&args.to));
    block_on(async {
        let (source, target) = (
            from.open_source(secret, Code::NOT_COPIED).await?,
            to.open_target(secret).await?,
        );
        refuse_used(&*target, &to).await?;
        let settled = server::settle(source.store(), &args.env, adapters::registry()).await;
        settled.map_err(|error| not_copied(&format!("{}: {error}", from.shown())))?;
        let report = move_all(&*source.movable(), &*target, &from, &to).await;
        let report = report.map_err(|error| match error {
            Trouble::Store(error) => not_copied(&error.to_string()),
            Trouble::Differs(what) => not_copied(&what),
        })?;
        source.leave(&to)?;
        output.show_value(&report, text)
    })
}

/// Why the target is not what the source is.
enum Trouble {
    Store(StoreError),
    Differs(String),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn move_all(
    source: &dyn Movable,
    target: &dyn Movable,
    from: &Place,
    to: &Place,
) -> Result<Report, Trouble> {
    let incarnation = source.incarnation().await? + 1;
    let mut writer = Writer::new(target);
    walk::walk(source, &mut writer).await?;
    let sent = writer.finish().await?;
    target.begin_incarnation(incarnation).await?;
    target.checkpoint().await?;
    let mut arrived = Sum::default();
    walk::walk(target, &mut arrived).await?;
    if sent != arrived {
        return Err(Trouble::Differs(format!(
            "expected in {} what was sent, {sent}, but it reads {arrived}",
            to.shown()
        )));
    }
    Ok(Report {
        from: from.shown(),
        to: to.shown(),
        incarnation,
        instances: sent.instances,
        history_segments: sent.segments,
        rows: sent.rows,
        blobs: sent.blobs,
    })
}

/// A store that has anything in it is not written over, nor is the rest of a copy that broke off.
async fn refuse_used(target: &dyn Movable, place: &Place) -> Result<(), Failure> {
    let failed = |error: StoreError| not_copied(&error.to_string());
    let catalog = target
        .take_over(PartitionId::CATALOG)
        .await
        .map_err(failed)?;
    let filter = InstanceFilter::default();
    let listed = target.list(&filter, None, 1).await.map_err(failed)?;
    let rows = walk::has_rows(target).await.map_err(failed)?;
    if catalog.head == 0 && listed.items.is_empty() && !rows {
        return Ok(());
    }
    Err(not_copied(&format!(
        "expected {} to be empty, but it holds a store, or the rest of a copy that broke off: {}",
        place.shown(),
        place.emptying()
    )))
}

fn not_copied(what: &str) -> Failure {
    Failure::new(Code::NOT_COPIED, what)
}

fn text(report: &Report) -> String {
    let number = |number: u64| number.to_string();
    fields([
        ("from", report.from.clone()),
        ("to", report.to.clone()),
        ("incarnation", report.incarnation.to_string()),
        ("instances", number(report.instances)),
        ("history segments", number(report.history_segments)),
        ("rows", number(report.rows)),
        ("blobs", number(report.blobs)),
        ("read back", "the same".to_owned()),
    ])
}
