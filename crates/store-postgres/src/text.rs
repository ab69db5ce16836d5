//! Texts as PostgreSQL takes them. It knows no character 0, which JSON may bring; so that one and
//! the mark that stands in for it are written as two characters of the private use area, so that
//! equal texts are written alike and others are not.

use std::borrow::Cow;
use std::collections::BTreeSet;

use store::{InstanceRow, words};

const MARK: char = '\u{E000}';
const ZERO: char = '\u{E001}';
const ITSELF: char = '\u{E002}';
/// Between an attribute's name and its value.
const VALUE: char = '\u{E003}';
/// Before the hash of a long term.
const HASH: char = '\u{E005}';
/// Between two terms.
#[cfg(test)]
const NEXT: char = '\u{E004}';

/// Bytes of the longest term that stands in an index as it is.
const LONGEST: usize = 500;

/// What separates terms in one text.
pub(crate) const SEPARATOR: &str = "\u{E000}\u{E004}";

/// The text as it is written.
pub(crate) fn written(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', MARK]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\0' => out.extend([MARK, ZERO]),
            MARK => out.extend([MARK, ITSELF]),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// The text that was written.
pub(crate) fn read(text: String) -> String {
    if !text.contains(MARK) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            MARK if characters.next() == Some(ZERO) => out.push('\0'),
            other => out.push(other),
        }
    }
    out
}

/// What a row is searched by.
pub(crate) struct Terms {
    /// The attributes in their order, then the words of the row's texts, as one text; none when
    /// there is neither.
    pub(crate) terms: Option<String>,
    /// The attributes as one text, where one of them is too long to stand among the terms.
    pub(crate) attributes: Option<String>,
}

impl Terms {
    pub(crate) fn of(row: &InstanceRow) -> Self {
        let attributes = row.attributes.iter();
        let attributes: Vec<String> = attributes
            .map(|(name, value)| joined(name, value))
            .collect();
        let words: BTreeSet<String> = row.searched().flat_map(words).collect();
        let long = attributes.iter().any(|attribute| attribute.len() > LONGEST);
        let all = attributes.iter().cloned().chain(words);
        let terms: Vec<String> = all.map(term).collect();
        Self {
            terms: (!terms.is_empty()).then(|| terms.join(SEPARATOR)),
            attributes: long.then(|| attributes.join(SEPARATOR)),
        }
    }
}

/// The term of an attribute.
pub(crate) fn attribute_term(name: &str, value: &str) -> String {
    term(joined(name, value))
}

/// The term of a word in lower case.
pub(crate) fn word_term(word: String) -> String {
    term(word)
}

/// What is too long for an index is found by its hash.
fn term(text: String) -> String {
    if text.len() <= LONGEST {
        return text;
    }
    format!("{MARK}{HASH}{}", blake3::hash(text.as_bytes()).to_hex())
}

fn joined(name: &str, value: &str) -> String {
    format!("{}{MARK}{VALUE}{}", written(name), written(value))
}

/// The attributes of a row, out of its terms or, where they stand beside them, out of those.
pub(crate) fn read_attributes(
    terms: Option<Vec<&str>>,
    beside: Option<&str>,
) -> Vec<(String, String)> {
    let between = [MARK, VALUE].iter().collect::<String>();
    let terms = match beside {
        Some(beside) => beside.split(SEPARATOR).collect(),
        None => terms.unwrap_or_default(),
    };
    let attributes = terms
        .into_iter()
        .filter_map(|term| term.split_once(&between));
    let read = |(name, value): (&str, &str)| (read(name.to_owned()), read(value.to_owned()));
    attributes.map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in [
            "",
            "plain",
            "a\0b",
            "\u{E000}",
            "\0\u{E000}\u{E001}\0",
            "ä\u{E002}",
        ] {
            let stored = written(text);
            assert!(!stored.contains('\0'), "{text:?}");
            assert_eq!(read(stored.into_owned()), text);
        }
    }

    /// Attributes come back; answers the terms behind theirs.
    fn check(attributes: &[(&str, &str)], subject: &str) -> Vec<String> {
        let attributes = attributes
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let row = InstanceRow {
            attributes: attributes.collect(),
            subject: Some(subject.into()),
            ..InstanceRow::default()
        };
        let stored = Terms::of(&row);
        let terms = stored.terms.unwrap_or_default();
        let terms: Vec<&str> = terms.split(SEPARATOR).collect();
        let read = read_attributes(Some(terms.clone()), stored.attributes.as_deref());
        assert_eq!(read, row.attributes);
        assert!(terms.iter().all(|term| term.len() <= LONGEST));
        terms[row.attributes.len()..]
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn attributes_come_back_from_terms_and_words_do_not() {
        let odd = [
            ("a", "1"),
            ("", ""),
            ("\u{E003}", "\0"),
            ("\u{E000}", "\u{E004}"),
            ("a", "1"),
        ];
        assert_eq!(check(&odd, "Ada \u{E000}, ada/503"), ["503", "ada"]);
        let long = "x".repeat(501);
        let words = check(&[("a", &long), ("b", "2")], &format!("{long} b"));
        assert_eq!(words, ["b".to_owned(), word_term(long)]);
        assert_eq!(SEPARATOR.chars().collect::<Vec<_>>(), [MARK, NEXT]);
        assert!(Terms::of(&InstanceRow::default()).terms.is_none());
    }
}
