//! Reading events.

use engine::{Id, Payload, SLOTS};
use futures_util::future::try_join_all;
use store::{Row, Scan, StoreError, Table};

use super::Runtime;
use super::lists::{LOOKED_AT, PAGE, cursor_of, parse_cursor};
use crate::error::Unavailable;
use crate::events::{Event, EventFilter, event_key, index_prefix};
use crate::partition::supply_payload;
use crate::reads::{Consistency, TablePage};

impl Runtime {
    /// One event, with its payloads.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn event(&self, id: Id) -> Result<Option<Event>, Unavailable> {
        self.fresh_slot(id.slot()).await;
        Ok(self.stored_event(id).await?)
    }

    /// Events, newest first; `after` is a page's `next`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events(
        &self,
        filter: &EventFilter,
        after: Option<String>,
        limit: usize,
    ) -> Result<TablePage<Event>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let (table, prefix) = match filter.link() {
            Some((link, value)) => (Table::EventIndex, index_prefix(link, value)),
            None => (Table::Event, Vec::new()),
        };
        let mut items = self.event_named_as_correlation(filter, &after).await?;
        let mut scan = Scan {
            table,
            slots: 0..=SLOTS - 1,
            after: after.and_then(|cursor| parse_cursor(&cursor)),
            prefix: prefix.into(),
            reverse: true,
            limit: PAGE,
        };
        let mut looked_at = 0;
        loop {
            let rows = self.shared.store.scan(scan.clone()).await?;
            for row in &rows {
                looked_at += 1;
                scan.after = Some((row.key.clone(), row.slot));
                items.extend(self.event_of(table, row).await?.filter(|e| filter.fits(e)));
                if items.len() >= limit || looked_at >= LOOKED_AT {
                    let next = Some(cursor_of(row));
                    return Ok(TablePage { items, next });
                }
            }
            if rows.len() < PAGE {
                return Ok(TablePage { items, next: None });
            }
        }
    }

    /// The event after which a correlation is called: it is not in the index. It comes first.
    async fn event_named_as_correlation(
        &self,
        filter: &EventFilter,
        after: &Option<String>,
    ) -> Result<Vec<Event>, Unavailable> {
        let named = filter.correlation_id.as_ref().filter(|_| after.is_none());
        let Some(id) = named.and_then(|text| text.parse().ok()) else {
            return Ok(Vec::new());
        };
        let found = self.stored_event(id).await?;
        Ok(found
            .into_iter()
            .filter(|event| filter.fits(event))
            .collect())
    }

    async fn event_of(&self, table: Table, row: &Row) -> Result<Option<Event>, StoreError> {
        if table == Table::Event {
            return Ok(Event::read(&row.value));
        }
        let id = row.key.len().checked_sub(16).map(|at| &row.key[at..]);
        match id.and_then(Id::from_slice) {
            Some(id) => self.stored_event(id).await,
            None => Ok(None),
        }
    }

    async fn stored_event(&self, id: Id) -> Result<Option<Event>, StoreError> {
        let store = self.shared.store.as_ref();
        let row = store.get(Table::Event, id.slot(), event_key(id)).await?;
        let Some(event) = row.as_ref().and_then(Event::read) else {
            return Ok(None);
        };
        let payloads = [event.meta(), event.data()];
        let missing = payloads.iter().map(|payload| self.supply(payload));
        try_join_all(missing).await?;
        Ok(Some(event))
    }

    /// Reads the bytes of a payload that is kept as a blob.
    pub(crate) async fn supply(&self, payload: &Payload) -> Result<(), StoreError> {
        supply_payload(self.shared.store.as_ref(), payload).await
    }
}
