//! The moment that is restored, and what lies behind it.

use std::collections::BTreeMap;

use bytes::Bytes;
use engine::codec::decode_batch;
use store::{PartitionId, Position};
use store_sqlite::{Base, Judge};

use super::calls::Calls;
use crate::args::BackupRestoreArgs;
use crate::failure::Failure;

/// Up to where a store is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Everything there is.
    End,
    /// Everything that was decided by then, in milliseconds since the epoch.
    Time(i64),
    /// Up to a partition's position.
    Position(PartitionId, Position),
}

impl Moment {
    /// The moment that the arguments name.
    pub fn of(args: &BackupRestoreArgs) -> Result<Self, Failure> {
        if let Some(text) = &args.to_time {
            let time: Result<api::Time, _> = text.parse();
            let time = time.map_err(|error| Failure::usage(error.to_string()))?;
            return Ok(Self::Time(time.0));
        }
        let Some(text) = &args.to_position else {
            return Ok(Self::End);
        };
        let pair = text.split_once(':');
        let pair = pair.and_then(|(p, at)| Some((PartitionId(p.parse().ok()?), at.parse().ok()?)));
        let (partition, position) = pair.ok_or_else(|| {
            Failure::usage(format!(
                "expected PARTITION:POSITION such as 0:1200 for --to-position, but got {text}"
            ))
        })?;
        Ok(Self::Position(partition, position))
    }

    /// Which backup it can begin with.
    pub fn base(self, named: Option<&String>) -> Base {
        match (named, self) {
            (Some(id), _) => Base::Named(id.clone()),
            (None, Self::End) => Base::Newest,
            (None, Self::Time(at_ms)) => Base::Before(at_ms),
            (None, Self::Position(partition, position)) => Base::Holding(partition, position),
        }
    }
}

/// Cuts the journal at the moment, and lists the calls behind it.
pub struct Cut {
    /// Where.
    pub moment: Moment,
    /// What was done after it.
    pub calls: Calls,
    /// The time of the last batch that is kept, in milliseconds since the epoch.
    pub last_at: i64,
    /// The last position that is kept of the partition that was asked for.
    pub reached: Position,
}

impl Judge for Cut {
    fn keeps(
        &mut self,
        partition: PartitionId,
        position: Position,
        body: &[u8],
    ) -> Result<bool, String> {
        let (header, _) = decode_batch(&Bytes::copy_from_slice(body)).map_err(|e| e.to_string())?;
        let keeps = match self.moment {
            Moment::End => true,
            Moment::Time(until) => header.at <= until,
            Moment::Position(of, until) => partition != of || position <= until,
        };
        if keeps {
            self.last_at = self.last_at.max(header.at);
            if matches!(self.moment, Moment::Position(of, _) if of == partition) {
                self.reached = position;
            }
        }
        Ok(keeps)
    }

    fn is_reached(&self, held: &BTreeMap<u16, Position>) -> Result<(), String> {
        let Moment::Position(partition, wanted) = self.moment else {
            return Ok(());
        };
        let held = held.get(&partition.0).copied().unwrap_or(0);
        let reached = self.reached.max(held);
        if reached == wanted {
            return Ok(());
        }
        Err(format!(
            "expected position {wanted} of partition {}, but the copies end at {reached}",
            partition.0
        ))
    }

    fn left_out(&mut self, _: PartitionId, body: &[u8]) -> Result<(), String> {
        let (_, records) =
            decode_batch(&Bytes::copy_from_slice(body)).map_err(|e| e.to_string())?;
        records
            .iter()
            .try_for_each(|record| self.calls.note(record))
    }
}
