//! Time zones by name.

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

/// The time zones that are built in.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    name: String,
    pub(crate) rules: TimeZone,
}

impl Zone {
    /// The zone of this name, such as `Europe/Berlin`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let rules = ZONES.get(name).ok()?;
        let name = name.to_owned();
        Some(Self { name, rules })
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: TimeZone::UTC,
        }
    }

    /// The first moment at which a clock on the wall shows this time or, where it is put forward over it, has passed it.
    pub(crate) fn first_moment(&self, shown: DateTime) -> Option<Timestamp> {
        let moment = self.rules.to_ambiguous_timestamp(shown);
        match moment.offset() {
            AmbiguousOffset::Gap { .. } => {
                let behind = moment.later().ok()?;
                let after = behind
                    .checked_add(jiff::SignedDuration::from_nanos(1))
                    .ok()?;
                let change = self.rules.preceding(after).next()?;
                Some(change.timestamp())
            }
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => {
                moment.earlier().ok()
            }
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// All names that [`Zone::named`] knows.
#[must_use]
pub fn zone_names() -> Vec<String> {
    ZONES
        .available()
        .map(|name| name.as_str().to_owned())
        .collect()
}

/// A moment in milliseconds since the epoch, as RFC 3339 in UTC.
#[must_use]
pub fn told_time(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| at.to_string())
}
