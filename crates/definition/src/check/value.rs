use expression::{duration, size};

use super::expectation::{expectation, found, list_of_words};
use crate::diagnostic::{codes, codes::Code, nearest};
use crate::language::{Availability, Shape, Word};
use crate::source::{Node, NodeValue};

/// Why a scalar does not have its shape.
pub(super) enum Problem {
    NotYet(&'static str),
    EmptyCondition,
    Refused {
        code: &'static Code,
        message: String,
        hint: Option<String>,
    },
}

/// Checks a value that is not to be looked into.
pub(super) fn check_scalar(shape: &Shape, node: &Node) -> Result<(), Problem> {
    match (shape, &node.value) {
        (Shape::Condition, value) => condition(value, shape, node),
        (Shape::TextValue, NodeValue::Text(_) | NodeValue::Number(_) | NodeValue::Bool(_)) => {
            Ok(())
        }
        (Shape::Bool, NodeValue::Bool(_)) => Ok(()),
        (Shape::Size, NodeValue::Number(number)) if number.as_u64().is_some() => Ok(()),
        (Shape::Count(_) | Shape::Number(_) | Shape::Threshold, NodeValue::Number(_)) => {
            number(shape, node)
        }
        (_, NodeValue::Text(text)) => check_text(shape, text, node),
        _ => Err(wrong_type(shape, node)),
    }
}

fn condition(value: &NodeValue, shape: &Shape, node: &Node) -> Result<(), Problem> {
    match value {
        NodeValue::Null => Err(Problem::EmptyCondition),
        NodeValue::Text(text) if text.trim().is_empty() => Err(Problem::EmptyCondition),
        NodeValue::Text(_) | NodeValue::Bool(_) => Ok(()),
        _ => Err(wrong_type(shape, node)),
    }
}

fn number(shape: &Shape, node: &Node) -> Result<(), Problem> {
    let fits = match shape {
        Shape::Count(least) => node
            .count()
            .is_some_and(|count| count >= *least && count <= u64::from(u32::MAX)),
        Shape::Number(least) => node.number().is_some_and(|number| number >= *least),
        _ => node.count().is_some(),
    };
    if fits {
        return Ok(());
    }
    let shown = node.to_json();
    Err(refused(
        &codes::BAD_VALUE,
        format!("expected {}, but found {shown}", expectation(shape)),
        None,
    ))
}

fn check_text(shape: &Shape, text: &str, node: &Node) -> Result<(), Problem> {
    let computed = text.contains("${");
    match shape {
        Shape::Text if text.is_empty() => Err(bad_value(shape, node)),
        Shape::Text => Ok(()),
        Shape::Name if is_kebab_case(text) => Ok(()),
        Shape::Name => Err(bad_name(text)),
        Shape::Identifier => identifier(text)
            .then_some(())
            .ok_or_else(|| bad_value(shape, node)),
        Shape::Version => of(semver::Version::parse(text), shape, node),
        Shape::VersionRange => of(semver::VersionReq::parse(text), shape, node),
        Shape::DurationValue if computed => Ok(()),
        Shape::Duration | Shape::DurationValue => duration::parse(text)
            .map(drop)
            .map_err(|error| bad(error.to_string())),
        Shape::Size => size::parse(text)
            .map(drop)
            .map_err(|error| bad(error.to_string())),
        Shape::Threshold => percent(text)
            .map(drop)
            .ok_or_else(|| bad_value(shape, node)),
        Shape::Pointer => pointer(text)
            .then_some(())
            .ok_or_else(|| bad_value(shape, node)),
        Shape::Word(words) => word(words, text),
        _ => Err(wrong_type(shape, node)),
    }
}

fn of<T, E: std::fmt::Display>(
    parsed: Result<T, E>,
    shape: &Shape,
    node: &Node,
) -> Result<(), Problem> {
    parsed.map(drop).map_err(|error| {
        let message = format!("expected {}, but found {}", expectation(shape), found(node));
        refused(&codes::BAD_VALUE, message, Some(error.to_string()))
    })
}

fn word(words: &[Word], text: &str) -> Result<(), Problem> {
    match words.iter().find(|word| word.text == text) {
        Some(word) if word.availability == Availability::NotYet => Err(Problem::NotYet(word.text)),
        Some(_) => Ok(()),
        None => {
            let names = || words.iter().map(|word| word.text);
            let message = format!("expected {}, but found `{text}`", list_of_words(names()));
            let hint = nearest(text, names()).map(|name| format!("did you mean `{name}`?"));
            Err(refused(&codes::BAD_VALUE, message, hint))
        }
    }
}

/// The number before `%`, from 0 to 100.
pub(crate) fn percent(text: &str) -> Option<f64> {
    let number = text.strip_suffix('%')?.trim().parse::<f64>().ok()?;
    (0.0..=100.0).contains(&number).then_some(number)
}

fn pointer(text: &str) -> bool {
    let escapes = text
        .split('~')
        .skip(1)
        .all(|rest| rest.starts_with(['0', '1']));
    escapes && (text.is_empty() || text.starts_with('/'))
}

fn identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Small letters and digits in words joined by single hyphens, beginning with a letter.
pub(crate) fn is_kebab_case(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('-').all(word)
}

fn bad_name(text: &str) -> Problem {
    let message = format!("expected a name in kebab-case, but found `{text}`");
    let suggestion = suggest(text);
    let hint = is_kebab_case(&suggestion).then(|| format!("such as `{suggestion}`"));
    refused(&codes::BAD_NAME, message, hint)
}

/// A kebab-case name that resembles the text.
fn suggest(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().take(64) {
        match c {
            c if c.is_ascii_uppercase() && name.ends_with(|c: char| c.is_ascii_lowercase()) => {
                name.push('-');
                name.push(c.to_ascii_lowercase());
            }
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if !name.is_empty() && !name.ends_with('-') => name.push('-'),
            _ => {}
        }
    }
    name.trim_end_matches('-').to_owned()
}

fn bad_value(shape: &Shape, node: &Node) -> Problem {
    bad(format!(
        "expected {}, but found {}",
        expectation(shape),
        found(node)
    ))
}

fn bad(message: String) -> Problem {
    refused(&codes::BAD_VALUE, message, None)
}

fn wrong_type(shape: &Shape, node: &Node) -> Problem {
    let message = format!("expected {}, but found {}", expectation(shape), found(node));
    refused(&codes::WRONG_TYPE, message, None)
}

fn refused(code: &'static Code, message: String, hint: Option<String>) -> Problem {
    Problem::Refused {
        code,
        message,
        hint,
    }
}
