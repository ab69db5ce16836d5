//! Reading the settings of an adapter: every mistake is reported with its place and a cure.

use std::cell::RefCell;
use std::sync::LazyLock;

use adapter::{SettingsError, nearest};
use expression::{Scope, Template, TemplateError, duration, size};
use serde_json::{Map, Value};

/// What the expressions of an adapter's settings may name.
pub(crate) static SCOPE: LazyLock<Scope> = LazyLock::new(|| {
    Scope::new()
        .variable("call")
        .open_members("env")
        .open_members("secrets")
        .members("workflow", ["id", "correlation-id"])
});

/// A mapping within the settings; what is wrong with it is collected, not thrown.
#[derive(Clone)]
pub(crate) struct Section<'a> {
    map: &'a Map<String, Value>,
    pointer: String,
    errors: &'a RefCell<Vec<SettingsError>>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(crate) fn root(
        settings: &'a Value,
        errors: &'a RefCell<Vec<SettingsError>>,
    ) -> Option<Self> {
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
    pub(crate) fn pointer(&self, key: &str) -> String {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        format!("{}/{escaped}", self.pointer)
    }

    /// Notes a mistake.
    pub(crate) fn report(&self, error: SettingsError) {
        self.errors.borrow_mut().push(error);
    }

    /// Notes a mistake at a key.
    pub(crate) fn wrong(&self, key: &str, message: impl Into<String>) {
        self.report(SettingsError::new(self.pointer(key), message));
    }

    /// Notes a mistake of the mapping itself.
    pub(crate) fn wrong_here(&self, message: impl Into<String>) {
        self.report(SettingsError::new(self.pointer.clone(), message));
    }

    /// The keys, in the order of the document.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.map.keys().map(String::as_str)
    }

    /// The value at a key, whatever it is.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    /// Notes each key that is neither known nor to come.
    pub(crate) fn only(&self, known: &[&[&str]], later: &[&str]) {
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
    pub(crate) fn section(&self, key: &str) -> Option<Self> {
        Self::of(self.get(key)?, self.pointer(key), self.errors)
    }

    /// The mappings of the list at a key.
    pub(crate) fn list(&self, key: &str) -> Option<Vec<Self>> {
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
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            self.mistyped(key, "text", value);
        }
        value.as_str()
    }

    /// The truth value at a key.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        if value.as_bool().is_none() {
            self.mistyped(key, "`true` or `false`", value);
        }
        value.as_bool()
    }

    /// The whole number at a key, within bounds.
    pub(crate) fn number(&self, key: &str, bounds: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let number = value.as_u64().filter(|n| bounds.contains(n));
        if number.is_none() {
            let what = format!("a whole number from {} to {}", bounds.start(), bounds.end());
            self.mistyped(key, &what, value);
        }
        number
    }

    /// The duration at a key, in milliseconds.
    pub(crate) fn duration_ms(&self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let duration = value.as_str().and_then(|text| duration::parse(text).ok());
        if duration.is_none() {
            self.mistyped(key, "a duration such as `10s`", value);
        }
        duration
    }

    /// The size at a key, in bytes.
    pub(crate) fn size_bytes(&self, key: &str) -> Option<u64> {
        let value = self.get(key)?;
        let size = value
            .as_u64()
            .or_else(|| value.as_str().and_then(|text| size::parse(text).ok()));
        if size.is_none() {
            self.mistyped(key, "a size such as `1MiB`", value);
        }
        size
    }

    /// One of a few words at a key; those in `later` are known but not available yet.
    pub(crate) fn choice(&self, key: &str, words: &[&str], later: &[&str]) -> Option<&'a str> {
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

    /// The value at a key, in which `${ ... }` may stand.
    pub(crate) fn template(&self, key: &str) -> Option<Template> {
        let compiled = Template::compile(self.get(key)?, &SCOPE);
        compiled
            .map_err(|errors| self.miscompiled(key, errors))
            .ok()
    }

    /// The credential at a key: it has to come from `secrets`, for settings are kept in the open.
    pub(crate) fn credential(&self, key: &str) -> Option<Template> {
        self.secret_of(key, self.template(key)?)
    }

    /// The credentials of the list at a key, at least one.
    pub(crate) fn credentials(&self, key: &str) -> Vec<Template> {
        let items = self.get(key).and_then(Value::as_array);
        let items = items.map(Vec::as_slice).unwrap_or_default();
        if items.is_empty() {
            self.wrong(key, "expected at least one secret, but the list is empty");
        }
        let compiled = |item: &Value| {
            let template = Template::compile(item, &SCOPE);
            let template = template
                .map_err(|errors| self.miscompiled(key, errors))
                .ok()?;
            self.secret_of(key, template)
        };
        items.iter().filter_map(compiled).collect()
    }

    fn secret_of(&self, key: &str, template: Template) -> Option<Template> {
        let mut references = template.references().into_iter();
        if references.any(|reference| reference.root == "secrets") {
            return Some(template);
        }
        let message = "expected a secret, but the value stands in the open";
        let hint = format!("write `{key}: \"${{ secrets.NAME }}\"`");
        self.report(SettingsError::new(self.pointer(key), message).with_hint(hint));
        None
    }

    /// The mapping at a key, name by name; empty if there is none.
    pub(crate) fn templates(&self, key: &str) -> Vec<(&'a str, Template)> {
        let Some(section) = self.get(key).and_then(|_| self.section(key)) else {
            return Vec::new();
        };
        let names = section.keys();
        names
            .filter_map(|name| Some((name, section.template(name)?)))
            .collect()
    }

    /// Says that a key is missing, unless it is there.
    pub(crate) fn require(&self, key: &str) {
        if self.get(key).is_none() {
            self.wrong_here(format!("expected `{key}`, but it is missing"));
        }
    }

    /// Notes what does not compile at a key.
    pub(crate) fn miscompiled(&self, key: &str, errors: Vec<TemplateError>) {
        for TemplateError { pointer, error } in errors {
            let pointer = format!("{}{pointer}", self.pointer(key));
            let mistake = SettingsError::new(pointer, error.message);
            self.report(match error.hint {
                Some(hint) => mistake.with_hint(hint),
                None => mistake,
            });
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use adapter::SettingsErrorKind;
    use serde_json::json;

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let settings = json!({"score": "1", "targts": [], "url": "x"});
        let errors = RefCell::new(Vec::new());
        let section = Section::root(&settings, &errors).unwrap();
        section.only(&[&["url", "targets"]], &["score"]);
        let texts: Vec<String> = errors.borrow().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "/score: `score` is not available yet",
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
