//! Texts. Positions count characters.

use super::{Function, global, method};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::{List, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    method("startsWith", 2, 2, |budget, it| {
        test("startsWith", budget, it, |t, p| t.starts_with(p))
    }),
    method("endsWith", 2, 2, |budget, it| {
        test("endsWith", budget, it, |t, p| t.ends_with(p))
    }),
    method("contains", 2, 2, |budget, it| {
        test("contains", budget, it, |t, p| t.contains(p))
    }),
    method("matches", 2, 2, matches),
    global("matches", 2, 2, matches),
    method("charAt", 2, 2, char_at),
    method("indexOf", 2, 3, index_of),
    method("lastIndexOf", 2, 3, last_index_of),
    method("lowerAscii", 1, 1, |budget, it| {
        map("lowerAscii", budget, it, |t| t.to_ascii_lowercase())
    }),
    method("upperAscii", 1, 1, |budget, it| {
        map("upperAscii", budget, it, |t| t.to_ascii_uppercase())
    }),
    method("trim", 1, 1, |budget, it| {
        map("trim", budget, it, |t| t.trim().to_owned())
    }),
    method("reverse", 1, 1, reverse),
    method("replace", 3, 4, replace),
    method("split", 2, 3, split),
    method("substring", 2, 3, substring),
    method("join", 1, 2, join),
    global("strings.quote", 1, 1, |budget, it| {
        map("strings.quote", budget, it, quote)
    }),
];

fn test<'a>(
    name: &str,
    budget: &mut Budget,
    arguments: &[Value<'a>],
    holds: fn(&str, &str) -> bool,
) -> Evaluated<'a> {
    let [Value::String(text), Value::String(part)] = arguments else {
        return Err(wrong_type(name, arguments));
    };
    budget.spend_text(text.len())?;
    Ok(Value::Bool(holds(text, part)))
}

fn map<'a>(
    name: &str,
    budget: &mut Budget,
    arguments: &[Value<'a>],
    change: fn(&str) -> String,
) -> Evaluated<'a> {
    let [Value::String(text)] = arguments else {
        return Err(wrong_type(name, arguments));
    };
    budget.spend_text(text.len())?;
    Ok(Value::text(change(text)))
}

/// A computed pattern; a literal one is compiled with the program.
fn matches<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text), Value::String(pattern)] = arguments else {
        return Err(wrong_type("matches", arguments));
    };
    budget.spend(2_000)?;
    budget.spend_text(text.len() + 32 * pattern.len())?;
    let pattern = super::pattern(pattern).map_err(EvalError::other)?;
    Ok(Value::Bool(pattern.is_match(text)))
}

fn position(index: i64, length: usize) -> Result<usize, EvalError> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index <= length)
        .ok_or_else(|| EvalError::other(format!("there is no position {index} in this text")))
}

fn chars(text: &str, budget: &mut Budget) -> Result<Vec<char>, EvalError> {
    budget.spend_text(text.len())?;
    Ok(text.chars().collect())
}

fn char_at<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::String(text), Value::Int(index)] = arguments else {
        return Err(wrong_type("charAt", arguments));
    };
    let chars = chars(text, budget)?;
    let index = position(*index, chars.len())?;
    let found: String = chars.get(index).iter().copied().collect();
    Ok(Value::text(found))
}

fn index_of<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (text, part, from) = search("indexOf", arguments)?;
    let (text, part) = (chars(text, budget)?, chars(part, budget)?);
    let from = position(from.unwrap_or(0), text.len())?;
    budget.spend(text.len() / 8)?;
    let found = (from..=text.len()).find(|at| text[*at..].starts_with(&part));
    Ok(found_at(found))
}

fn last_index_of<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (text, part, from) = search("lastIndexOf", arguments)?;
    let (text, part) = (chars(text, budget)?, chars(part, budget)?);
    let from = match from {
        Some(from) => position(from, text.len())?,
        None => text.len(),
    };
    budget.spend(text.len() / 8)?;
    let found = (0..=from).rev().find(|at| text[*at..].starts_with(&part));
    Ok(found_at(found))
}

