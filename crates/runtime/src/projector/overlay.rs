//! What lists show of instances whose changes are durable, but not in the state's tables yet: no list
//! waits for the state to be written, nor has it written sooner.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use engine::{Id, IdMap, Instance};
use store::{InstanceFilter, InstanceRow, ListCursor, Position};
use tokio::sync::{mpsc, oneshot};

use super::instance::row_of;

/// Lists that wait for the projector at most; more make their askers wait.
const WAITING: usize = 64;

/// A list's question to the projector.
pub(crate) struct Asked {
    pub(crate) filter: InstanceFilter,
    pub(crate) after: Option<ListCursor>,
    /// Rows that are wanted at most.
    pub(crate) wanted: usize,
    /// What was durable when the list was asked for, by partition: all of it counts.
    pub(crate) heads: Vec<Position>,
    pub(crate) reply: oneshot::Sender<Overlay>,
}

/// What the tables lack.
#[derive(Default)]
pub(crate) struct Overlay {
    /// Matching rows, newest first.
    pub(crate) rows: Vec<InstanceRow>,
    /// How far the instances are of which the tables may have an older row, or none; past any row
    /// where they were deleted.
    pub(crate) seqs: IdMap<u64>,
}

/// Where lists send their questions, and where the projector gets them.
pub(crate) fn channel() -> (mpsc::Sender<Asked>, mpsc::Receiver<Asked>) {
    mpsc::channel(WAITING)
}

impl Overlay {
    /// Of these instances, without those that were deleted; of one that comes several times the first
    /// is the newest.
    pub(super) fn of<'a>(
        instances: impl Iterator<Item = &'a Arc<Instance>>,
        deleted: impl Iterator<Item = Id>,
        asked: &Asked,
    ) -> Self {
        let mut overlay = Self::default();
        overlay.seqs.extend(deleted.map(|id| (id, u64::MAX)));
        for instance in instances {
            let Entry::Vacant(new) = overlay.seqs.entry(instance.id()) else {
                continue;
            };
            new.insert(instance.seq());
            if may_match(&asked.filter, instance) {
                let row = row_of(instance, Bytes::new());
                if asked.filter.matches(&row) && row.follows(asked.after) {
                    overlay.rows.push(row);
                }
            }
        }
        overlay
            .rows
            .sort_by_key(|row| Reverse((row.created_at, row.id)));
        overlay.rows.truncate(asked.wanted);
        overlay
    }
}

/// Spares most rows from being made: false when the filter cannot match.
fn may_match(filter: &InstanceFilter, instance: &Instance) -> bool {
    let started = &instance.header().started;
    let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|w| w == found);
    let status = instance.status().as_str();
    filter.fits_kind(&started.workflow, &started.version, status)
        && is(&filter.correlation_id, &started.correlation_id)
        && is(&filter.subject, &started.subject)
}
