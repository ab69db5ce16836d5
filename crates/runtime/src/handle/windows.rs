//! Reading windows of triggers.

use engine::{Id, SLOTS};
use prost::Message;
use store::{Scan, Table};

use super::Runtime;
use super::lists::{cursor_of, parse_cursor};
use crate::error::Unavailable;
use crate::reads::{Consistency, TablePage};
use crate::windows::{
    CLOSED, OPEN, WindowEntry, WindowName, WindowState, entry_key, event_in_member, member_prefix,
    row_key,
};

impl Runtime {
    /// Windows, those that opened last first; `after` is a page's `next`. What a throttle closes is not kept.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn windows(
        &self,
        closed: bool,
        after: Option<String>,
        limit: usize,
    ) -> Result<TablePage<WindowState>, Unavailable> {
        self.fresh(Consistency::Fresh).await;
        let kind = if closed { CLOSED } else { OPEN };
        let rows = self
            .shared
            .store
            .scan(Scan {
                table: Table::Window,
                slots: 0..=SLOTS - 1,
                after: after.and_then(|cursor| parse_cursor(&cursor)),
                prefix: vec![kind].into(),
                reverse: true,
                limit: limit + 1,
            })
            .await?;
        let read = |row: &store::Row| WindowState::decode(row.value.clone()).ok();
        let shown = &rows[..rows.len().min(limit)];
        Ok(TablePage {
            items: shown.iter().filter_map(read).collect(),
            next: shown.last().filter(|_| rows.len() > limit).map(cursor_of),
        })
    }

    /// One window, open or closed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn window(&self, id: Id) -> Result<Option<WindowState>, Unavailable> {
        self.fresh_slot(id.slot()).await;
        for kind in [OPEN, CLOSED] {
            let key = row_key(kind, id);
            let row = self.shared.store.get(Table::Window, id.slot(), key).await?;
            let found = row.and_then(|row| WindowState::decode(row).ok());
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The events that a window has become one start of, in the order of their ids, at most `limit`, and whether there
    /// are more.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events_of_window(
        &self,
        id: Id,
        limit: usize,
    ) -> Result<(Vec<Id>, bool), Unavailable> {
        let rows = self
            .shared
            .store
            .scan(Scan {
                table: Table::Window,
                slots: id.slot()..=id.slot(),
                after: None,
                prefix: member_prefix(id),
                reverse: false,
                limit: limit + 1,
            })
            .await?;
        let events = rows.iter().filter_map(|row| event_in_member(&row.key));
        Ok((events.take(limit).collect(), rows.len() > limit))
    }

    /// What came of an event at the window of this trigger and key; none: it is still on its way there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn came_to_window(
        &self,
        event: Id,
        (workflow, trigger, key): (&str, &str, &str),
    ) -> Result<Option<(WindowEntry, Option<WindowState>)>, Unavailable> {
        let slot = WindowName::new(workflow, trigger, key).slot();
        self.fresh_slot(slot).await;
        let key = entry_key(&event.bytes());
        let row = self.shared.store.get(Table::Window, slot, key).await?;
        let Some(entry) = row.and_then(|row| WindowEntry::decode(row).ok()) else {
            return Ok(None);
        };
        let id = Id::from_slice(&entry.window).unwrap_or_default();
        let window = self.window(id).await?;
        Ok(Some((entry, window)))
    }
}
