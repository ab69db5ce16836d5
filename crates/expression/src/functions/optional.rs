//! Optionals: `optional.of`, `none`, `ofNonZeroValue`, `hasValue`, `value`.

use super::{Function, global, method};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    global("optional.of", 1, 1, |_, arguments| {
        Ok(Value::some(arguments[0].clone()))
    }),
    global("optional.none", 0, 0, |_, _| Ok(Value::Optional(None))),
    global("optional.ofNonZeroValue", 1, 1, of_non_zero),
    method("hasValue", 1, 1, has_value),
    method("value", 1, 1, value),
    method("unwrapOpt", 1, 1, unwrap),
    global("optional.unwrap", 1, 1, unwrap),
];

fn of_non_zero<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let value = &arguments[0];
    let zero = match value {
        Value::Null => true,
        Value::Bool(it) => !it,
        Value::Int(it) => *it == 0,
        Value::Uint(it) => *it == 0,
        Value::Double(it) => *it == 0.0,
        Value::String(it) => it.is_empty(),
        Value::Bytes(it) => it.is_empty(),
        Value::List(it) => it.len() == 0,
        Value::Map(it) => it.len() == 0,
        Value::Duration(it) => *it == 0,
        Value::Timestamp(_) | Value::Type(_) => false,
        Value::Optional(it) => it.is_none(),
    };
    Ok(if zero {
        Value::Optional(None)
    } else {
        Value::some(value.clone())
    })
}

fn has_value<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Optional(it) => Ok(Value::Bool(it.is_some())),
        _ => Err(wrong_type("hasValue", arguments)),
    }
}

fn value<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Optional(Some(it)) => Ok((**it).clone()),
        Value::Optional(None) => Err(EvalError::missing("this optional holds nothing")),
        _ => Err(wrong_type("value", arguments)),
    }
}

/// The values of the optionals of a list that hold one.
fn unwrap<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::List(list)] = arguments else {
        return Err(wrong_type("unwrapOpt", arguments));
    };
    budget.spend(list.len())?;
    let mut out = Vec::new();
    for item in list.iter() {
        match item {
            Value::Optional(Some(it)) => out.push((*it).clone()),
            Value::Optional(None) => {}
            other => return Err(wrong_type("unwrapOpt", &[other])),
        }
    }
    Ok(Value::list(out))
}
