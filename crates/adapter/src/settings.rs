//! Reading the settings of an adapter: every mistake is reported with its place and a cure.

use std::cell::RefCell;

use serde_json::{Map, Value};

/// Keys of an adapter that the engine owns; each kind accepts and ignores them.
pub const ENGINE_KEYS: [&str; 6] = [
    "name",
    "type",
    "retry",
    "timeout",
    "concurrency",
    "default-action",
];

/// Keys of one action that the engine owns.
pub const ENGINE_ACTION_KEYS: [&str; 3] = ["retry", "timeout", "risk"];

/// Keys of the language that no kind implements yet.
pub const LATER_KEYS: [&str; 2] = ["rate-limit", "circuit-breaker"];

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

/// A mapping within the settings; what is wrong with it is collected, not thrown.
#[derive(Clone)]
pub struct Section<'a> {
    map: &'a Map<String, Value>,
    pointer: String,
    errors: &'a RefCell<Vec<SettingsError>>,
}

impl<'a> Section<'a> {
    /// The whole document.
    #[must_use]
    pub fn root(settings: &'a Value, errors: &'a RefCell<Vec<SettingsError>>) -> Option<Self> {
        Self::of(settings, String::new(), errors)
    }

    fn of(
        value: &'a Value,
        pointer: String,
        errors: &'a RefCell<Vec<SettingsError>>,
    ) -> Option<Self> {
        let Value::Object(map) = value else {
            let found = describe(value);
            let message = format!("expected a mapping, but found {found}");
            errors
                .borrow_mut()
                .push(SettingsError::new(pointer, message));
            return None;
        };
        Some(Self {
            map,
            pointer,
            errors,
        })
    }

    /// Pointer to a key of this mapping.
    #[must_use]
    pub fn pointer(&self, key: &str) -> String {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        format!("{}/{escaped}", self.pointer)
    }

    /// Notes a mistake.
    pub fn report(&self, error: SettingsError) {
        self.errors.borrow_mut().push(error);
    }

    /// Notes a mistake at a key.
    pub fn wrong(&self, key: &str, message: impl Into<String>) {
        self.report(SettingsError::new(self.pointer(key), message));
    }

    /// Notes a mistake of the mapping itself.
    pub fn wrong_here(&self, message: impl Into<String>) {
        self.report(SettingsError::new(self.pointer.clone(), message));
    }

