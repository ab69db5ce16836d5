use super::{Key, List, Map, Text, Value, text_of};
use crate::document::{Elements, Members, Node};
use crate::evaluate::Budget;
use crate::{Document, EvalError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value as Json};

/// The deepest value that an evaluation may build; deeper JSON could not be read back.
const MAX_RESULT_DEPTH: usize = 100;

/// The value of a JSON value, read in place. Whole numbers that fit are ints.
pub(crate) fn from_json(json: &Json) -> Value<'_> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(it) => Value::Bool(*it),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(it), _) => Value::Int(it),
            (None, Some(it)) => Value::Uint(it),
            (None, None) => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(it) => Value::String(Text::Borrowed(it)),
        Json::Array(it) => Value::List(List::Json(it)),
        Json::Object(it) => Value::Map(Map::Json(it)),
    }
}

/// The value of a node, read in place.
pub(crate) fn from_node(document: &Document, node: Node) -> Value<'_> {
    match node {
        Node::Null => Value::Null,
        Node::Bool(it) => Value::Bool(it),
        Node::Int(it) => Value::Int(it),
        Node::Uint(it) => Value::Uint(it),
        Node::Double(it) => Value::Double(it),
        Node::Text(_) | Node::Unescaped(_) => Value::String(Text::Borrowed(document.text_of(node))),
        Node::List(_) => Value::List(List::Document(Elements::of(document, node))),
        Node::Map(_) => Value::Map(Map::Document(Members::of(document, node))),
    }
}

/// The JSON of a value: timestamps as RFC 3339 text with milliseconds, durations as seconds (`1.5s`), bytes in base64.
pub(crate) fn to_json(value: &Value<'_>, budget: &mut Budget) -> Result<Json, EvalError> {
    match value {
        // A value of the input that is passed on as it stands has been paid for by whoever accepted it.
        Value::List(List::Json(items)) => Ok(Json::Array(items.to_vec())),
        Value::Map(Map::Json(map)) => Ok(Json::Object((*map).clone())),
        Value::List(List::Document(items)) => Ok(items.value()),
        Value::Map(Map::Document(map)) => Ok(map.value()),
        _ => convert(value, 0, budget),
    }
}

fn convert(value: &Value<'_>, depth: usize, budget: &mut Budget) -> Result<Json, EvalError> {
    if depth > MAX_RESULT_DEPTH {
        return Err(EvalError::other(format!(
            "the result is nested more than {MAX_RESULT_DEPTH} levels deep"
        )));
    }
    budget.spend_output(1)?;
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(it) => Json::Bool(*it),
        Value::Int(it) => Json::from(*it),
        Value::Uint(it) => Json::from(*it),
        Value::Double(it) => Number::from_f64(*it).map(Json::Number).ok_or_else(|| {
            EvalError::other(format!("the result is {it}, which JSON cannot hold"))
        })?,
        Value::String(it) => {
            budget.spend_output(it.len() / 32)?;
            Json::from(&**it)
        }
        Value::Bytes(it) => Json::from(STANDARD.encode(it)),
        Value::Timestamp(it) => Json::from(format!("{it:.3}")),
        Value::Duration(_) | Value::Type(_) => Json::from(text_of(value)?),
        Value::Optional(Some(it)) => convert(it, depth + 1, budget)?,
        Value::Optional(None) => Json::Null,
        Value::List(list) => {
            let items = list.iter().map(|item| convert(&item, depth + 1, budget));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Map(map) => {
            let entries = map.entries().into_iter().map(|(key, value)| {
                let value = convert(&value, depth + 1, budget)?;
                Ok::<_, EvalError>((key_text(&key)?, value))
            });
            Json::Object(entries.collect::<Result<_, _>>()?)
        }
    })
}

fn key_text(key: &Key<'_>) -> Result<String, EvalError> {
    text_of(&key.value())
}
