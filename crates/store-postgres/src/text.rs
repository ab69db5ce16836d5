//! Texts as PostgreSQL takes them. It knows no character 0, which JSON may bring; so that one and
//! the mark that stands in for it are written as two characters of the private use area. Equality
//! holds of the written text as of the text itself.

use std::borrow::Cow;

const MARK: char = '\u{E000}';
const ZERO: char = '\u{E001}';
const ITSELF: char = '\u{E002}';
/// Between an attribute's name and its value.
const VALUE: char = '\u{E003}';
/// Between two attributes.
#[cfg(test)]
const NEXT: char = '\u{E004}';

/// What separates attributes in one text.
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

/// One attribute as an element of an array.
pub(crate) fn written_attribute(name: &str, value: &str) -> String {
    format!("{}{MARK}{VALUE}{}", written(name), written(value))
}

/// All attributes as one text; none when there are none.
pub(crate) fn written_attributes(attributes: &[(String, String)]) -> Option<String> {
    let elements = attributes
        .iter()
        .map(|(name, value)| written_attribute(name, value));
    let joined = elements.collect::<Vec<_>>().join(SEPARATOR);
    (!attributes.is_empty()).then_some(joined)
}

/// The attribute of an element; `None` if it is damaged.
pub(crate) fn read_attribute(element: &str) -> Option<(String, String)> {
    let (name, value) = element.split_once(&[MARK, VALUE].iter().collect::<String>())?;
    Some((read(name.to_owned()), read(value.to_owned())))
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

    #[test]
    fn attributes_come_back() {
        let attributes = [
            ("a", "1"),
            ("", ""),
            ("\u{E003}", "\0"),
            ("\u{E000}", "\u{E004}"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let stored = written_attributes(&attributes).expect("there are some");
        let elements = stored.split(SEPARATOR);
        let read: Option<Vec<_>> = elements.map(read_attribute).collect();
        assert_eq!(read, Some(attributes.to_vec()));
        assert_eq!(SEPARATOR.chars().collect::<Vec<_>>(), [MARK, NEXT]);
        assert_eq!(written_attributes(&[]), None);
    }
}
