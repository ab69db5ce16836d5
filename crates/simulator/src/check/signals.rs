//! A signal is taken by one step, those of a name in the order in which they came; one key brings one.

use std::collections::{BTreeMap, BTreeSet};

use engine::record::{Body, Record};

use crate::finding::{Finding, demand};

/// Judges the signals of an instance.
pub(crate) fn check_signals(records: &[Record]) -> Result<(), Finding> {
    let mut kept: BTreeMap<u64, &str> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    // How it was after each record that changed it.
    let mut was: BTreeMap<u64, BTreeMap<u64, &str>> = BTreeMap::new();
    for record in records {
        let (id, seq) = (record.entity, record.seq);
        match record.body.as_ref() {
            Some(Body::SignalReceived(body)) => {
                kept.insert(seq, &body.name);
                let fresh = body.key.is_empty() || keys.insert(body.key.clone());
                demand(fresh, || {
                    format!("{id}: a key brought two signals, at {seq}")
                })?;
            }
            Some(Body::SignalTaken(body)) => {
                let oldest = kept.iter().find(|(_, name)| **name == body.name);
                let oldest = oldest.map(|(seq, _)| *seq);
                demand(oldest == Some(body.received), || {
                    let taken = body.received;
                    format!("{id}: signal {taken} was taken at {seq}, but {oldest:?} is the oldest")
                })?;
                kept.remove(&body.received);
            }
            Some(Body::InstanceRestored(body)) => {
                let then = was.range(..=body.to_seq).next_back();
                let mut back = then.map_or_else(BTreeMap::new, |(_, kept)| kept.clone());
                kept.retain(|received, _| *received > body.to_seq);
                back.append(&mut kept);
                kept = back;
            }
            _ => continue,
        }
        was.insert(seq, kept.clone());
    }
    Ok(())
}
