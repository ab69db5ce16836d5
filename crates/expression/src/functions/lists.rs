//! Lists: `slice`, `flatten`, `distinct`, `sort`, `reverse`, `first`, `last`.

use super::{Function, method};
use crate::EvalError;
use crate::evaluate::{Budget, Evaluated, check_sortable, wrong_type};
use crate::value::{List, Value, compare, equal};
use std::cmp::Ordering;

pub(super) const FUNCTIONS: &[Function] = &[
    method("slice", 3, 3, slice),
    method("flatten", 1, 2, flatten),
    method("distinct", 1, 1, distinct),
    method("sort", 1, 1, sort),
    method("first", 1, 1, |_, arguments| {
        end("first", arguments, |list| list.get(0))
    }),
    method("last", 1, 1, |_, arguments| {
        end("last", arguments, |list| {
            list.get(list.len().checked_sub(1)?)
        })
    }),
];

fn end<'a>(
    name: &str,
    arguments: &[Value<'a>],
    pick: impl Fn(&List<'a>) -> Option<Value<'a>>,
) -> Evaluated<'a> {
    match arguments {
        [Value::List(list)] => Ok(Value::Optional(pick(list).map(Into::into))),
        _ => Err(wrong_type(name, arguments)),
    }
}

fn slice<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::List(list), Value::Int(from), Value::Int(to)] = arguments else {
        return Err(wrong_type("slice", arguments));
    };
    let (from, to) = (usize::try_from(*from), usize::try_from(*to));
    match (from, to) {
        (Ok(from), Ok(to)) if from <= to && to <= list.len() => {
            budget.spend(to - from)?;
            Ok(Value::list(
                (from..to).filter_map(|index| list.get(index)).collect(),
            ))
        }
        _ => Err(EvalError::other(format!(
            "expected a range within a list of {}",
            list.len()
        ))),
    }
}

fn flatten<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let (list, levels) = match arguments {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(levels)] if (0..=100).contains(levels) => (list, *levels),
        _ => return Err(wrong_type("flatten", arguments)),
    };
    let mut out = Vec::new();
    flatten_into(list, levels, budget, &mut out)?;
    Ok(Value::list(out))
}

fn flatten_into<'a>(
    list: &List<'a>,
    levels: i64,
    budget: &mut Budget,
    out: &mut Vec<Value<'a>>,
) -> Result<(), EvalError> {
    for item in list.iter() {
        budget.spend(1)?;
        match item {
            Value::List(inner) if levels > 0 => flatten_into(&inner, levels - 1, budget, out)?,
            item => out.push(item),
        }
    }
    Ok(())
}

fn distinct<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::List(list)] = arguments else {
        return Err(wrong_type("distinct", arguments));
    };
    let mut out: Vec<Value<'a>> = Vec::new();
    for item in list.iter() {
        let mut known = false;
        for earlier in &out {
            known = equal(earlier, &item, budget)?;
            if known {
                break;
            }
        }
        if !known {
            out.push(item);
        }
    }
    Ok(Value::list(out))
}

fn sort<'a>(budget: &mut Budget, arguments: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::List(list)] = arguments else {
        return Err(wrong_type("sort", arguments));
    };
    budget.spend(list.len() * 2)?;
    let mut items: Vec<Value<'a>> = list.iter().collect();
    check_sortable(items.iter())?;
    items.sort_by(|left, right| compare(left, right).unwrap_or(Ordering::Equal));
    Ok(Value::list(items))
}
