//! The reference page of the language.

use std::fmt::Write;

use super::{Availability, Key, OBJECTS, Object, Shape};

const INTRODUCTION: &str = "# Reference of the workflow language

Every key of the language, made from the same tables that check your files. Keys marked *not available yet* are part of \
the language, but this release does not carry them out: `orchestrator validate` warns of them and `orchestrator apply` \
refuses them. How the parts play together stands in [the guide](README.md).
";

/// The reference page in Markdown, made from the tables of the language.
#[must_use]
pub fn reference_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for object in OBJECTS {
        section(&mut page, object);
    }
    page
}

fn section(page: &mut String, object: &Object) {
    let Object { name, doc, keys } = object;
    // Writing to a text cannot fail.
    let _ = write!(
        page,
        "\n## {name}\n\n{doc}\n\n| key | value | |\n| --- | --- | --- |\n"
    );
    for key in keys.iter().filter(|key| !key.name.starts_with('$')) {
        let _ = writeln!(
            page,
            "| `{}` | {} | {} |",
            key.name,
            value(key),
            meaning(key)
        );
    }
}

fn value(key: &Key) -> String {
    match key.availability {
        Availability::Now => of_shape(&key.shape).replace('|', "\\|"),
        Availability::NotYet => "*not available yet*".to_owned(),
    }
}

fn meaning(key: &Key) -> String {
    let mut text = key.doc.to_owned();
    if key.required {
        text.insert_str(0, "**Required.** ");
    }
    if !key.beside.is_empty() {
        let beside: Vec<String> = key.beside.iter().map(|key| format!("`{key}`")).collect();
        let _ = write!(text, " Only beside {}.", beside.join(" or "));
    }
    text
}

fn of_shape(shape: &Shape) -> String {
    match shape {
        Shape::Any => "any value".to_owned(),
        Shape::Value => "any value, may hold `${ ... }`".to_owned(),
        Shape::TextValue => "text, may hold `${ ... }`".to_owned(),
        Shape::Condition => "expression".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Name => "name (kebab-case)".to_owned(),
        Shape::Identifier => "name (letters, digits, `_`)".to_owned(),
        Shape::Version => "semantic version".to_owned(),
        Shape::VersionRange => "version range".to_owned(),
        Shape::Duration => "duration".to_owned(),
        Shape::DurationValue => "duration, may be computed".to_owned(),
        Shape::Size => "size".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Count(least) => format!("whole number from {least}"),
        Shape::Number(least) => format!("number from {least}"),
        Shape::Threshold => "whole number or `1%`".to_owned(),
        Shape::Pointer => "JSON pointer".to_owned(),
        Shape::Word(words) => {
            let word = |word: &super::Word| match word.availability {
                Availability::Now => format!("`{}`", word.text),
                Availability::NotYet => format!("`{}` (*not available yet*)", word.text),
            };
            words.iter().map(word).collect::<Vec<_>>().join(", ")
        }
        Shape::Object(object) => format!("[{}](#{})", object.name, object.name.replace('.', "")),
        Shape::Steps => "list of [steps](#step)".to_owned(),
        Shape::List(item) => format!("list of {}", of_shape(item)),
        Shape::Map(value) => format!("mapping of names to {}", of_shape(value)),
        Shape::OneOf(choices) => {
            let choice = |choice: &super::Choice| match choice.availability {
                Availability::Now => of_shape(&choice.shape),
                Availability::NotYet => {
                    format!("{} (*not available yet*)", of_shape(&choice.shape))
                }
            };
            choices.iter().map(choice).collect::<Vec<_>>().join(", or ")
        }
    }
}
