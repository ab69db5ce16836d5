//! `math.*`.

use super::{Function, global};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, wrong_type};
use crate::value::{Value, compare};
use std::cmp::Ordering;

const MANY: usize = usize::MAX;

pub(super) const FUNCTIONS: &[Function] = &[
    global("math.greatest", 1, MANY, |budget, arguments| {
        pick("math.greatest", Ordering::Greater, budget, arguments)
    }),
    global("math.least", 1, MANY, |budget, arguments| {
        pick("math.least", Ordering::Less, budget, arguments)
    }),
    global("math.ceil", 1, 1, |_, arguments| {
        round("math.ceil", f64::ceil, arguments)
    }),
    global("math.floor", 1, 1, |_, arguments| {
        round("math.floor", f64::floor, arguments)
    }),
    global("math.round", 1, 1, |_, arguments| {
        round("math.round", f64::round, arguments)
    }),
    global("math.trunc", 1, 1, |_, arguments| {
        round("math.trunc", f64::trunc, arguments)
    }),
    global("math.sqrt", 1, 1, sqrt),
    global("math.abs", 1, 1, abs),
    global("math.sign", 1, 1, sign),
    global("math.isNaN", 1, 1, |_, arguments| {
        ask("math.isNaN", f64::is_nan, arguments)
    }),
    global("math.isInf", 1, 1, |_, arguments| {
        ask("math.isInf", f64::is_infinite, arguments)
    }),
    global("math.isFinite", 1, 1, |_, arguments| {
        ask("math.isFinite", f64::is_finite, arguments)
    }),
    global("math.bitAnd", 2, 2, |_, arguments| {
        bits("math.bitAnd", arguments, |l, r| l & r, |l, r| l & r)
    }),
    global("math.bitOr", 2, 2, |_, arguments| {
        bits("math.bitOr", arguments, |l, r| l | r, |l, r| l | r)
    }),
    global("math.bitXor", 2, 2, |_, arguments| {
        bits("math.bitXor", arguments, |l, r| l ^ r, |l, r| l ^ r)
    }),
    global("math.bitNot", 1, 1, bit_not),
    global("math.bitShiftLeft", 2, 2, |_, arguments| {
        shift("math.bitShiftLeft", arguments, u64::checked_shl)
    }),
    global("math.bitShiftRight", 2, 2, |_, arguments| {
        shift("math.bitShiftRight", arguments, u64::checked_shr)
    }),
];

fn is_number(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_))
}

fn pick<'a>(
    name: &str,
    wanted: Ordering,
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let values: Vec<Value<'a>> = match arguments {
        [Value::List(list)] => {
            budget.spend(list.len())?;
            list.iter().collect()
        }
        _ => arguments.to_vec(),
    };
    if values.is_empty() || !values.iter().all(is_number) {
        return Err(wrong_type(name, arguments));
    }
    let mut best = &values[0];
    for value in &values[1..] {
        if compare(value, best) == Some(wanted) {
            best = value;
        }
    }
    Ok(best.clone())
}

fn round<'a>(name: &str, rounded: fn(f64) -> f64, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Double(it)] => Ok(Value::Double(rounded(*it))),
        _ => Err(wrong_type(name, arguments)),
    }
}

fn ask<'a>(name: &str, holds: fn(f64) -> bool, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match arguments {
        [Value::Double(it)] => Ok(Value::Bool(holds(*it))),
        _ => Err(wrong_type(name, arguments)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a root is a double")]
fn sqrt<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let value = match &arguments[0] {
        Value::Int(it) => *it as f64,
        Value::Uint(it) => *it as f64,
        Value::Double(it) => *it,
        _ => return Err(wrong_type("math.sqrt", arguments)),
    };
    Ok(Value::Double(value.sqrt()))
}

fn abs<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Int(it) => it
            .checked_abs()
            .map(Value::Int)
            .ok_or_else(|| EvalError::other("the result is out of range")),
        Value::Uint(it) => Ok(Value::Uint(*it)),
        Value::Double(it) => Ok(Value::Double(it.abs())),
        _ => Err(wrong_type("math.abs", arguments)),
    }
}

fn sign<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Int(it) => Ok(Value::Int(it.signum())),
        Value::Uint(it) => Ok(Value::Uint((*it).min(1))),
        Value::Double(it) if *it == 0.0 || it.is_nan() => Ok(Value::Double(*it)),
        Value::Double(it) => Ok(Value::Double(it.signum())),
        _ => Err(wrong_type("math.sign", arguments)),
    }
}

fn bits<'a>(
    name: &str,
    arguments: &[Value<'a>],
    ints: fn(i64, i64) -> i64,
    uints: fn(u64, u64) -> u64,
) -> Evaluated<'a> {
    match arguments {
        [Value::Int(left), Value::Int(right)] => Ok(Value::Int(ints(*left, *right))),
        [Value::Uint(left), Value::Uint(right)] => Ok(Value::Uint(uints(*left, *right))),
        _ => Err(wrong_type(name, arguments)),
    }
}

fn bit_not<'a>(_: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    match &arguments[0] {
        Value::Int(it) => Ok(Value::Int(!it)),
        Value::Uint(it) => Ok(Value::Uint(!it)),
        _ => Err(wrong_type("math.bitNot", arguments)),
    }
}

/// Shifts the bits; an int's sign bit is a bit like the others. Shifting by 64 or more gives 0.
fn shift<'a>(
    name: &str,
    arguments: &[Value<'a>],
    shifted: fn(u64, u32) -> Option<u64>,
) -> Evaluated<'a> {
    let [value, Value::Int(by)] = arguments else {
        return Err(wrong_type(name, arguments));
    };
    if *by < 0 {
        return Err(EvalError::other("expected a shift that is not negative"));
    }
    let by = u32::try_from(*by).unwrap_or(u32::MAX);
    match value {
        Value::Int(it) => {
            let result = shifted(it.cast_unsigned(), by).unwrap_or(0);
            Ok(Value::Int(result.cast_signed()))
        }
        Value::Uint(it) => Ok(Value::Uint(shifted(*it, by).unwrap_or(0))),
        _ => Err(wrong_type(name, arguments)),
    }
}
