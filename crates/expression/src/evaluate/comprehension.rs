use super::{Evaluated, Evaluator, compare, wrong_type};
use crate::EvalError;
use crate::syntax::{Comprehension, Expr, Loop};
use crate::value::{Key, List, Text, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// One turn of a loop: its one or two variables.
type Turn<'a> = (Value<'a>, Option<Value<'a>>);

impl<'a> Evaluator<'a> {
    pub(super) fn comprehension(&mut self, it: &'a Comprehension) -> Evaluated<'a> {
        let range = self.evaluate(&it.range)?;
        let turns = self.turns(range, it.variables == 2)?;
        match it.what {
            Loop::All => self.quantify(it, turns, false),
            Loop::Exists => self.quantify(it, turns, true),
            Loop::ExistsOne => self.exists_one(it, turns),
            Loop::Filter => self.filter(it, turns),
            Loop::List => self.transform_list(it, turns),
            Loop::Map => self.transform_map(it, turns),
            Loop::SortBy => self.sort_by(it, turns),
            Loop::Group => self.group(it, turns),
        }
    }

    fn turns(&mut self, range: Value<'a>, pairs: bool) -> Result<Turns<'a>, EvalError> {
        match range {
            Value::List(list) => Ok(Turns::List {
                list,
                next: 0,
                pairs,
            }),
            Value::Map(map) => {
                self.budget.spend(map.len() / 8)?;
                let entries = map.entries().into_iter();
                Ok(Turns::Map { entries, pairs })
            }
            other => {
                let message = format!(
                    "expected a list or map to go through, but found {}",
                    other.noun()
                );
                Err(EvalError::other(message))
            }
        }
    }

    fn turn(&mut self, body: &'a Expr, (first, second): Turn<'a>) -> Evaluated<'a> {
        let outer = self.locals.len();
        self.locals.push(first);
        self.locals.extend(second);
        let result = self.evaluate(body);
        self.locals.truncate(outer);
        result
    }

    fn holds(&mut self, condition: &'a Expr, turn: Turn<'a>) -> Result<bool, EvalError> {
        match self.turn(condition, turn)? {
            Value::Bool(it) => Ok(it),
            other => {
                let message = format!("expected a boolean, but found {}", other.noun());
                Err(EvalError::other(message).at(&condition.span.range()))
            }
        }
    }

    fn selected(&mut self, it: &'a Comprehension, turn: &Turn<'a>) -> Result<bool, EvalError> {
        match &it.condition {
            Some(condition) => self.holds(condition, turn.clone()),
            None => Ok(true),
        }
    }

    /// `exists` and `all`: an element that decides makes up for errors at others.
    fn quantify(
        &mut self,
        it: &'a Comprehension,
        turns: Turns<'a>,
        decides: bool,
    ) -> Evaluated<'a> {
        let mut failed = None;
        for turn in turns {
            match self.holds(&it.body, turn) {
                Ok(holds) if holds == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(error) => {
                    self.budget.check()?;
                    failed = failed.or(Some(error));
                }
            }
        }
        failed.map_or(Ok(Value::Bool(!decides)), Err)
    }

    fn exists_one(&mut self, it: &'a Comprehension, turns: Turns<'a>) -> Evaluated<'a> {
        let mut found = 0;
        for turn in turns {
            found += usize::from(self.holds(&it.body, turn)?);
        }
        Ok(Value::Bool(found == 1))
    }

    fn filter(&mut self, it: &'a Comprehension, turns: Turns<'a>) -> Evaluated<'a> {
        let mut kept = Vec::new();
        for turn in turns {
            let value = turn.0.clone();
            if self.holds(&it.body, turn)? {
                kept.push(value);
            }
        }
        Ok(Value::list(kept))
    }

    fn transform_list(&mut self, it: &'a Comprehension, turns: Turns<'a>) -> Evaluated<'a> {
        let mut values = Vec::new();
        for turn in turns {
            if self.selected(it, &turn)? {
                values.push(self.turn(&it.body, turn)?);
            }
        }
        Ok(Value::list(values))
    }

    fn transform_map(&mut self, it: &'a Comprehension, turns: Turns<'a>) -> Evaluated<'a> {
        let mut entries = BTreeMap::new();
        for turn in turns {
            if self.selected(it, &turn)? {
                let key = Key::of(&turn.0)
                    .ok_or_else(|| wrong_type("transformMap", std::slice::from_ref(&turn.0)))?;
                entries.insert(key, self.turn(&it.body, turn)?);
            }
        }
        Ok(Value::map(entries))
    }

    fn sort_by(&mut self, it: &'a Comprehension, turns: Turns<'a>) -> Evaluated<'a> {
        let mut keyed = Vec::new();
        for turn in turns {
            let value = turn.0.clone();
            keyed.push((self.turn(&it.body, turn)?, value));
        }
        check_sortable(keyed.iter().map(|(key, _)| key))?;
        keyed.sort_by(|(left, _), (right, _)| compare(left, right).unwrap_or(Ordering::Equal));
        Ok(Value::list(
            keyed.into_iter().map(|(_, value)| value).collect(),
        ))
    }

    /// `[{key, items}]` in the order in which the keys first appear.
    fn group(&mut self, it: &'a Comprehension, turns: Turns<'a>) -> Evaluated<'a> {
        let mut positions: BTreeMap<Option<Key<'a>>, usize> = BTreeMap::new();
        let mut groups: Vec<(Value<'a>, Vec<Value<'a>>)> = Vec::new();
        for turn in turns {
            let value = turn.0.clone();
            let key_value = self.turn(&it.body, turn)?;
            let key = group_key(&key_value)?;
            let position = *positions.entry(key).or_insert_with(|| {
                groups.push((key_value, Vec::new()));
                groups.len() - 1
            });
            groups[position].1.push(value);
        }
        let groups = groups.into_iter().map(|(key, items)| {
            let entry = |name| Key::String(Text::Borrowed(name));
            let items = Value::list(items);
            Value::map(BTreeMap::from([
                (entry("key"), key),
                (entry("items"), items),
            ]))
        });
        Ok(Value::list(groups.collect()))
    }
}

