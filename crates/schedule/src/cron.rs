//! Cron expressions, read in a time zone.

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;

use crate::zone::Zone;

/// The fields with what they take, as they stand in an expression with seconds.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last"),
    ("month", "1 to 12, or JAN to DEC"),
    (
        "day of the week",
        "0 to 7 (0 and 7 are Sunday), or SUN to SAT",
    ),
];
/// No expression is longer, in bytes.
const LONGEST: usize = 512;
/// From here on an expression has to tick at least once: 2000-01-01, before a leap day.
const ONCE_AFTER_MS: i64 = 946_684_800_000;

/// A cron expression of five or, with seconds before them, six fields, in a time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Cron {
    text: String,
    zone: Zone,
    parsed: croner::Cron,
    /// It says at which hours, so it ticks by the clock on the wall.
    by_the_wall: bool,
}

/// Why a text is no cron expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// There are not five or six fields.
    #[error("expected a cron expression of 5 or 6 fields (with seconds first), but found {0}")]
    Fields(usize),
    /// A field cannot be read.
    #[error("expected {takes} as the {field}, but found `{found}`")]
    Field {
        /// Its name.
        field: &'static str,
        /// What stands there.
        found: String,
        /// What may.
        takes: &'static str,
    },
    /// It never ticks: the day does not exist in the month.
    #[error("expected a cron expression that ticks at some time, but `{0}` never does")]
    Never(String),
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it has another number of fields, one cannot be read, or it never ticks.
    pub fn parse(text: &str, zone: Zone) -> Result<Self, CronError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if !(5..=6).contains(&fields.len()) || text.len() > LONGEST {
            return Err(CronError::Fields(fields.len()));
        }
        let text = fields.join(" ");
        let parsed = parse(&text).ok_or_else(|| field_at_fault(&fields))?;
        let hours = fields[fields.len() - 4];
        let cron = Self {
            by_the_wall: !hours.starts_with('*'),
            text,
            zone,
            parsed,
        };
        match cron.next_after(ONCE_AFTER_MS) {
            Some(_) => Ok(cron),
            None => Err(CronError::Never(cron.text)),
        }
    }

    /// The expression.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone whose calendar counts.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The first tick after a moment, both in milliseconds since the epoch.
    ///
    /// Where the hours are given, a time that the clock on the wall passes over ticks when it is put forward, one that it
    /// shows twice ticks the first time. Where every hour counts (`*`, `*/2`), the day with 25 hours has so many.
    #[must_use]
    pub fn next_after(&self, at_ms: i64) -> Option<i64> {
        let at = Timestamp::from_millisecond(at_ms).ok()?;
        let shown = at.to_zoned(self.zone.rules.clone());
        if !self.by_the_wall {
            let next = self.parsed.find_next_occurrence(&shown, false).ok()?;
            return Some(next.timestamp().as_millisecond());
        }
        let mut shown = shown.datetime();
        loop {
            shown = self.parsed.find_next_occurrence(&shown, false).ok()?;
            let moment = self.zone.first_moment(shown)?;
            // Within the hour that comes twice, the times still to come were shown before.
            if moment > at {
                return Some(moment.as_millisecond());
            }
        }
    }
}

fn parse(text: &str) -> Option<croner::Cron> {
    let parser = CronParser::builder();
    let parser = parser.seconds(Seconds::Optional).year(Year::Disallowed);
    parser.build().parse(text).ok()
}

/// Each field by itself tells which one it is.
fn field_at_fault(fields: &[&str]) -> CronError {
    let names = &FIELDS[FIELDS.len() - fields.len()..];
    let wrong = names.iter().zip(fields).zip(0..).find(|(_, place)| {
        let alone = fields
            .iter()
            .zip(0..)
            .map(|(field, at)| if at == *place { *field } else { "*" });
        parse(&alone.collect::<Vec<_>>().join(" ")).is_none()
    });
    let ((&(field, takes), found), _) = wrong.unwrap_or(((&names[0], &fields[0]), 0));
    CronError::Field {
        field,
        found: (*found).to_owned(),
        takes,
    }
}
