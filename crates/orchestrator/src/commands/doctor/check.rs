//! The invariants that a store shows: its catalog, its journal, each instance with its history and with
//! what brings it on.

use definition::{Catalog, StoredResource};
use engine::codec;
use engine::record::{Body, Record, SlotBody};
use engine::{Id, Instance};
use runtime::{OnTheWay, messages_ahead, missing_children, missing_rows, missing_waits};
use store::{
    HistorySegment, InstanceFilter, InstanceRow, PartitionId, Scan, Store, StoreError,
    StoredInstance, Table,
};

use super::stopped::Report;

/// Rows, and bytes of the journal, that are read at once.
const ROWS: usize = 500;
const JOURNAL_BYTES: usize = 4 << 20;
/// The settings' key among the catalog's rows.
const SETTINGS: &[u8] = b"$store";

#[derive(Default)]
pub(super) struct Check {
    report: Report,
    catalog: Catalog,
    /// What the store signs with.
    store_key: Option<[u8; 32]>,
    /// Instances of which the journal says more than the tables.
    on_the_way: OnTheWay,
    /// Facts of slots that the tables do not have.
    facts: Vec<SlotBody>,
}

impl Check {
    /// Looks at everything; answers with what it found, and with the key with which the store signs.
    pub(super) async fn run(
        mut self,
        store: &dyn Store,
    ) -> Result<(Report, Option<[u8; 32]>), StoreError> {
        self.catalog(store).await?;
        let partitions = (0..self.report.partitions).map(PartitionId);
        for partition in partitions.chain([PartitionId::CATALOG]) {
            self.journal(store, partition).await?;
        }
        for ahead in messages_ahead(store, &self.facts).await? {
            self.report.violation("messages", ahead);
        }
        let mut after = None;
        loop {
            let page = store.list(&InstanceFilter::default(), after, ROWS).await?;
            for row in &page.items {
                self.instance(store, row).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok((self.report, self.store_key));
            }
        }
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
                    self.settings(&row.value);
                    continue;
                }
                match serde_json::from_slice(&row.value) {
                    Ok(resource) => resources.push(resource),
                    Err(error) => self.report.violation("the catalog", error),
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
                .for_each(|found| self.report.violation("the catalog", found)),
        }
        Ok(())
    }

    fn settings(&mut self, row: &[u8]) {
        let settings: serde_json::Value = serde_json::from_slice(row).unwrap_or_default();
        let count = settings
            .pointer("/store/partitions")
            .and_then(|n| n.as_u64());
        self.report.partitions = count.and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
        let key = settings.pointer("/store/callback_key").cloned();
        self.store_key = key.and_then(|key| serde_json::from_value(key).ok());
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
                    self.report
                        .violation(&place, format!("expected position {next}"));
                }
                match codec::decode_batch(&batch.body) {
                    Ok((_, records)) => records.iter().for_each(|record| self.note(record)),
                    Err(error) => self.report.violation(&place, error),
                }
                self.report.batches += 1;
                next = batch.position + 1;
            }
        }
    }

    fn note(&mut self, record: &Record) {
        if !record.entity.is_nil() {
            self.on_the_way.insert(record.entity);
        }
        if let Some(Body::Slot(fact)) = &record.body {
            self.facts.extend(fact.body.clone());
        }
    }

    async fn instance(&mut self, store: &dyn Store, row: &InstanceRow) -> Result<(), StoreError> {
        let id = Id::from_bytes(row.id);
        self.report.instances += 1;
        let Some(stored) = store.instance(row.slot, row.id).await? else {
            self.report.violation(id, "it is listed but not there");
            return Ok(());
        };
        let folded = self.folded(store, row).await?;
        // What ran through in a moment is kept as its history alone.
        let instance = if stored.row.snapshot.is_empty() {
            folded.ok_or_else(|| "expected a start and its workflow, but one is missing".to_owned())
        } else {
            self.restored(&stored, folded)
        };
        match instance {
            Ok(instance) => self.waits(store, &instance).await?,
            Err(reason) => self.report.violation(id, reason),
        }
        Ok(())
    }

    /// Whether it waits for something that will come.
    async fn waits(&mut self, store: &dyn Store, instance: &Instance) -> Result<(), StoreError> {
        let id = instance.id();
        for violation in instance.check() {
            self.report.violation(id, violation);
        }
        if instance.ended_at().is_some() {
            return Ok(());
        }
        let missing = missing_rows(store, instance).await?.into_iter();
        let children = missing_children(store, instance, &self.on_the_way).await?;
        // Of what the tables lack yet, nothing is said.
        let waits = match self.on_the_way.contains(&id) {
            true => Vec::new(),
            false => missing_waits(store, instance, &self.facts).await?,
        };
        for what in missing.chain(children).chain(waits) {
            self.report.violation(id, what);
        }
        Ok(())
    }

    /// The stored state, which must be what the history folds to.
    fn restored(
        &mut self,
        stored: &StoredInstance,
        folded: Option<Instance>,
    ) -> Result<Instance, String> {
        let find = |name: &str, version: &str| self.catalog.recorded_workflow(name, version);
        let restored = Instance::restore(&stored.row.snapshot, &stored.chunks, find)
            .map_err(|error| error.to_string())?;
        if folded.is_some_and(|folded| folded.snapshot() != restored.snapshot()) {
            let told = "its state is not what its history folds to";
            self.report.violation(restored.id(), told);
        }
        Ok(restored)
    }

    /// What the history folds to, which must have every record up to the row's, once; none where
    /// that cannot be said.
    async fn folded(
        &mut self,
        store: &dyn Store,
        row: &InstanceRow,
    ) -> Result<Option<Instance>, StoreError> {
        let mut fold = Fold::default();
        loop {
            let segments = store
                .history(row.slot, row.id, fold.seq, JOURNAL_BYTES)
                .await?;
            if segments.is_empty() {
                break;
            }
            for segment in segments {
                if let Err(error) = fold.add(&segment, &self.catalog) {
                    fold.violations.push(error.to_string());
                    break;
                }
            }
        }
        if fold.seq != row.seq {
            let told = format!("its history ends at {}, its state at {}", fold.seq, row.seq);
            fold.violations.push(told);
        }
        self.report.records += fold.records;
        let whole = fold.violations.is_empty();
        for violation in fold.violations {
            self.report.violation(Id::from_bytes(row.id), violation);
        }
        Ok(fold.state.filter(|_| whole))
    }
}

