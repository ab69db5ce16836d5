use super::{List, Map, Value};
use crate::EvalError;
use crate::evaluate::Budget;
use std::cmp::Ordering;

/// Whether two values are equal; values of different types are not, numbers compare by value.
pub(crate) fn equal<'a>(
    left: &Value<'a>,
    right: &Value<'a>,
    budget: &mut Budget,
) -> Result<bool, EvalError> {
    budget.spend(1)?;
    Ok(match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::List(left), Value::List(right)) => return equal_lists(left, right, budget),
        (Value::Map(left), Value::Map(right)) => return equal_maps(left, right, budget),
        (Value::Type(left), Value::Type(right)) => left == right,
        (Value::Optional(left), Value::Optional(right)) => match (left, right) {
            (Some(left), Some(right)) => return equal(left, right, budget),
            (left, right) => left.is_none() && right.is_none(),
        },
        (Value::String(left), Value::String(right)) => {
            budget.spend_text(left.len().min(right.len()))?;
            **left == **right
        }
        _ => compare(left, right) == Some(Ordering::Equal),
    })
}

fn equal_lists<'a>(
    left: &List<'a>,
    right: &List<'a>,
    budget: &mut Budget,
) -> Result<bool, EvalError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (left, right) in left.iter().zip(right.iter()) {
        if !equal(&left, &right, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps<'a>(left: &Map<'a>, right: &Map<'a>, budget: &mut Budget) -> Result<bool, EvalError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (key, left) in left.entries() {
        let Some(right) = right.get(&key) else {
            return Ok(false);
        };
        if !equal(&left, &right, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two values that have one: numbers, texts, bytes, booleans, timestamps, durations.
pub(crate) fn compare(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some((**left).cmp(&**right)),
        (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        _ => compare_numbers(left, right),
    }
}

fn compare_numbers(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return Some(left.cmp(&right));
    }
    double(left)?.partial_cmp(&double(right)?)
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(it) => Some(i128::from(*it)),
        Value::Uint(it) => Some(i128::from(*it)),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "comparing with a double is defined by this conversion"
)]
fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(it) => Some(*it as f64),
        Value::Uint(it) => Some(*it as f64),
        Value::Double(it) => Some(*it),
        _ => None,
    }
}
