//! Lists, counts, decisions, audit: reads of the state.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use engine::view::rfc3339;
use engine::{Id, SLOTS};
use serde::de::DeserializeOwned;
use store::{
    CountBy, InstanceFilter, InstanceRow, ListCursor, Page, Row, Scan, Slot, StoreError, Table,
};
use tokio::sync::oneshot;

use super::Runtime;
use crate::decision_log::{KeptHeads, LogReport, chain_heads, check_decision_log, log_start};
use crate::error::Unavailable;
use crate::projector::{Asked, Overlay, decision_key, decision_prefix};
use crate::reads::{
    AuditEntry, AuditFilter, Behind, Consistency, Counted, DecisionRow, DecisionStatus,
    DecisionsWaiting, Listed, TablePage,
};

/// Rows looked at for one page at most, so that a filter that nothing fits ends.
pub(super) const LOOKED_AT: usize = 10_000;
/// Rows read at once.
pub(super) const PAGE: usize = 500;
/// Decisions that are counted for the figures.
const COUNTED: usize = 1_000;

impl Runtime {
    /// A page of instances, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
        consistency: Consistency,
    ) -> Result<Listed, Unavailable> {
        let (overlay, incomplete) = match consistency {
            Consistency::Fresh => {
                let (heads, owned) = (self.heads(), self.owned_here());
                let here = self.overlay(filter, after, limit, &heads);
                let (here, elsewhere) = tokio::join!(here, self.fresh_elsewhere(&owned));
                let (overlay, mut incomplete) = here?;
                incomplete.extend(elsewhere);
                (overlay, incomplete)
            }
            Consistency::Eventual => (Overlay::default(), vec![]),
        };
        let page = self.overlaid(filter, after, limit, overlay).await?;
        Ok(Listed { page, incomplete })
    }

    /// What the tables lack of this list; if that is not told in time, how far they are behind.
    async fn overlay(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
        heads: &[u64],
    ) -> Result<(Overlay, Vec<Behind>), Unavailable> {
        let (reply, overlay) = oneshot::channel();
        let asked = Asked {
            filter: filter.clone(),
            after,
            wanted: limit + 1,
            heads: heads.to_vec(),
            reply,
        };
        let answer = async {
            let sent = self.shared.overlay.send(asked).await;
            sent.map_err(|_| Unavailable::ShuttingDown)?;
            overlay.await.map_err(|_| Unavailable::ShuttingDown)
        };
        match tokio::time::timeout(self.read_wait(), answer).await {
            Ok(overlay) => Ok((overlay?, self.lost(heads))),
            Err(_) => Ok((Overlay::default(), self.behind(heads))),
        }
    }

    /// The tables' rows and, over them, those of the overlay.
    async fn overlaid(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
        overlay: Overlay,
    ) -> Result<Page<InstanceRow>, StoreError> {
        let (mut items, mut stored, mut from) = (overlay.rows, 0, after);
        let more = loop {
            let page = self.shared.store.list(filter, from, limit).await?;
            let current = page.items.into_iter().filter(|row| {
                let id = Id::from_slice(&row.id).unwrap_or_default();
                overlay.seqs.get(&id).is_none_or(|seq| row.seq >= *seq)
            });
            let before = items.len();
            items.extend(current);
            stored += items.len() - before;
            from = page.next;
            if from.is_none() || stored >= limit {
                break from.is_some();
            }
        };
        // What was written meanwhile comes from both.
        items.sort_by_key(|row| Reverse((row.created_at, row.id, row.seq)));
        items.dedup_by_key(|row| row.id);
        let more = more || items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(InstanceRow::cursor);
        Ok(Page { items, next })
    }

    /// How many instances there are, by group.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(
        &self,
        filter: &InstanceFilter,
        by: CountBy,
        consistency: Consistency,
    ) -> Result<Counted, Unavailable> {
        let incomplete = self.fresh(consistency).await;
        let counts = self.shared.store.count(filter, by).await?;
        Ok(Counted { counts, incomplete })
    }

    /// Questions to people, newest first; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decisions(
        &self,
        status: Option<DecisionStatus>,
        after: Option<String>,
        limit: usize,
    ) -> Result<TablePage<DecisionRow>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let prefix = match status {
            Some(status) => decision_prefix(status == DecisionStatus::Pending),
            None => Bytes::new(),
        };
        // The log of decisions lies behind them in the same table.
        let after = after.or_else(|| Some(cursor_at(0, &log_start())));
        let fits = |row: &DecisionRow| status.is_none_or(|status| row.status == status);
        self.table_page(Table::Decision, prefix, after, limit, fits)
            .await
    }

    /// One question.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decision(&self, id: Id) -> Result<Option<DecisionRow>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        for pending in [true, false] {
            let key = decision_key(id, pending);
            if let Some(row) = self
                .shared
                .store
                .get(Table::Decision, id.slot(), key)
                .await?
            {
                return Ok(serde_json::from_slice(&row).ok());
            }
        }
        Ok(None)
    }

    /// How many decisions wait as far as is projected, and since when; counted to a thousand, for
    /// this is read often.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decisions_waiting(&self) -> Result<DecisionsWaiting, Unavailable> {
        let scan = Scan {
            table: Table::Decision,
            slots: 0..=SLOTS - 1,
            after: None,
            prefix: decision_prefix(true),
            reverse: false,
            limit: COUNTED,
        };
        let rows = self.shared.store.scan(scan).await?;
        let rows = rows.iter();
        let rows: Vec<DecisionRow> = rows
            .filter_map(|row| serde_json::from_slice(&row.value).ok())
            .collect();
        let now = self.shared.clock.now_ms();
        let age = rows.first().map_or(0, |oldest| now - oldest.requested_at);
        Ok(DecisionsWaiting {
            pending: rows.len() as u64,
            overdue: rows.iter().filter(|row| row.overdue).count() as u64,
            oldest_ms: u64::try_from(age).unwrap_or(0),
        })
    }

    /// The heads of the chains of decisions, signed, for keeping elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn decision_heads(&self) -> Result<KeptHeads, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let heads = chain_heads(self.shared.store.as_ref()).await?;
        let at = rfc3339(self.shared.clock.now_ms());
        Ok(KeptHeads::sign(at, heads, self.shared.tokens.key()))
    }

    /// Checks the log of decisions, also against heads that were kept elsewhere.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn check_decisions(
        &self,
        kept: Option<&KeptHeads>,
    ) -> Result<LogReport, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let (store, key) = (self.shared.store.as_ref(), self.shared.tokens.key());
        Ok(check_decision_log(store, kept, Some(key)).await?)
    }

    /// Who did what, newest first; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<TablePage<AuditEntry>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let fits = |entry: &AuditEntry| {
            filter.who.as_ref().is_none_or(|who| *who == entry.who)
                && filter.kind.as_ref().is_none_or(|kind| *kind == entry.kind)
                && filter.since.is_none_or(|since| entry.at >= since)
        };
        self.table_page(Table::Audit, Bytes::new(), after, limit, fits)
            .await
    }

    /// A page of a keyed table whose rows are JSON, newest first.
    pub(super) async fn table_page<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: Bytes,
        after: Option<String>,
        limit: usize,
        fits: impl Fn(&T) -> bool,
    ) -> Result<TablePage<T>, Unavailable> {
        let after = after.and_then(|cursor| parse_cursor(&cursor));
        let slots = 0..=SLOTS - 1;
        let mut scan = Scan {
            table,
            slots,
            after,
            prefix,
            reverse: true,
            limit: PAGE,
        };
        let (mut items, mut looked_at) = (Vec::new(), 0);
        loop {
            let rows = self.shared.store.scan(scan.clone()).await?;
            for row in &rows {
                looked_at += 1;
                scan.after = Some((row.key.clone(), row.slot));
                items.extend(serde_json::from_slice(&row.value).ok().filter(&fits));
                if items.len() >= limit || looked_at >= LOOKED_AT {
                    return Ok(TablePage {
                        items,
                        next: Some(cursor_of(row)),
                    });
                }
            }
            if rows.len() < PAGE {
                return Ok(TablePage { items, next: None });
            }
        }
    }
}

pub(super) fn cursor_of(row: &Row) -> String {
    cursor_at(row.slot, &row.key)
}

fn cursor_at(slot: Slot, key: &[u8]) -> String {
    let mut bytes = slot.to_be_bytes().to_vec();
    bytes.extend(key);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn parse_cursor(cursor: &str) -> Option<(Bytes, Slot)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (slot, key) = bytes.split_at_checked(2)?;
    let slot = Slot::from_be_bytes(slot.try_into().ok()?);
    Some((Bytes::copy_from_slice(key), slot))
}
