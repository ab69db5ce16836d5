//! Durations as users write them: `250ms`, `30s`, `1h30m`, `7d`.

/// The longest duration that may be written: 36,500 days, so that a time plus a duration never overflows.
pub const MAX_MS: u64 = 36_500 * 86_400_000;

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It does not have the form of a duration.
    #[error("expected a duration such as 250ms, 30s, 10m, 1h30m or 7d, but found `{0}`")]
    Malformed(String),
    /// It is longer than [`MAX_MS`].
    #[error("expected a duration of at most 36500d, but found `{0}`")]
    TooLong(String),
}

/// The milliseconds of a duration such as `250ms`, `30s`, `10m`, `24h`, `7d` or `1h30m` (whole numbers only).
///
/// # Errors
/// When the text has another form or is longer than [`MAX_MS`].
pub fn parse(text: &str) -> Result<u64, DurationError> {
    let malformed = || DurationError::Malformed(text.to_owned());
    let mut rest = text.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return Err(malformed());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic());
        let (unit, tail) = tail.split_at(letters.unwrap_or(tail.len()));
        let unit = UNITS.iter().find(|(name, _)| *name == unit);
        let (Some((_, unit_ms)), false) = (unit, number.is_empty()) else {
            return Err(malformed());
        };
        let part = number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(*unit_ms));
        total = part
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= MAX_MS)
            .ok_or_else(|| DurationError::TooLong(text.to_owned()))?;
        rest = tail;
    }
    Ok(total)
}

/// The shortest text that [`parse`] reads as these milliseconds: `90_000` is `1m30s`, 0 is `0s`.
#[must_use]
pub fn format(mut ms: u64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, unit_ms) in UNITS {
        let count = ms / unit_ms;
        ms %= unit_ms;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_durations() {
        for (text, ms) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
            ("0s", 0),
            ("1s500ms", 1_500),
        ] {
            assert_eq!(parse(text), Ok(ms), "{text}");
            assert_eq!(parse(&format(ms)), Ok(ms), "{text}");
        }
        for text in [
            "",
            "5",
            "s",
            "1.5s",
            "-1s",
            "1w",
            "1 s",
            "99999999999999999999s",
            "36501d",
            "1é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
