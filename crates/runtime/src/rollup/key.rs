//! The keys of the roll-ups' table: what kind of span, its time, who counted, what.

use bytes::Bytes;
use engine::Id;

use super::DAY_MS;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What is counted over how long a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Tier {
    /// Counts of a day (UTC).
    Day = 1,
    /// Counts of an hour.
    Hour = 2,
    /// Counts of a minute.
    Minute = 3,
    /// Failures that came in an hour and stand.
    Failures = 4,
    /// What routers did in a day.
    RoutersDay = 5,
    /// In an hour.
    RoutersHour = 6,
    /// In a minute.
    RoutersMinute = 7,
}

impl Tier {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Failures,
        Self::RoutersDay,
        Self::RoutersHour,
        Self::RoutersMinute,
    ];
    /// Counts of workflows, the longest spans first.
    pub(super) const WORKFLOWS: [Self; 3] = [Self::Day, Self::Hour, Self::Minute];
    /// Counts of routers, likewise.
    pub(super) const ROUTERS: [Self; 3] =
        [Self::RoutersDay, Self::RoutersHour, Self::RoutersMinute];

    /// How long a span is, in milliseconds.
    pub(crate) const fn span_ms(self) -> i64 {
        match self {
            Self::Day | Self::RoutersDay => DAY_MS,
            Self::Hour | Self::Failures | Self::RoutersHour => HOUR_MS,
            Self::Minute | Self::RoutersMinute => MINUTE_MS,
        }
    }

    /// When the span of a moment began.
    pub(crate) const fn start_of(self, at: i64) -> i64 {
        at.div_euclid(self.span_ms()) * self.span_ms()
    }

    /// What its keys begin with.
    pub(crate) fn prefix(self) -> Bytes {
        Bytes::copy_from_slice(&[self as u8])
    }
}

/// Whose row it is: a process's, and of its rows for the same the first or a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Writer {
    pub(super) process: Id,
    pub(super) generation: u32,
}

/// Kind of span, time, process, generation.
const HEAD: usize = 1 + 8 + 16 + 4;

/// The key of a row; of a router's, its name stands as the workflow's. Times before 1970 count as 1970.
pub(super) fn key(tier: Tier, start: i64, writer: Writer, workflow: &str, version: &str) -> Bytes {
    let mut key = Vec::with_capacity(HEAD + workflow.len() + 1 + version.len());
    key.push(tier as u8);
    key.extend(u64::try_from(start).unwrap_or(0).to_be_bytes());
    key.extend(writer.process.bytes());
    key.extend(writer.generation.to_be_bytes());
    key.extend(workflow.as_bytes());
    key.push(0);
    key.extend(version.as_bytes());
    key.into()
}

/// Before all keys of a kind of span from this time on.
pub(super) fn first_key(tier: Tier, from: i64) -> Bytes {
    let mut key = vec![tier as u8];
    key.extend(u64::try_from(from).unwrap_or(0).to_be_bytes());
    key.into()
}

/// When a key's span began.
pub(crate) fn time_of_key(key: &[u8]) -> Option<i64> {
    let (_, rest) = key.split_first()?;
    let time = u64::from_be_bytes(*rest.first_chunk()?);
    i64::try_from(time).ok()
}

/// A key's workflow and version.
pub(super) fn series_of_key(key: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(key.get(HEAD..)?).ok()?.split_once('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_what_they_are_of() {
        let writer = Writer {
            process: Id::from_bytes([7; 16]),
            generation: 1,
        };
        let key = key(Tier::Hour, 7_200_000, writer, "order", "1.0.0");
        assert_eq!(time_of_key(&key), Some(7_200_000));
        assert_eq!(series_of_key(&key), Some(("order", "1.0.0")));
        assert!(first_key(Tier::Hour, 7_200_000) < key);
        assert!(key < first_key(Tier::Hour, 7_200_001));
        assert!(key.starts_with(&Tier::Hour.prefix()));
        assert_eq!(time_of_key(&[1, 2]), None);
    }

    #[test]
    fn spans_begin_at_whole_ones() {
        assert_eq!(Tier::Minute.start_of(119_999), 60_000);
        assert_eq!(Tier::Failures.start_of(HOUR_MS), HOUR_MS);
        assert_eq!(Tier::Day.start_of(-1), -DAY_MS);
    }
}