/// A history, folded as far as it was read.
#[derive(Default)]
struct Fold {
    state: Option<Instance>,
    /// The last record that was read.
    seq: u64,
    records: u64,
    violations: Vec<String>,
}

impl Fold {
    fn add(
        &mut self,
        segment: &HistorySegment,
        catalog: &Catalog,
    ) -> Result<(), codec::CodecError> {
        // Whatever it holds: what follows is read from behind it.
        let before = std::mem::replace(&mut self.seq, segment.last_seq);
        let records = codec::unpack_history(&segment.bytes)?;
        let mut last = before;
        for record in &records {
            if record.seq != last + 1 {
                self.violations
                    .push(format!("record {} follows {last}", record.seq));
            }
            last = record.seq;
            self.records += 1;
            self.apply(record, catalog);
        }
        let Some(kept) = codec::state_in(&segment.bytes)? else {
            return Ok(());
        };
        let state = self.state.as_ref();
        if state.is_some_and(|state| state.snapshot() != kept) {
            let told = format!(
                "the state that is kept after record {last} is not what its records fold to"
            );
            self.violations.push(told);
        }
        Ok(())
    }

    fn apply(&mut self, record: &Record, catalog: &Catalog) {
        let find = |name: &str, version: &str| catalog.recorded_workflow(name, version);
        match &mut self.state {
            Some(state) => {
                state.apply(record);
                state.bind(find);
            }
            None => self.state = Instance::fold(std::slice::from_ref(record), find),
        }
    }
}
