//! Sizes as users write them: `512B`, `64KiB`, `1MiB`, `2GiB`, or a plain number of bytes.

const UNITS: [(&str, u64); 5] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
    ("", 1),
];

/// A text that is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a size such as 512B, 64KiB or 1MiB, but found `{0}`")]
pub struct SizeError(pub String);

/// The bytes of a size such as `64KiB` (whole numbers only).
///
/// # Errors
/// When the text has another form or exceeds 64 bits.
pub fn parse(text: &str) -> Result<u64, SizeError> {
    let error = || SizeError(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let (_, bytes) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(error)?;
    let number = number.parse::<u64>().map_err(|_| error())?;
    number.checked_mul(*bytes).ok_or_else(error)
}

/// The text of a size in the largest unit that divides it.
#[must_use]
pub fn format(bytes: u64) -> String {
    let unit = UNITS
        .iter()
        .find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    let (name, unit) = unit.copied().unwrap_or(("B", 1));
    format!("{}{name}", bytes / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_sizes() {
        for (text, bytes) in [
            ("64KiB", 65_536),
            ("1MiB", 1_048_576),
            ("512B", 512),
            ("7", 7),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
            assert_eq!(parse(&format(bytes)), Ok(bytes), "{text}");
        }
        for text in ["", "KiB", "1KB", "-1B", "99999999999GiB", "1.5MiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
