//! Times on the wire: RFC 3339, UTC, milliseconds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

/// A moment, in milliseconds since the Unix epoch; on the wire `2026-11-22T19:30:00.000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-22T19:30:00.000Z")]
pub struct Time(pub i64);

/// Text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 2026-11-22T19:30:00Z, but got {0:?}")]
pub struct InvalidTime(String);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = jiff::Timestamp::from_millisecond(self.0);
        // Beyond the year 9999 only the nearest end can be shown.
        let end = if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        write!(f, "{:.3}", within.unwrap_or(end))
    }
}

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let parsed: Result<jiff::Timestamp, _> = text.parse();
        let invalid = |_| InvalidTime(text.chars().take(64).collect());
        parsed.map(|at| Self(at.as_millisecond())).map_err(invalid)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_and_read_with_any_offset() {
        assert_eq!(
            Time(1_760_000_000_120).to_string(),
            "2025-10-09T08:53:20.120Z"
        );
        assert_eq!(
            "2025-10-09T10:53:20.12+02:00".parse(),
            Ok(Time(1_760_000_000_120))
        );
        assert!("yesterday".parse::<Time>().is_err());
        assert!(!Time(i64::MAX).to_string().is_empty());
    }
}
