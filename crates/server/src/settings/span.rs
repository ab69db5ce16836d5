use std::str::FromStr;

/// How much time one bucket of ended instances covers: what is purged goes in such steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// In milliseconds, 1 s to 31 d.
    pub ms: u32,
}

/// A bucket is a file, or two tables: more of them cost more than they free.
const SHORTEST_MS: u64 = 1_000;
const LONGEST_MS: u64 = 31 * 24 * 60 * 60 * 1_000;

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ms = expression::duration::parse(text).map_err(|error| error.to_string())?;
        let fits = (SHORTEST_MS..=LONGEST_MS).contains(&ms);
        let ms = u32::try_from(ms).ok().filter(|_| fits);
        let ms = ms.ok_or_else(|| format!("expected 1s to 31d, but got {text:?}"))?;
        Ok(Self { ms })
    }
}
