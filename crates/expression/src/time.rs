//! Timestamps and durations of the expression language, in nanoseconds.

use crate::EvalError;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use std::sync::LazyLock;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// 0001-01-01T00:00:00Z and 10000-01-01T00:00:00Z in seconds since the Unix epoch.
const FIRST_SECOND: i64 = -62_135_596_800;
const END_SECOND: i64 = 253_402_300_800;

/// The time zones that are built in, so that every node reads the same times.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const UNITS: [(&str, f64, i64); 8] = [
    ("ns", 1.0, 1),
    ("us", 1e3, 1_000),
    ("µs", 1e3, 1_000),
    ("ms", 1e6, 1_000_000),
    ("s", 1e9, NANOS_PER_SECOND),
    ("m", 6e10, 60 * NANOS_PER_SECOND),
    ("h", 3.6e12, 3_600 * NANOS_PER_SECOND),
    ("d", 8.64e13, 86_400 * NANOS_PER_SECOND),
];

/// A timestamp within the years 1 to 9999.
pub(crate) fn timestamp_from_nanos(nanos: i128) -> Result<Timestamp, EvalError> {
    let seconds = nanos.div_euclid(i128::from(NANOS_PER_SECOND));
    let within = (i128::from(FIRST_SECOND)..i128::from(END_SECOND)).contains(&seconds);
    within
        .then(|| Timestamp::from_nanosecond(nanos).ok())
        .flatten()
        .ok_or_else(|| EvalError::other("this timestamp is outside of the years 1 to 9999"))
}

/// A timestamp of whole seconds since the Unix epoch.
pub(crate) fn timestamp_from_seconds(seconds: i64) -> Result<Timestamp, EvalError> {
    timestamp_from_nanos(i128::from(seconds) * i128::from(NANOS_PER_SECOND))
}

/// The timestamp of an RFC 3339 text.
pub(crate) fn parse_timestamp(text: &str) -> Result<Timestamp, EvalError> {
    let error = || {
        EvalError::other(format!(
            "expected an RFC 3339 time, but found `{}`",
            short(text)
        ))
    };
    if !has_rfc3339_form(text.as_bytes()) {
        return Err(error());
    }
    let timestamp: Timestamp = text.parse().map_err(|_| error())?;
    timestamp_from_nanos(timestamp.as_nanosecond())
}

/// Whether the text is a date, `T`, a time with seconds, and `Z` or an offset.
fn has_rfc3339_form(text: &[u8]) -> bool {
    const FORM: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let fits = |text: &[u8], form: &[u8]| {
        text.len() == form.len()
            && text.iter().zip(form).all(|(byte, form)| match form {
                b'd' => byte.is_ascii_digit(),
                _ => byte.eq_ignore_ascii_case(form),
            })
    };
    if text.len() <= FORM.len() || !fits(&text[..FORM.len()], FORM) {
        return false;
    }
    let mut rest = &text[FORM.len()..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        rest = if (1..=9).contains(&digits) {
            &fraction[digits..]
        } else {
            b""
        };
    }
    fits(rest, b"Z") || fits(rest, b"+dd:dd") || fits(rest, b"-dd:dd")
}

/// The nanoseconds of a duration such as `1h30m`, `1.5s`, `-250ms` or `7d`.
pub(crate) fn parse_duration(text: &str) -> Result<i64, EvalError> {
    let error = || {
        EvalError::other(format!(
            "expected a duration such as 1h30m or 1.5s, but found `{}`",
            short(text)
        ))
    };
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() || rest.len() > 100 {
        return Err(error());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (part, tail) = duration_part(rest).ok_or_else(error)?;
        total += part;
        rest = tail;
    }
    i64::try_from(if negative { -total } else { total })
        .map_err(|_| EvalError::other("this duration is longer than 292 years"))
}

/// The nanoseconds of the first number and unit, and what follows.
fn duration_part(text: &str) -> Option<(i128, &str)> {
    let number_length = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(number_length);
    let unit_length = rest.find(|c: char| c.is_ascii_digit() || c == '.');
    let (unit, rest) = rest.split_at(unit_length.unwrap_or(rest.len()));
    let (_, factor, nanos) = UNITS.iter().find(|(name, ..)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let part: f64 = format!("0.{fraction}0").parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction of a day in nanoseconds fits"
    )]
    let part = (part * factor).round() as i64;
    Some((
        i128::from(whole) * i128::from(*nanos) + i128::from(part),
        rest,
    ))
}

/// The text of a duration in seconds: `6347s`, `1.5s`.
pub(crate) fn duration_text(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let second = NANOS_PER_SECOND.unsigned_abs();
    let (whole, part) = (size / second, size % second);
    if part == 0 {
        return format!("{sign}{whole}s");
    }
    let part = format!("{part:09}");
    format!("{sign}{whole}.{}s", part.trim_end_matches('0'))
}

/// The time zone of a name (`Europe/Berlin`) or of an offset (`+02:00`, `02:00`).
pub(crate) fn time_zone(name: &str) -> Result<TimeZone, EvalError> {
    if let Some(offset) = parse_offset(name) {
        return Ok(TimeZone::fixed(offset));
    }
    ZONES
        .get(name)
        .map_err(|_| EvalError::other(format!("there is no time zone `{}`", short(name))))
}

fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let two = |text: &str| -> Option<i32> {
        let valid = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        valid.then(|| text.parse().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// The beginning of a text, for messages.
pub(crate) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
