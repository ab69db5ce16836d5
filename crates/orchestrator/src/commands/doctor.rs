//! `doctor`: looks for damage.

use std::path::Path;

use api::{AuditCheck, AuditFinding, AuditHeads, Code, Exit, System};
use definition::{Catalog, StoredResource};
use engine::record::Record;
use engine::{Id, Instance, codec};
use runtime::{KeptHeads, check_decision_log};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use server::is_sealed;
use store::{
    InstanceFilter, InstanceRow, PartitionId, Scan, Store, StoreError, StoredInstance, Table,
};
use store_sqlite::Options;

use super::Session;
use super::serve::{block_on, open_store};
use crate::args::DoctorArgs;
use crate::client::Ask;
use crate::failure::Failure;
use crate::output::{Output, columns, parse};

/// Rows, and bytes of the journal, that are read at once.
const ROWS: usize = 500;
const JOURNAL_BYTES: usize = 4 << 20;
/// The settings' key among the catalog's rows.
const SETTINGS: &[u8] = b"$store";

/// What was looked at, and what was found.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Report {
    partitions: u16,
    batches: u64,
    resources: u64,
    instances: u64,
    records: u64,
    decisions: u64,
    violations: Vec<String>,
}

/// Asks a running server how it does, and to check its log of decisions.
pub async fn running(session: &Session, args: &DoctorArgs) -> Result<Exit, Failure> {
    session.client.get("/readyz", Ask::default()).await?;
    let body = session.client.get("/api/v1/system", Ask::default()).await?;
    let kept = args.heads.as_deref().map(std::fs::read_to_string);
    let ask = kept
        .transpose()?
        .map_or_else(Ask::default, |kept| Ask::default().json(kept));
    let log = session
        .client
        .post("/api/v1/system/audit-heads", ask)
        .await?;
    let log: AuditCheck = parse(&log)?;
    show_system(session, &body)?;
    let findings = log.findings.iter().map(|found| {
        let AuditFinding { slot, number, what } = found;
        told(*slot, *number, what)
    });
    violated(unsealed(args)?.into_iter().chain(findings).collect())
}

fn told(slot: u16, number: u64, what: &str) -> String {
    format!("decision {number} of slot {slot}: {what}")
}

/// Ends well without violations.
fn violated(violations: Vec<String>) -> Result<Exit, Failure> {
    if violations.is_empty() {
        return Ok(Exit::Well);
    }
    let (count, told) = (violations.len(), violations.join("\n  "));
    let message = format!("{count} violations were found in the log of decisions\n  {told}");
    Err(Failure::new(Code::VIOLATION, message))
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

/// Checks a store that no server holds.
pub fn stopped(args: &DoctorArgs, output: Output) -> Result<Exit, Failure> {
    let folder = args.data.as_deref().unwrap_or_else(|| Path::new("data"));
    block_on(async {
        let store = open_store(folder, &Options::default())?;
        let failed = |error: StoreError| Failure::new(Code::VIOLATION, error.to_string());
        let kept: Option<KeptHeads> = args.heads.as_deref().map(read_heads).transpose()?;
        let mut check = Check::default().run(&store).await.map_err(failed)?;
        let key = check.store_key;
        let log = check_decision_log(&store, kept.as_ref(), key.as_ref()).await;
        let log = log.map_err(failed)?;
        let findings = log.findings.iter();
        let findings = findings.map(|found| told(found.slot, found.number, &found.what));
        check.report.violations.extend(findings);
        check.report.violations.extend(unsealed(args)?);
        check.report.decisions = log.decisions;
        let report = check.report;
        output.show_value(&report, text)?;
        if report.violations.is_empty() {
            return Ok(Exit::Well);
        }
        let count = report.violations.len();
        Err(Failure::new(
            Code::VIOLATION,
            format!("{count} violations were found"),
        ))
    })
}

/// What is wrong with the seal of kept heads.
fn unsealed(args: &DoctorArgs) -> Result<Option<String>, Failure> {
    let (Some(path), Some(public_key)) = (&args.heads, &args.audit_public_key) else {
        return Ok(None);
    };
    let kept: AuditHeads = read_heads(path)?;
    let seal = kept.seal.as_ref();
    let sealed = seal.is_some_and(|seal| is_sealed(&kept.text(), public_key, &seal.signature));
    let path = path.display();
    Ok((!sealed).then(|| format!("{path}: the heads are not sealed by the key {public_key}")))
}

fn read_heads<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path)?;
    serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        Failure::usage(format!(
            "{path}: expected what `decisions heads` prints: {error}"
        ))
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

#[derive(Default)]
struct Check {
    report: Report,
    catalog: Catalog,
    /// What the store signs with.
    store_key: Option<[u8; 32]>,
}

impl Check {
    async fn run(mut self, store: &dyn Store) -> Result<Self, StoreError> {
        self.catalog(store).await?;
        let partitions = (0..self.report.partitions).map(PartitionId);
        for partition in partitions.chain([PartitionId::CATALOG]) {
            self.journal(store, partition).await?;
        }
        let mut after = None;
        loop {
            let page = store.list(&InstanceFilter::default(), after, ROWS).await?;
            for row in &page.items {
                self.instance(store, row).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(self);
            }
        }
    }