type Search<'v> = (&'v str, &'v str, Option<i64>);

fn search<'v>(name: &str, arguments: &'v [Value<'_>]) -> Result<Search<'v>, EvalError> {
    match arguments {
        [Value::String(text), Value::String(part)] => Ok((text, part, None)),
        [Value::String(text), Value::String(part), Value::Int(from)] => {
            Ok((text, part, Some(*from)))
        }
        _ => Err(wrong_type(name, arguments)),
    }
}

fn found_at(found: Option<usize>) -> Value<'static> {
    Value::Int(found.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
}

/// The characters of a text, or the elements of a list, from the last to the first.
fn reverse<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::String(text)] => {
            budget.spend_text(text.len())?;
            Ok(Value::text(text.chars().rev().collect::<String>()))
        }
        [Value::List(list)] => {
            budget.spend(list.len())?;
            Ok(Value::list(list.iter().rev().collect()))
        }
        _ => Err(wrong_type("reverse", arguments)),
    }
}

fn replace<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (text, old, new, limit) = match arguments {
        [Value::String(text), Value::String(old), Value::String(new)] => (text, old, new, None),
        [
            Value::String(text),
            Value::String(old),
            Value::String(new),
            Value::Int(limit),
        ] => (text, old, new, usize::try_from(*limit).ok()),
        _ => return Err(wrong_type("replace", arguments)),
    };
    budget.spend_text(text.len())?;
    let places = text
        .matches(&**old)
        .count()
        .min(limit.unwrap_or(usize::MAX));
    // Paid for before it is made, since a short text can become a very long one.
    budget.spend_text(text.len() + places * new.len())?;
    Ok(Value::text(text.replacen(&**old, new, places)))
}

/// At most `limit` parts: the last one holds the rest; a negative limit is none.
fn split<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (text, separator, limit) = match arguments {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [
            Value::String(text),
            Value::String(separator),
            Value::Int(limit),
        ] => (text, separator, *limit),
        _ => return Err(wrong_type("split", arguments)),
    };
    budget.spend_text(text.len())?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let parts: Vec<&str> = match (limit, separator.is_empty()) {
        (0, _) => Vec::new(),
        (_, true) => split_chars(text, limit),
        (_, false) => text.splitn(limit, &**separator).collect(),
    };
    budget.spend(parts.len())?;
    Ok(Value::list(parts.into_iter().map(Value::text).collect()))
}

fn split_chars(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if parts.len() + 1 == limit {
            rest.len()
        } else {
            first.len_utf8()
        };
        parts.push(&rest[..length]);
        rest = &rest[length..];
    }
    parts
}

fn substring<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (text, from, to) = match arguments {
        [Value::String(text), Value::Int(from)] => (text, *from, None),
        [Value::String(text), Value::Int(from), Value::Int(to)] => (text, *from, Some(*to)),
        _ => return Err(wrong_type("substring", arguments)),
    };
    let chars = chars(text, budget)?;
    let from = position(from, chars.len())?;
    let to = match to {
        Some(to) => position(to, chars.len())?,
        None => chars.len(),
    };
    if from > to {
        return Err(EvalError::other(
            "expected the start of a part before its end",
        ));
    }
    Ok(Value::text(chars[from..to].iter().collect::<String>()))
}

fn join<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (list, separator): (&List<'a>, &str) = match arguments {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(separator)] => (list, separator),
        _ => return Err(wrong_type("join", arguments)),
    };
    let mut out = String::new();
    for (index, item) in list.iter().enumerate() {
        let Value::String(part) = item else {
            return Err(wrong_type("join", &[item]));
        };
        budget.spend(1)?;
        budget.spend_text(part.len() + separator.len())?;
        if index > 0 {
            out.push_str(separator);
        }
        out.push_str(&part);
    }
    Ok(Value::text(out))
}

/// The text as a literal of the language.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}
