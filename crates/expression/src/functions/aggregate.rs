//! Additions to CEL: `sum`, `min`, `max` of a list and `range`.

use super::{Function, global};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, add, wrong_type};
use crate::value::{List, Value, compare};
use std::cmp::Ordering;

pub(super) const FUNCTIONS: &[Function] = &[
    global("sum", 1, 1, sum),
    global("min", 1, 1, |budget, arguments| {
        extreme("min", Ordering::Less, budget, arguments)
    }),
    global("max", 1, 1, |budget, arguments| {
        extreme("max", Ordering::Greater, budget, arguments)
    }),
    global("range", 1, 1, range),
    global("lists.range", 1, 1, range),
];

fn list_of<'v, 'a>(name: &str, arguments: &'v [Value<'a>]) -> Result<&'v List<'a>, EvalError> {
    match arguments {
        [Value::List(list)] => Ok(list),
        _ => Err(wrong_type(name, arguments)),
    }
}

/// The sum of the elements; 0 for an empty list.
fn sum<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let mut total = Value::Int(0);
    for (index, item) in list_of("sum", arguments)?.iter().enumerate() {
        budget.spend(1)?;
        if !matches!(
            item,
            Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Duration(_)
        ) {
            return Err(wrong_type("sum", &[item]));
        }
        total = if index == 0 {
            item
        } else {
            add(&total, &item, budget)?
        };
    }
    Ok(total)
}

fn extreme<'a>(
    name: &str,
    wanted: Ordering,
    budget: &mut Budget,
    arguments: &[Value<'a>],
) -> Evaluated<'a> {
    let mut best: Option<Value<'a>> = None;
    for item in list_of(name, arguments)?.iter() {
        budget.spend(1)?;
        let Some(current) = &best else {
            best = Some(item);
            continue;
        };
        match compare(&item, current) {
            Some(order) if order == wanted => best = Some(item),
            Some(_) => {}
            None => return Err(wrong_type(name, &[current.clone(), item])),
        }
    }
    best.ok_or_else(|| EvalError::other(format!("`{name}` of an empty list")))
}

/// The numbers from 0 to n-1.
fn range<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Int(count)] = arguments else {
        return Err(wrong_type("range", arguments));
    };
    let length = usize::try_from(*count)
        .map_err(|_| EvalError::other("expected a number that is not negative"))?;
    budget.spend(length)?;
    Ok(Value::list((0..*count).map(Value::Int).collect()))
}
