use super::{Budget, Evaluated, Evaluator, wrong_type};
use crate::syntax::{Arithmetic, Expr};
use crate::value::{List, Text, Value};
use crate::{EvalError, time};

impl<'a> Evaluator<'a> {
    pub(super) fn chain(
        &mut self,
        first: &'a Expr,
        rest: &'a [(Arithmetic, Expr)],
    ) -> Evaluated<'a> {
        let mut left = self.evaluate(first)?;
        for (operator, right) in rest {
            let value = self.evaluate(right)?;
            left = apply(*operator, &left, &value, &mut self.budget)
                .map_err(|error| error.at(&first.span.to(right.span).range()))?;
        }
        Ok(left)
    }
}

fn apply<'a>(
    operator: Arithmetic,
    left: &Value<'a>,
    right: &Value<'a>,
    budget: &mut Budget,
) -> Evaluated<'a> {
    if operator == Arithmetic::Add {
        return add(left, right, budget);
    }
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => ints(operator, *left, *right).map(Value::Int),
        (Value::Uint(left), Value::Uint(right)) => uints(operator, *left, *right).map(Value::Uint),
        _ if operator == Arithmetic::Subtract && is_time(left) => subtract_times(left, right),
        _ => match (number(left), number(right)) {
            (Some(l), Some(r)) if one_double(left, right) && operator != Arithmetic::Remainder => {
                Ok(Value::Double(doubles(operator, l, r)))
            }
            _ => Err(wrong_type(symbol(operator), &[left.clone(), right.clone()])),
        },
    }
}

/// The sum of two values: numbers, texts, bytes, lists, times.
pub(crate) fn add<'a>(left: &Value<'a>, right: &Value<'a>, budget: &mut Budget) -> Evaluated<'a> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => left
            .checked_add(*right)
            .map(Value::Int)
            .ok_or_else(overflow),
        (Value::Uint(left), Value::Uint(right)) => left
            .checked_add(*right)
            .map(Value::Uint)
            .ok_or_else(overflow),
        (Value::String(left), Value::String(right)) => {
            budget.spend_text(left.len() + right.len())?;
            Ok(join_texts(left, right))
        }
        (Value::Bytes(left), Value::Bytes(right)) => {
            budget.spend_text(left.len() + right.len())?;
            Ok(Value::Bytes([&**left, &**right].concat().into()))
        }
        (Value::List(left), Value::List(right)) => {
            budget.spend(left.len() + right.len())?;
            Ok(join_lists(left, right))
        }
        (Value::Duration(left), Value::Duration(right)) => left
            .checked_add(*right)
            .map(Value::Duration)
            .ok_or_else(overflow),
        (Value::Timestamp(time), Value::Duration(nanos))
        | (Value::Duration(nanos), Value::Timestamp(time)) => {
            let nanos = time.as_nanosecond() + i128::from(*nanos);
            time::timestamp_from_nanos(nanos).map(Value::Timestamp)
        }
        _ => match (number(left), number(right)) {
            (Some(l), Some(r)) if one_double(left, right) => Ok(Value::Double(l + r)),
            _ => Err(wrong_type("+", &[left.clone(), right.clone()])),
        },
    }
}

fn join_texts<'a>(left: &Text<'a>, right: &Text<'a>) -> Value<'a> {
    Value::text([&**left, &**right].concat())
}

fn join_lists<'a>(left: &List<'a>, right: &List<'a>) -> Value<'a> {
    Value::list(left.iter().chain(right.iter()).collect())
}

pub(super) fn negate<'a>(value: &Value<'a>) -> Evaluated<'a> {
    match value {
        Value::Int(it) => it.checked_neg().map(Value::Int).ok_or_else(overflow),
        Value::Double(it) => Ok(Value::Double(-it)),
        Value::Duration(it) => it.checked_neg().map(Value::Duration).ok_or_else(overflow),
        other => Err(wrong_type("-", std::slice::from_ref(other))),
    }
}

fn ints(operator: Arithmetic, left: i64, right: i64) -> Result<i64, EvalError> {
    let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Remainder);
    if divides && right == 0 {
        return Err(EvalError::other("division by zero"));
    }
    let result = match operator {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    };
    result.ok_or_else(overflow)
}

fn uints(operator: Arithmetic, left: u64, right: u64) -> Result<u64, EvalError> {
    let divides = matches!(operator, Arithmetic::Divide | Arithmetic::Remainder);
    if divides && right == 0 {
        return Err(EvalError::other("division by zero"));
    }
    let result = match operator {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => left.checked_mul(right),
        Arithmetic::Divide => left.checked_div(right),
        Arithmetic::Remainder => left.checked_rem(right),
    };
    result.ok_or_else(overflow)
}

fn doubles(operator: Arithmetic, left: f64, right: f64) -> f64 {
    match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Remainder => left % right,
    }
}

fn is_time(value: &Value<'_>) -> bool {
    matches!(value, Value::Timestamp(_) | Value::Duration(_))
}

fn subtract_times<'a>(left: &Value<'a>, right: &Value<'a>) -> Evaluated<'a> {
    match (left, right) {
        (Value::Timestamp(left), Value::Timestamp(right)) => {
            let nanos = left.as_nanosecond() - right.as_nanosecond();
            i64::try_from(nanos)
                .map(Value::Duration)
                .map_err(|_| overflow())
        }
        (Value::Timestamp(left), Value::Duration(right)) => {
            let nanos = left.as_nanosecond() - i128::from(*right);
            time::timestamp_from_nanos(nanos).map(Value::Timestamp)
        }
        (Value::Duration(left), Value::Duration(right)) => left
            .checked_sub(*right)
            .map(Value::Duration)
            .ok_or_else(overflow),
        _ => Err(wrong_type("-", &[left.clone(), right.clone()])),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "mixing with a double promotes to double"
)]
fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(it) => Some(*it as f64),
        Value::Uint(it) => Some(*it as f64),
        Value::Double(it) => Some(*it),
        _ => None,
    }
}

/// Int and double mix by promotion; int and uint do not.
fn one_double(left: &Value<'_>, right: &Value<'_>) -> bool {
    matches!(left, Value::Double(_)) || matches!(right, Value::Double(_))
}

fn overflow() -> EvalError {
    EvalError::other("the result is out of range")
}

fn symbol(operator: Arithmetic) -> &'static str {
    match operator {
        Arithmetic::Add => "+",
        Arithmetic::Subtract => "-",
        Arithmetic::Multiply => "*",
        Arithmetic::Divide => "/",
        Arithmetic::Remainder => "%",
    }
}