/// Null is a group of its own.
fn group_key<'a>(value: &Value<'a>) -> Result<Option<Key<'a>>, EvalError> {
    match value {
        Value::Null => Ok(None),
        _ => Key::of(value)
            .map(Some)
            .ok_or_else(|| wrong_type("group", std::slice::from_ref(value))),
    }
}

/// Fails unless every element can be compared with the first one.
pub(crate) fn check_sortable<'v, 'a: 'v>(
    mut values: impl Iterator<Item = &'v Value<'a>>,
) -> Result<(), EvalError> {
    let Some(first) = values.next() else {
        return Ok(());
    };
    let fits = |value: &Value<'a>| compare(first, value).is_some();
    match std::iter::once(first)
        .chain(values)
        .find(|value| !fits(value))
    {
        None => Ok(()),
        Some(other) => Err(wrong_type("an order", &[first.clone(), other.clone()])),
    }
}

/// The turns of a loop, made one by one.
enum Turns<'a> {
    List {
        list: List<'a>,
        next: usize,
        pairs: bool,
    },
    Map {
        entries: std::vec::IntoIter<(Key<'a>, Value<'a>)>,
        pairs: bool,
    },
}

impl<'a> Iterator for Turns<'a> {
    type Item = Turn<'a>;

    fn next(&mut self) -> Option<Turn<'a>> {
        match self {
            Self::List { list, next, pairs } => {
                let value = list.get(*next)?;
                let index = i64::try_from(*next).ok()?;
                *next += 1;
                Some(match pairs {
                    true => (Value::Int(index), Some(value)),
                    false => (value, None),
                })
            }
            Self::Map { entries, pairs } => {
                let (key, value) = entries.next()?;
                Some((key.value(), pairs.then_some(value)))
            }
        }
    }
}