    fn violation(&mut self, place: impl std::fmt::Display, what: impl std::fmt::Display) {
        self.report.violations.push(format!("{place}: {what}"));
    }

    async fn catalog(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut scan = Scan {
            table: Table::Catalog,
            slots: 0..=engine::SLOTS - 1,
            after: None,
            prefix: Vec::new().into(),
            reverse: false,
            limit: ROWS,
        };
        let mut resources: Vec<StoredResource> = Vec::new();
        loop {
            let rows = store.scan(scan.clone()).await?;
            for row in &rows {
                if row.key == SETTINGS {
                    let settings: serde_json::Value =
                        serde_json::from_slice(&row.value).unwrap_or_default();
                    let count = settings
                        .pointer("/store/partitions")
                        .and_then(|n| n.as_u64());
                    self.report.partitions = count.and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
                    let key = settings.pointer("/store/callback_key").cloned();
                    self.store_key = key.and_then(|key| serde_json::from_value(key).ok());
                    continue;
                }
                match serde_json::from_slice(&row.value) {
                    Ok(resource) => resources.push(resource),
                    Err(error) => self.violation("the catalog", error),
                }
            }
            let Some(last) = rows.last().filter(|_| rows.len() == ROWS) else {
                break;
            };
            scan.after = Some((last.key.clone(), last.slot));
        }
        self.report.resources = resources.len() as u64;
        match Catalog::from_stored("dev", 0, resources) {
            Ok(catalog) => self.catalog = catalog,
            Err(found) => found
                .iter()
                .for_each(|found| self.violation("the catalog", found)),
        }
        Ok(())
    }

    /// Batches that the state has not taken in: each must decode and follow the one before.
    async fn journal(
        &mut self,
        store: &dyn Store,
        partition: PartitionId,
    ) -> Result<(), StoreError> {
        let mut next = store.reached(partition).await? + 1;
        loop {
            let batches = store.read_journal(partition, next, JOURNAL_BYTES).await?;
            if batches.is_empty() {
                return Ok(());
            }
            for batch in batches {
                let place = format!("partition {}, position {}", partition.0, batch.position);
                if batch.position != next {
                    self.violation(&place, format!("expected position {next}"));
                }
                if let Err(error) = codec::decode_batch(&batch.body) {
                    self.violation(&place, error);
                }
                self.report.batches += 1;
                next = batch.position + 1;
            }
        }
    }

    async fn instance(&mut self, store: &dyn Store, row: &InstanceRow) -> Result<(), StoreError> {
        let id = Id::from_bytes(row.id);
        self.report.instances += 1;
        let Some(stored) = store.instance(row.slot, row.id).await? else {
            self.violation(id, "it is listed but not there");
            return Ok(());
        };
        // What ran through in a moment is kept as its history alone; another's may be of any length.
        let history_alone = stored.row.snapshot.is_empty();
        let history = self.history(store, row, history_alone).await?;
        let restored = if history_alone {
            self.folded(&history)
        } else {
            self.restored(&stored)
        };
        match restored {
            Ok(instance) => {
                for violation in instance.check() {
                    self.violation(id, violation);
                }
            }
            Err(reason) => self.violation(id, reason),
        }
        Ok(())
    }

    fn folded(&self, history: &[Record]) -> Result<Instance, String> {
        let missing = || "expected a start and its workflow, but one is missing".to_owned();
        let find = |name: &str, version: &str| self.catalog.recorded_workflow(name, version);
        Instance::fold(history, find).ok_or_else(missing)
    }

    fn restored(&self, stored: &StoredInstance) -> Result<Instance, String> {
        let find = |name: &str, version: &str| self.catalog.recorded_workflow(name, version);
        Instance::restore(&stored.row.snapshot, &stored.chunks, find)
            .map_err(|error| error.to_string())
    }

    /// Checks the history, which must have every record up to the row's, once; answers it, if it is
    /// to be kept.
    async fn history(
        &mut self,
        store: &dyn Store,
        row: &InstanceRow,
        keep: bool,
    ) -> Result<Vec<Record>, StoreError> {
        let id = Id::from_bytes(row.id);
        let (mut seq, mut history) = (0, Vec::new());
        loop {
            let segments = store.history(row.slot, row.id, seq, JOURNAL_BYTES).await?;
            if segments.is_empty() {
                break;
            }
            for segment in segments {
                let records = match codec::unpack_history(&segment.bytes) {
                    Ok(records) => records,
                    Err(error) => {
                        self.violation(id, error);
                        return Ok(history);
                    }
                };
                for record in records {
                    if record.seq != seq + 1 {
                        self.violation(id, format!("record {} follows {seq}", record.seq));
                    }
                    seq = record.seq;
                    self.report.records += 1;
                    history.extend(keep.then_some(record));
                }
            }
        }
        if seq != row.seq {
            self.violation(
                id,
                format!("its history ends at {seq}, its state at {}", row.seq),
            );
        }
        Ok(history)
    }
}
