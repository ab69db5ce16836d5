//! Checks the log of a store, whether a server has it open or not.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::record::DecisionChained;
use engine::{Id, SLOTS, Slot};
use prost::Message;
use serde::{Deserialize, Serialize};
use store::{Row, Scan, Store, StoreError, Table};

use super::head::{ChainHead, KeptHeads};
use super::link::{Chain, digest_of, hash_of, head_prefix, link_key, log_start, read_head};
use crate::history::read_history;
use crate::projector::decision_key;
use crate::reads::DecisionRow;

/// Rows read at once.
const ROWS: usize = 500;
/// No report has more findings.
const MAX_FINDINGS: usize = 1_000;

/// Something that is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFinding {
    /// The slot.
    pub slot: u16,
    /// The decision's number in the slot's chain.
    pub number: u64,
    /// What is wrong.
    pub what: String,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogReport {
    /// Decisions in the log.
    pub decisions: u64,
    /// What is wrong; at most a thousand findings.
    pub findings: Vec<LogFinding>,
}

/// Checks every chain: against itself, its head, the decisions' rows and histories, and against
/// heads that were kept elsewhere. `store_key` is the store's own; without it the signature of kept
/// heads is not checked.
///
/// # Errors
/// When the store cannot be read.
pub async fn check_decision_log(
    store: &dyn Store,
    kept: Option<&KeptHeads>,
    store_key: Option<&[u8; 32]>,
) -> Result<LogReport, StoreError> {
    let mut check = Check {
        heads: read_heads(store).await?,
        ..Check::default()
    };
    check.links(store).await?;
    check.ends();
    if let Some(kept) = kept {
        check.kept(store, kept, store_key).await?;
    }
    Ok(check.report)
}

/// The heads of all chains, as the store has them.
pub(crate) async fn chain_heads(store: &dyn Store) -> Result<Vec<ChainHead>, StoreError> {
    let heads = read_heads(store).await?.into_iter();
    let shown = |(slot, head): (Slot, Chain)| ChainHead {
        slot,
        number: head.number,
        hash: hex(&head.hash),
    };
    Ok(heads.map(shown).collect())
}

async fn read_heads(store: &dyn Store) -> Result<BTreeMap<Slot, Chain>, StoreError> {
    let mut heads = BTreeMap::new();
    let mut scan = scan_of(head_prefix());
    loop {
        let rows = store.scan(scan.clone()).await?;
        heads.extend(
            rows.iter()
                .filter_map(|row| Some((row.slot, read_head(row)?))),
        );
        match rows.last().filter(|_| rows.len() == ROWS) {
            Some(last) => scan.after = Some((last.key.clone(), last.slot)),
            None => return Ok(heads),
        }
    }
}

fn scan_of(prefix: Bytes) -> Scan {
    Scan {
        table: Table::Decision,
        slots: 0..=SLOTS - 1,
        after: None,
        prefix,
        reverse: false,
        limit: ROWS,
    }
}

#[derive(Default)]
struct Check {
    heads: BTreeMap<Slot, Chain>,
    /// How far each chain was followed.
    ends: BTreeMap<Slot, Chain>,
    report: LogReport,
}

impl Check {
    fn found(&mut self, slot: Slot, number: u64, what: impl Into<String>) {
        if self.report.findings.len() < MAX_FINDINGS {
            let what = what.into();
            self.report.findings.push(LogFinding { slot, number, what });
        }
    }

    /// Follows all chains side by side: the rows come by number, then by slot.
    async fn links(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut scan = scan_of(log_start());
        loop {
            let rows = store.scan(scan.clone()).await?;
            for row in &rows {
                self.link(store, row).await?;
            }
            match rows.last().filter(|_| rows.len() == ROWS) {
                Some(last) => scan.after = Some((last.key.clone(), last.slot)),
                None => return Ok(()),
            }
        }
    }

