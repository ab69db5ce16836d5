//! The row of an open task: what a recovery has to know of it without loading its instance.

use bytes::Bytes;
use engine::record::{Share, StepRef, TaskKey};
use engine::{Id, Instance};

use crate::dispatch::Urgency;

/// Set in a row's first byte, beside the rank, where the share stands behind it.
const WITH_SHARE: u8 = 0x80;

/// Instance, lane, step, kind, generation, attempt.
pub(super) fn task_row_key(id: Id, task: TaskKey) -> Bytes {
    let kind = u32::try_from(task.kind).unwrap_or_default();
    let mut key = id.bytes().to_vec();
    for word in [
        task.at.lane,
        task.at.step,
        kind,
        task.generation,
        task.attempt,
    ] {
        key.extend(word.to_be_bytes());
    }
    key.into()
}

/// The rank, then the share (its weight, the length of its key, its key) if there is one, then the
/// adapter.
pub(super) fn task_row_value(instance: &Instance, task: TaskKey) -> Bytes {
    let call = instance.call(task);
    let urgency = Urgency::of(instance);
    let adapter = call.as_ref().map_or("", |call| call.adapter());
    value_of(&urgency, adapter)
}

fn value_of(urgency: &Urgency, adapter: &str) -> Bytes {
    let mut value = vec![urgency.rank];
    if let Some(Share { key, weight }) = &urgency.share
        && let Ok(length) = u16::try_from(key.len())
    {
        value[0] |= WITH_SHARE;
        value.extend(weight.to_be_bytes());
        value.extend(length.to_be_bytes());
        value.extend(key.as_bytes());
    }
    value.extend(adapter.as_bytes());
    value.into()
}

/// An open task as its row has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TaskRow {
    pub(crate) id: Id,
    pub(crate) task: TaskKey,
    pub(crate) urgency: Urgency,
    pub(crate) adapter: String,
}

impl TaskRow {
    /// The task in a row.
    pub(crate) fn read(key: &[u8], value: &[u8]) -> Option<Self> {
        let (id, words) = key.split_at_checked(16)?;
        let word = |place: usize| {
            let bytes = words.get(place * 4..place * 4 + 4)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?))
        };
        let task = TaskKey {
            at: StepRef {
                lane: word(0)?,
                step: word(1)?,
            },
            kind: i32::try_from(word(2)?).ok()?,
            generation: word(3)?,
            attempt: word(4)?,
        };
        let (first, mut rest) = value.split_first()?;
        let mut share = None;
        if first & WITH_SHARE != 0 {
            let (weight, length, behind) = (rest.get(..4)?, rest.get(4..6)?, rest.get(6..)?);
            let length = u16::from_be_bytes(length.try_into().ok()?);
            let (key, adapter) = behind.split_at_checked(usize::from(length))?;
            share = Some(Share {
                key: String::from_utf8_lossy(key).into_owned(),
                weight: u32::from_be_bytes(weight.try_into().ok()?),
            });
            rest = adapter;
        }
        Some(Self {
            id: Id::from_slice(id)?,
            task,
            urgency: Urgency {
                rank: first & !WITH_SHARE,
                share,
            },
            adapter: String::from_utf8_lossy(rest).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_with_and_without_a_share() {
        let (id, task) = (Id::new(1, 2, 3), TaskKey::default());
        let share = Share {
            key: "tenant-7".into(),
            weight: 3,
        };
        for share in [None, Some(share)] {
            let urgency = Urgency { rank: 3, share };
            let value = value_of(&urgency, "bank");
            let row = TaskRow::read(&task_row_key(id, task), &value);
            let adapter = "bank".to_owned();
            let expected = TaskRow {
                id,
                task,
                urgency,
                adapter,
            };
            assert_eq!(row, Some(expected));
        }
        let of_old = TaskRow::read(&task_row_key(id, task), b"\x02bank");
        assert_eq!(of_old.map(|row| row.adapter), Some("bank".to_owned()));
    }
}
