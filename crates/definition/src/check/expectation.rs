use crate::language::{Shape, Word};
use crate::source::Node;

/// What a shape takes, in words for a message.
pub(super) fn expectation(shape: &Shape) -> String {
    match shape {
        Shape::Any | Shape::Value => "a value".to_owned(),
        Shape::TextValue | Shape::Text => "a text".to_owned(),
        Shape::Condition => "a condition".to_owned(),
        Shape::Name => "a name in kebab-case".to_owned(),
        Shape::Identifier => "a name of letters, digits and `_`".to_owned(),
        Shape::Version => "a semantic version such as 1.0.0".to_owned(),
        Shape::VersionRange => "a range of versions such as \"^1\"".to_owned(),
        Shape::Duration => "a duration such as 250ms, 30s, 10m or 7d".to_owned(),
        Shape::DurationValue => "a duration such as 30s, or an expression".to_owned(),
        Shape::Size => "a size such as 64KiB".to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Count(least) => format!("a whole number of at least {least}"),
        Shape::Number(least) => format!("a number of at least {least}"),
        Shape::Threshold => "a whole number or a share such as 1%".to_owned(),
        Shape::Pointer => "a JSON pointer such as /card/number".to_owned(),
        Shape::Word(words) => list_of_words(words.iter().map(word)),
        Shape::Object(object) => format!("a mapping ({})", object.name),
        Shape::Map(_) => "a mapping".to_owned(),
        Shape::Steps => "a list of steps".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::OneOf(choices) => {
            let choices: Vec<String> = choices
                .iter()
                .map(|choice| expectation(&choice.shape))
                .collect();
            choices.join(" or ")
        }
    }
}

fn word(word: &Word) -> &'static str {
    word.text
}

/// What was found instead: the text itself where it is short.
pub(super) fn found(node: &Node) -> String {
    match node.text() {
        Some(text) if text.len() <= 60 => format!("`{text}`"),
        _ => node.kind().to_owned(),
    }
}

/// `a`, `b` or `c`.
pub(super) fn list_of_words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() {
        last
    } else {
        format!("{} or {last}", words.join(", "))
    }
}

/// The name of an object with its article; names that are no common nouns stand as they are.
pub(super) fn article(name: &str) -> String {
    if name.contains('.')
        || matches!(
            name,
            "policies" | "retry" | "catch" | "fail" | "repeat" | "verify"
        )
    {
        return format!("`{name}`");
    }
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}
