//! Conversions between types, `size`, `type` and `dyn`.

use super::{Function, global, method};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::{Value, text_of};

pub(super) const FUNCTIONS: &[Function] = &[
    global("bool", 1, 1, to_bool),
    global("bytes", 1, 1, to_bytes),
    global("double", 1, 1, to_double),
    global("dyn", 1, 1, |_, arguments| Ok(arguments[0].clone())),
    global("int", 1, 1, to_int),
    global("size", 1, 1, size),
    method("size", 1, 1, size),
    global("string", 1, 1, to_string),
    global("type", 1, 1, |_, arguments| {
        Ok(Value::Type(arguments[0].type_name()))
    }),
    global("uint", 1, 1, to_uint),
];

fn unreadable(text: &str, what: &str) -> EvalError {
    EvalError::other(format!("`{}` is not {what}", crate::time::short(text)))
}

fn out_of_range(what: &str) -> EvalError {
    EvalError::other(format!("this number is out of the range of {what}"))
}

fn to_bool<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Bool(it) => Ok(Value::Bool(*it)),
        Value::String(it) => match &**it {
            "1" | "t" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            text => Err(unreadable(text, "a boolean")),
        },
        _ => Err(wrong_type("bool", arguments)),
    }
}

fn to_bytes<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Bytes(it) => Ok(Value::Bytes(it.clone())),
        Value::String(it) => {
            budget.spend_text(it.len())?;
            Ok(Value::Bytes(it.as_bytes().into()))
        }
        _ => Err(wrong_type("bytes", arguments)),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the conversion is defined as rounding"
)]
fn to_double<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Double(it) => Ok(Value::Double(*it)),
        Value::Int(it) => Ok(Value::Double(*it as f64)),
        Value::Uint(it) => Ok(Value::Double(*it as f64)),
        Value::String(it) => {
            let value = it.parse().map_err(|_| unreadable(it, "a double"))?;
            Ok(Value::Double(value))
        }
        _ => Err(wrong_type("double", arguments)),
    }
}

fn to_int<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let value = match &arguments[0] {
        Value::Int(it) => *it,
        Value::Uint(it) => i64::try_from(*it).map_err(|_| out_of_range("an int"))?,
        Value::Double(it) => double_to_int(*it)?,
        Value::String(it) => it.parse().map_err(|_| unreadable(it, "an int"))?,
        Value::Timestamp(it) => it.as_nanosecond().div_euclid(1_000_000_000) as i64,
        Value::Duration(it) => it / 1_000_000_000,
        _ => return Err(wrong_type("int", arguments)),
    };
    Ok(Value::Int(value))
}

fn double_to_int(value: f64) -> Result<i64, EvalError> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if value.is_nan() || value <= -LIMIT || value >= LIMIT {
        return Err(out_of_range("an int"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, the fraction is to be dropped"
    )]
    let whole = value as i64;
    Ok(whole)
}

fn to_uint<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let value = match &arguments[0] {
        Value::Uint(it) => *it,
        Value::Int(it) => u64::try_from(*it).map_err(|_| out_of_range("a uint"))?,
        Value::Double(it) => double_to_uint(*it)?,
        Value::String(it) => it.parse().map_err(|_| unreadable(it, "a uint"))?,
        _ => return Err(wrong_type("uint", arguments)),
    };
    Ok(Value::Uint(value))
}

fn double_to_uint(value: f64) -> Result<u64, EvalError> {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    if !(0.0..LIMIT).contains(&value) {
        return Err(out_of_range("a uint"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked, the fraction is to be dropped"
    )]
    let whole = value as u64;
    Ok(whole)
}

fn to_string<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    if let Value::String(it) = &arguments[0] {
        return Ok(Value::String(it.clone()));
    }
    let text = text_of(&arguments[0])?;
    budget.spend_text(text.len())?;
    Ok(Value::text(text))
}

/// Characters of a text, bytes, elements or entries.
fn size<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let size = match &arguments[0] {
        Value::String(it) => {
            budget.spend_text(it.len())?;
            it.chars().count()
        }
        Value::Bytes(it) => it.len(),
        Value::List(it) => it.len(),
        Value::Map(it) => it.len(),
        _ => return Err(wrong_type("size", arguments)),
    };
    Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX)))
}
