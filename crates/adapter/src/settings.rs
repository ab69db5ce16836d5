//! What may be wrong in the settings of an adapter, and which keys of them belong to the engine.

/// Keys of an adapter that the engine owns; each kind accepts and ignores them.
pub const ENGINE_KEYS: [&str; 8] = [
    "name",
    "type",
    "retry",
    "timeout",
    "concurrency",
    "rate-limit",
    "circuit-breaker",
    "default-action",
];

/// Keys of one action that the engine owns.
pub const ENGINE_ACTION_KEYS: [&str; 4] = ["retry", "timeout", "risk", "concurrency"];

/// Something wrong in the settings of an adapter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {message}{}", .hint.as_deref().map(|h| format!(" ({h})")).unwrap_or_default())]
pub struct SettingsError {
    /// JSON pointer into the adapter's document; `` is the document itself.
    pub pointer: String,
    /// "expected ..., but ...".
    pub message: String,
    /// What would mend it.
    pub hint: Option<String>,
    /// Whether it is wrong, or right but too early.
    pub kind: SettingsErrorKind,
}

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsErrorKind {
    /// No version will take it.
    Wrong,
    /// The language has it, this version does not: a warning to `validate`, an error to `apply`.
    NotAvailableYet,
}

impl SettingsError {
    /// A mistake at a place.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            hint: None,
            kind: SettingsErrorKind::Wrong,
        }
    }

    /// Something that the language has and this version has not.
    pub fn not_available_yet(pointer: impl Into<String>, what: &str) -> Self {
        Self {
            kind: SettingsErrorKind::NotAvailableYet,
            ..Self::new(pointer, format!("`{what}` is not available yet"))
        }
    }

    /// The same mistake with a cure.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same mistake with the name that was probably meant, if there is one.
    #[must_use]
    pub fn with_nearest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.with_hint(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

/// The candidate that was probably meant, if one is near enough.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(2);
    candidates
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["url", "targets", "balance", "health"];
        for (name, expected) in [
            ("targts", Some("targets")),
            ("ballance", Some("balance")),
            ("URL", None),
            ("compression", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names.into_iter()), expected, "{name}");
        }
    }

    #[test]
    fn a_mistake_reads_as_one_line() {
        let error = SettingsError::new("/urll", "expected a known setting, but found `urll`");
        let text = error.with_nearest(Some("url")).to_string();
        assert_eq!(
            text,
            "/urll: expected a known setting, but found `urll` (did you mean `url`?)"
        );
    }
}
