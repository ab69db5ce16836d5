//! An event that an instance publishes is taken once; none comes to a step that was not taken.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use engine::record::{Body, EventOffered, EventTaken, Record};

use crate::finding::{Finding, demand};

/// Events, as the journals say.
#[derive(Default)]
pub(crate) struct Events {
    /// Those that instances publish, and how often each was taken.
    published: BTreeMap<Bytes, u32>,
    taken: BTreeSet<Bytes>,
    offered: BTreeSet<Bytes>,
}

impl Events {
    /// A record of an instance is durable.
    pub(crate) fn note(&mut self, record: &Record) -> Result<(), Finding> {
        let (id, seq) = (record.entity, record.seq);
        match &record.body {
            Some(Body::EventEmitted(body)) => self.publish(&body.event),
            Some(Body::DeadlinePassed(body)) if !body.event.is_empty() => {
                self.publish(&body.event);
            }
            Some(Body::EventMet(body)) => {
                return demand(self.offered.contains(&body.event), || {
                    format!("{id}: at {seq} an event came to a step that nobody offered")
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn publish(&mut self, event: &Bytes) {
        self.published.entry(event.clone()).or_default();
    }

    /// An event was taken.
    pub(crate) fn taken(&mut self, taken: &EventTaken) -> Result<(), Finding> {
        self.taken.insert(taken.id.clone());
        if !taken.cause.starts_with("instance:") {
            return Ok(());
        }
        let count = self.published.get_mut(&taken.id);
        let count = count.ok_or_else(|| Finding(format!("nobody published {taken:?}")))?;
        *count += 1;
        demand(*count == 1, || format!("{taken:?} was taken twice"))
    }

    /// An event came to where it meets those who wait for it.
    pub(crate) fn offered(&mut self, offered: &EventOffered) -> Result<(), Finding> {
        let fresh = self.offered.insert(offered.event.clone());
        demand(fresh && self.taken.contains(&offered.event), || {
            format!("{offered:?} was offered twice, or never taken")
        })
    }

    /// Those that were published and not taken yet.
    pub(crate) fn missing(&self) -> impl Iterator<Item = String> + '_ {
        let open = self.published.iter().filter(|(_, count)| **count == 0);
        open.map(|(event, _)| format!("event {event:02x?} was published and never taken"))
    }
}