    /// The keys, in the order of the document.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.map.keys().map(String::as_str)
    }

    /// The value at a key, whatever it is.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    /// Notes each key that is neither known nor to come.
    pub fn only(&self, known: &[&[&str]], later: &[&str]) {
        let names = || known.iter().flat_map(|group| group.iter().copied());
        for key in self.keys() {
            if later.contains(&key) {
                self.report(SettingsError::not_available_yet(self.pointer(key), key));
            } else if !names().any(|name| name == key) {
                let message = format!("expected a known setting, but found `{key}`");
                let error = SettingsError::new(self.pointer(key), message);
                self.report(error.with_nearest(nearest(key, names())));
            }
        }
    }

    /// The mapping at a key.
    #[must_use]
    pub fn section(&self, key: &str) -> Option<Self> {
        Self::of(self.get(key)?, self.pointer(key), self.errors)
    }

    /// The mappings of the list at a key.
    #[must_use]
    pub fn list(&self, key: &str) -> Option<Vec<Self>> {
        let value = self.get(key)?;
        let Value::Array(items) = value else {
            self.mistyped(key, "a list", value);
            return None;
        };
        let pointer = self.pointer(key);
        let items = items.iter().enumerate();
        let sections =
            items.filter_map(|(i, v)| Self::of(v, format!("{pointer}/{i}"), self.errors));
        Some(sections.collect())
    }

    /// The text at a key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            self.mistyped(key, "text", value);
        }
        value.as_str()
    }

    /// The truth value at a key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        if value.as_bool().is_none() {
            self.mistyped(key, "`true` or `false`", value);
        }
        value.as_bool()
    }

    /// The whole number at a key, within bounds.
    #[must_use]
    pub fn number(&self, key: &str, bounds: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let number = value.as_u64().filter(|n| bounds.contains(n));
        if number.is_none() {
            let what = format!("a whole number from {} to {}", bounds.start(), bounds.end());
            self.mistyped(key, &what, value);
        }
        number
    }

    /// The duration at a key, in milliseconds.
    #[must_use]
    pub fn duration_ms(&self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let duration = value.as_str().and_then(parse_duration_ms);
        if duration.is_none() {
            self.mistyped(key, "a duration such as `10s`", value);
        }
        duration
    }

    /// The size at a key, in bytes.
    #[must_use]
    pub fn size_bytes(&self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let size = value
            .as_u64()
            .or_else(|| value.as_str().and_then(parse_size_bytes));
        if size.is_none() {
            self.mistyped(key, "a size such as `1MiB`", value);
        }
        size
    }

    /// One of a few words at a key; those in `later` are known but not available yet.
    #[must_use]
    pub fn choice(&self, key: &str, words: &[&str], later: &[&str]) -> Option<&'a str> {
        let word = self.text(key)?;
        if words.contains(&word) {
            return Some(word);
        }
        if later.contains(&word) {
            self.report(SettingsError::not_available_yet(self.pointer(key), word));
            return None;
        }
        let all: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
        let message = format!("expected one of {}, but found `{word}`", all.join(", "));
        let error = SettingsError::new(self.pointer(key), message);
        self.report(error.with_nearest(nearest(word, words.iter().copied())));
        None
    }

    fn mistyped(&self, key: &str, expected: &str, found: &Value) {
        let found = describe(found);
        self.wrong(key, format!("expected {expected}, but found {found}"));
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// Milliseconds of `250ms`, `30s`, `10m`, `24h`, `7d`; `None` if it is no duration.
#[must_use]
pub fn parse_duration_ms(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor_ms)
}

/// Bytes of `512B`, `64KiB`, `1MiB`, `1GiB`; `None` if it is no size.
#[must_use]
pub fn parse_size_bytes(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(factor)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
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
    use serde_json::json;

    #[test]
    fn durations_and_sizes() {
        for (text, ms) in [
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("7d", Some(604_800_000)),
            ("1", None),
            ("s", None),
            ("99999999999999999999d", None),
            ("1.5s", None),
        ] {
            assert_eq!(parse_duration_ms(text), ms, "{text}");
        }
        for (text, bytes) in [
            ("64KiB", Some(65_536)),
            ("1MiB", Some(1_048_576)),
            ("12", Some(12)),
            ("1MB", None),
        ] {
            assert_eq!(parse_size_bytes(text), bytes, "{text}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let settings = json!({"targts": [], "rate-limit": {}, "url": "x"});
        let errors = RefCell::new(Vec::new());
        let section = Section::root(&settings, &errors).unwrap();
        section.only(&[&["url", "targets"]], &LATER_KEYS);
        let texts: Vec<String> = errors.borrow().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "/rate-limit: `rate-limit` is not available yet",
                "/targts: expected a known setting, but found `targts` (did you mean `targets`?)",
            ]
        );
        assert_eq!(errors.borrow()[0].kind, SettingsErrorKind::NotAvailableYet);
    }

    #[test]
    fn wrong_types_say_what_was_expected() {
        let settings = json!({"a": 1, "b": "x", "c": ["y"], "d": "lest"});
        let errors = RefCell::new(Vec::new());
        let section = Section::root(&settings, &errors).unwrap();
        assert_eq!(section.text("a"), None);
        assert_eq!(section.duration_ms("b"), None);
        assert!(section.list("c").unwrap().is_empty());
        assert_eq!(section.choice("d", &["first", "last"], &[]), None);
        let texts: Vec<String> = errors.borrow().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "/a: expected text, but found `1`",
                "/b: expected a duration such as `10s`, but found the text `x`",
                "/c/0: expected a mapping, but found the text `y`",
                "/d: expected one of `first`, `last`, but found `lest` (did you mean `last`?)",
            ]
        );
    }
}
