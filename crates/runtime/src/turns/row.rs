//! What is kept of an instance under a limit: a row of its own, so that recovery reads no instance.

use bytes::Bytes;
use engine::record::{Share, TurnLimit};
use engine::{Id, Instance, Turn};
use prost::{Enumeration, Message};
use store::{Change, Row, Table};

use crate::fair::rank;

/// Where an instance stands under its limit.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct TurnRow {
    #[prost(message, required, tag = "1")]
    pub(crate) limit: TurnLimit,
    #[prost(enumeration = "Standing", tag = "2")]
    pub(crate) standing: i32,
    #[prost(uint64, tag = "3")]
    pub(crate) place: u64,
    /// Since when it waits, milliseconds since the epoch; 0 when it does not.
    #[prost(int64, tag = "4")]
    pub(crate) since: i64,
    #[prost(uint32, tag = "5")]
    pub(crate) rank: u32,
    #[prost(message, optional, tag = "6")]
    pub(crate) share: Option<Share>,
}

/// [`engine::Turn`], as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(crate) enum Standing {
    Waiting = 0,
    Held = 1,
    Running = 2,
    Leaving = 3,
}

impl TurnRow {
    /// Of an instance that stands under a limit now.
    pub(crate) fn of(instance: &Instance) -> Option<Self> {
        let (limit, turn) = (instance.limit()?, instance.turn()?);
        let standing = match turn {
            Turn::Waiting => Standing::Waiting,
            Turn::Held => Standing::Held,
            Turn::Running => Standing::Running,
            Turn::Leaving => Standing::Leaving,
        };
        Some(Self {
            limit: limit.clone(),
            standing: standing as i32,
            place: instance.turn_place(),
            since: instance.turn_since(),
            rank: rank(&instance.header().started.priority).into(),
            share: instance.share().cloned(),
        })
    }

    /// The instance of a row, and how it stands.
    pub(crate) fn read(row: &Row) -> Option<(Id, Self)> {
        let id = Id::from_slice(&row.key)?;
        Some((id, Self::decode(row.value.clone()).ok()?))
    }
}

/// How the row of an instance changes.
pub(crate) fn row_of_turn(before: Option<&Instance>, after: &Instance) -> Option<Change> {
    after.limit()?;
    let (was, is) = (before.and_then(TurnRow::of), TurnRow::of(after));
    if was == is {
        return None;
    }
    let (table, slot) = (Table::Limit, after.id().slot());
    let key = Bytes::copy_from_slice(&after.id().bytes());
    Some(match is {
        None => Change::Delete { table, slot, key },
        Some(row) => Change::Put {
            table,
            slot,
            key,
            value: row.encode_to_vec().into(),
        },
    })
}
