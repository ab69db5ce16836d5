//! The row of an open task: what a recovery has to know of it without loading its instance.

use bytes::Bytes;
use engine::record::{CallLimit, Share, StepRef, TaskKey};
use engine::{Id, Instance};

use crate::dispatch::Urgency;

/// Set in a row's first byte, beside the rank, where the share stands behind it.
const WITH_SHARE: u8 = 0x80;
/// The same of the call's first limit.
const WITH_LIMIT: u8 = 0x40;
/// The same of its second one.
const WITH_FURTHER: u8 = 0x20;

const LIMITS: [u8; 2] = [WITH_LIMIT, WITH_FURTHER];

/// Instance, lane, step, kind, generation, attempt.
pub(crate) fn task_row_key(id: Id, task: TaskKey) -> Bytes {
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

/// The rank, then the share and the limits, each if there is one (its number, the length of its name,
/// its name), then the adapter.
pub(super) fn task_row_value(instance: &Instance, task: TaskKey) -> Bytes {
    let call = instance.call(task);
    let plan = call.as_ref().map(|call| &call.plan);
    let plan = plan.cloned().unwrap_or_default();
    let urgency = Urgency::of(instance, &plan);
    value_of(&urgency, plan.limits(), &plan.adapter)
}

fn value_of<'a>(
    urgency: &Urgency,
    limits: impl Iterator<Item = &'a CallLimit>,
    adapter: &str,
) -> Bytes {
    let mut value = vec![urgency.rank];
    if let Some(Share { key, weight }) = &urgency.share {
        put_named(&mut value, WITH_SHARE, *weight, key);
    }
    for (flag, CallLimit { name, limit }) in LIMITS.into_iter().zip(limits) {
        put_named(&mut value, flag, *limit, name);
    }
    value.extend(adapter.as_bytes());
    value.into()
}

fn put_named(value: &mut Vec<u8>, flag: u8, number: u32, name: &str) {
    let Ok(length) = u16::try_from(name.len()) else {
        return;
    };
    value[0] |= flag;
    value.extend(number.to_be_bytes());
    value.extend(length.to_be_bytes());
    value.extend(name.as_bytes());
}

/// A number, a name, and what stands behind them.
fn take_named(bytes: &[u8]) -> Option<(u32, String, &[u8])> {
    let (number, length, behind) = (bytes.get(..4)?, bytes.get(4..6)?, bytes.get(6..)?);
    let length = u16::from_be_bytes(length.try_into().ok()?);
    let (name, behind) = behind.split_at_checked(usize::from(length))?;
    let number = u32::from_be_bytes(number.try_into().ok()?);
    Some((number, String::from_utf8_lossy(name).into_owned(), behind))
}

/// An open task as its row has it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TaskRow {
    pub(crate) id: Id,
    pub(crate) task: TaskKey,
    pub(crate) urgency: Urgency,
    /// The limits that it stands under, in order.
    pub(crate) limits: Vec<CallLimit>,
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
        let (mut share, mut limits) = (None, Vec::new());
        if first & WITH_SHARE != 0 {
            let (weight, key, behind) = take_named(rest)?;
            share = Some(Share { key, weight });
            rest = behind;
        }
        for _ in LIMITS.iter().filter(|flag| first & **flag != 0) {
            let (limit, name, behind) = take_named(rest)?;
            limits.push(CallLimit { name, limit });
            rest = behind;
        }
        Some(Self {
            id: Id::from_slice(id)?,
            task,
            urgency: Urgency {
                rank: first & !(WITH_SHARE | WITH_LIMIT | WITH_FURTHER),
                share,
            },
            limits,
            adapter: String::from_utf8_lossy(rest).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_with_and_without_a_share_and_a_limit() {
        let (id, task) = (Id::new(1, 2, 3), TaskKey::default());
        let share = Share {
            key: "tenant-7".into(),
            weight: 3,
        };
        let limit = |name: &str| CallLimit {
            name: name.into(),
            limit: 7,
        };
        let limits = [limit("step:w/s/"), limit("action:bank/pay")];
        let all = [None, Some(share)].into_iter();
        let all = all.flat_map(|share| (0..=2).map(move |count| (share.clone(), count)));
        for (share, count) in all {
            let urgency = Urgency { rank: 3, share };
            let limits = limits[..count].to_vec();
            let value = value_of(&urgency, limits.iter(), "bank");
            let row = TaskRow::read(&task_row_key(id, task), &value);
            let adapter = "bank".to_owned();
            let expected = TaskRow {
                id,
                task,
                urgency,
                limits,
                adapter,
            };
            assert_eq!(row, Some(expected));
        }
        let of_old = TaskRow::read(&task_row_key(id, task), b"\x02bank");
        assert_eq!(of_old.map(|row| row.adapter), Some("bank".to_owned()));
    }
}
