//! One link: what it says, and the hash that holds it to the link before.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::record::{Body, DecisionChained, DecisionResolved, Record};
use engine::{Id, Instance, Slot};
use prost::Message;
use serde_json::json;
use store::{Change, Row, Table};

use super::check::hex;

/// First byte of the keys of links among the decisions' rows.
const LINK: u8 = 2;
/// First byte of the key of a slot's head.
const HEAD: u8 = 3;

/// The first key of links; the keys of the decisions themselves lie before it.
pub(crate) fn log_start() -> Bytes {
    Bytes::from_static(&[LINK])
}

/// What the key of a slot's head is.
pub(crate) fn head_prefix() -> Bytes {
    Bytes::from_static(&[HEAD])
}

/// The end of one slot's chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) number: u64,
    /// Empty before the first link.
    pub(crate) hash: Bytes,
}

/// The ends of the chains of a partition's slots; the fold of their links.
#[derive(Debug, Default)]
pub(crate) struct Chains(BTreeMap<Slot, Chain>);

impl Chains {
    /// The link of a decision that was just made.
    pub(crate) fn next(
        &self,
        instance: &Instance,
        record: &Record,
        resolved: &DecisionResolved,
    ) -> DecisionChained {
        let slot = instance.id().slot();
        let last = self.0.get(&slot).cloned().unwrap_or_default();
        let mut link = DecisionChained {
            slot: u32::from(slot),
            number: last.number + 1,
            instance: Bytes::copy_from_slice(&instance.id().bytes()),
            seq: record.seq,
            digest: digest_of(record),
            hash: Bytes::new(),
            told: told(instance, record, resolved),
        };
        link.hash = hash_of(&link, &last.hash);
        link
    }

    /// Takes a link in; answers with what is written of it.
    pub(crate) fn apply(&mut self, link: &DecisionChained) -> Vec<Change> {
        let slot = Slot::try_from(link.slot).unwrap_or_default();
        let last = self.0.entry(slot).or_default();
        if link.number > last.number {
            last.number = link.number;
            last.hash = link.hash.clone();
        }
        let row = |key, value| Change::Put {
            table: Table::Decision,
            slot,
            key,
            value,
        };
        vec![
            row(link_key(link.number), link.encode_to_vec().into()),
            row(head_prefix(), head_value(last)),
        ]
    }

    /// Takes in the row of a slot's head.
    pub(crate) fn load(&mut self, row: &Row) {
        if let Some(head) = read_head(row) {
            self.0.insert(row.slot, head);
        }
    }
}

fn head_value(head: &Chain) -> Bytes {
    let mut value = head.number.to_be_bytes().to_vec();
    value.extend(&head.hash);
    value.into()
}

/// The head in its row.
pub(super) fn read_head(row: &Row) -> Option<Chain> {
    let (number, hash) = row.value.split_at_checked(8)?;
    Some(Chain {
        number: u64::from_be_bytes(number.try_into().ok()?),
        hash: Bytes::copy_from_slice(hash),
    })
}

pub(super) fn link_key(number: u64) -> Bytes {
    let mut key = vec![LINK];
    key.extend(number.to_be_bytes());
    key.into()
}

/// BLAKE3 of a record's body.
pub(super) fn digest_of(record: &Record) -> Bytes {
    let mut bytes = Vec::new();
    if let Some(body) = &record.body {
        body.encode(&mut bytes);
    }
    Bytes::copy_from_slice(blake3::hash(&bytes).as_bytes())
}

/// BLAKE3 of all that a link says, and of the link before.
pub(super) fn hash_of(link: &DecisionChained, before: &[u8]) -> Bytes {
    let mut hasher = blake3::Hasher::new();
    for part in [
        &b"decision"[..],
        before,
        &link.slot.to_be_bytes(),
        &link.number.to_be_bytes(),
        &link.instance,
        &link.seq.to_be_bytes(),
        &link.digest,
        link.told.as_bytes(),
    ] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    Bytes::copy_from_slice(hasher.finalize().as_bytes())
}

/// Who decided what, when and why.
fn told(instance: &Instance, record: &Record, resolved: &DecisionResolved) -> String {
    let answer = &resolved.answer;
    let seen = hex(&resolved.seen);
    let told = json!({
        "decision": Id::from_slice(&answer.id).unwrap_or_default().to_string(),
        "workflow_id": instance.id().to_string(),
        "workflow": instance.header().started.workflow,
        "step": instance.step_name(resolved.task.at),
        "kind": resolved.kind().as_str(),
        "choice": answer.choice().as_str(),
        "by": answer.by,
        "approved_before": resolved.before,
        "comment": answer.comment,
        "at": engine::view::rfc3339(record.at),
        "seen": seen,
    });
    told.to_string()
}

/// The decision that a record makes, if it makes one.
pub(crate) fn resolved_in(record: &Record) -> Option<&DecisionResolved> {
    match record.body.as_ref()? {
        Body::DecisionResolved(resolved) => Some(resolved),
        _ => None,
    }
}