    async fn link(&mut self, store: &dyn Store, row: &Row) -> Result<(), StoreError> {
        let slot = row.slot;
        let last = self.ends.get(&slot).cloned().unwrap_or_default();
        let at = number_of(&row.key);
        let Ok(link) = DecisionChained::decode(row.value.clone()) else {
            self.found(slot, at, "the entry does not decode");
            return Ok(());
        };
        self.report.decisions += 1;
        for missing in (last.number + 1..at).take(MAX_FINDINGS) {
            self.found(slot, missing, "the entry was deleted");
        }
        let follows = at == last.number + 1;
        if link.number != at || u32::from(slot) != link.slot {
            self.found(slot, at, "the entry was edited: it stands at another place");
        } else if follows && hash_of(&link, &last.hash) != link.hash {
            self.found(slot, at, "the entry was edited, or what stands before it");
        } else {
            self.beside(store, slot, &link).await?;
        }
        let (number, hash) = (at, link.hash);
        self.ends.insert(slot, Chain { number, hash });
        Ok(())
    }

    /// What the decision's own row and the instance's history say must be what the log says.
    async fn beside(
        &mut self,
        store: &dyn Store,
        slot: Slot,
        link: &DecisionChained,
    ) -> Result<(), StoreError> {
        let told: serde_json::Value = serde_json::from_str(&link.told).unwrap_or_default();
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        if let Ok(id) = text("decision").parse::<Id>() {
            let key = decision_key(id, false);
            let row = store.get(Table::Decision, slot, key).await?;
            let row = row.and_then(|row| serde_json::from_slice::<DecisionRow>(&row).ok());
            let same = row.and_then(|row| row.answer).is_none_or(|answer| {
                answer.choice == text("choice")
                    && answer.by == text("by")
                    && answer.comment == text("comment")
            });
            if !same {
                self.found(slot, link.number, format!("decision {id} was edited"));
            }
        }
        let Some(instance) = Id::from_slice(&link.instance) else {
            return Ok(());
        };
        // An instance that is gone by its retention has no history any more.
        let records = read_history(store, instance, link.seq.saturating_sub(1), 1).await?;
        let record = records.first().filter(|record| record.seq == link.seq);
        if record.is_some_and(|record| digest_of(record) != link.digest) {
            let what = format!("record {} of instance {instance} was edited", link.seq);
            self.found(slot, link.number, what);
        }
        Ok(())
    }

    /// Each chain must end where its head says.
    fn ends(&mut self) {
        let slots: Vec<Slot> = self.heads.keys().chain(self.ends.keys()).copied().collect();
        for slot in std::collections::BTreeSet::from_iter(slots) {
            let head = self.heads.get(&slot).cloned().unwrap_or_default();
            let end = self.ends.get(&slot).cloned().unwrap_or_default();
            if end.number < head.number {
                let what = format!("the chain was truncated: it had {} decisions", head.number);
                self.found(slot, end.number + 1, what);
            } else if end != head {
                let what = "the chain does not end where its head says";
                self.found(slot, end.number, what);
            }
        }
    }

    /// What was kept elsewhere must still be there: the same hash at the same number.
    async fn kept(
        &mut self,
        store: &dyn Store,
        kept: &KeptHeads,
        store_key: Option<&[u8; 32]>,
    ) -> Result<(), StoreError> {
        if store_key.is_some_and(|key| !kept.is_genuine(key)) {
            let what = format!("the heads of {} are not signed by this store", kept.at);
            self.found(0, 0, what);
            return Ok(());
        }
        for head in &kept.heads {
            let row = store
                .get(Table::Decision, head.slot, link_key(head.number))
                .await?;
            let link = row.and_then(|row| DecisionChained::decode(row).ok());
            let what = match link {
                None => "is not there any more",
                Some(link) if hex(&link.hash) != head.hash => "was written anew",
                Some(_) => continue,
            };
            let what = format!("the decision that was the head at {} {what}", kept.at);
            self.found(head.slot, head.number, what);
        }
        Ok(())
    }
}

fn number_of(key: &[u8]) -> u64 {
    let number = key.get(1..).and_then(|number| number.try_into().ok());
    number.map_or(0, u64::from_be_bytes)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
