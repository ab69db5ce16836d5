//! Variables, fields and elements: where a missing name is told from other errors.

use super::{Evaluated, Evaluator, Source, equal, wrong_type};
use crate::EvalError;
use crate::syntax::{Expr, Kind};
use crate::time::short;
use crate::value::{Key, Value, from_json, from_node};

impl<'a> Evaluator<'a> {
    pub(super) fn variable(&mut self, slot: usize, optional: bool) -> Evaluated<'a> {
        match (self.fetch(slot), optional) {
            (Some(value), false) => Ok(value),
            (None, false) => Err(EvalError::missing(format!(
                "there is no {}",
                self.name(slot)
            ))),
            (Some(value), true) => Ok(Value::some(value)),
            (None, true) => Ok(Value::Optional(None)),
        }
    }

    fn fetch(&self, slot: usize) -> Option<Value<'a>> {
        let wanted = &self.slots[slot];
        let source = self.fetched[slot].get_or_init(|| {
            let (member, field) = (wanted.member.as_deref(), wanted.field.as_deref());
            let document = match member {
                None => self.variables.document(&wanted.root),
                Some(_) => None,
            };
            document.map(Source::Document).or_else(|| {
                let value = self.variables.get(&wanted.root, member, field);
                value.map(Source::Value)
            })
        });
        Some(match source.as_ref()? {
            Source::Value(value) => from_json(value),
            Source::Document(document) => from_node(document, document.root()),
        })
    }

    fn name(&self, slot: usize) -> String {
        let slot = &self.slots[slot];
        let parts = [Some(&slot.root), slot.member.as_ref(), slot.field.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        format!("`{}`", parts.join("."))
    }

    pub(super) fn select(
        &mut self,
        operand: &'a Expr,
        field: &'a str,
        optional: bool,
    ) -> Evaluated<'a> {
        let operand = self.evaluate(operand)?;
        if let Value::Optional(inner) = &operand {
            let Some(inner) = inner else {
                return Ok(operand);
            };
            return Ok(Value::Optional(field_of(inner, field)?.map(Into::into)));
        }
        let value = field_of(&operand, field)?;
        match (value, optional) {
            (Some(value), false) => Ok(value),
            (None, false) => Err(EvalError::missing(format!("there is no field `{field}`"))),
            (value, true) => Ok(Value::Optional(value.map(Into::into))),
        }
    }

    pub(super) fn index(
        &mut self,
        operand: &'a Expr,
        index: &'a Expr,
        optional: bool,
    ) -> Evaluated<'a> {
        let operand = self.evaluate(operand)?;
        let index = self.evaluate(index)?;
        if let Value::Optional(inner) = &operand {
            let Some(inner) = inner else {
                return Ok(operand);
            };
            return Ok(Value::Optional(element_of(inner, &index)?.map(Into::into)));
        }
        let value = element_of(&operand, &index)?;
        match (value, optional) {
            (Some(value), false) => Ok(value),
            (None, false) => Err(no_element(&operand, &index)),
            (value, true) => Ok(Value::Optional(value.map(Into::into))),
        }
    }

    /// Whether the last field of a path is there. A field of null is not.
    pub(super) fn has(&mut self, operand: &'a Expr) -> Evaluated<'a> {
        let present = match &operand.kind {
            Kind::Variable { slot, .. } => self.fetch(*slot).is_some(),
            Kind::Select { operand, field, .. } => match self.evaluate(operand)? {
                Value::Null | Value::Optional(None) => false,
                Value::Optional(Some(inner)) => field_of(&inner, field)?.is_some(),
                value => field_of(&value, field)?.is_some(),
            },
            _ => {
                self.evaluate(operand)?;
                true
            }
        };
        Ok(Value::Bool(present))
    }

    pub(super) fn contains(
        &mut self,
        wanted: &Value<'a>,
        within: &Value<'a>,
    ) -> Result<bool, EvalError> {
        match within {
            Value::List(list) => {
                for item in list.iter() {
                    if equal(wanted, &item, &mut self.budget)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Map(map) => Ok(lookup_key(wanted).is_some_and(|key| map.get(&key).is_some())),
            other => Err(wrong_type("in", &[wanted.clone(), other.clone()])),
        }
    }
}

fn field_of<'a>(value: &Value<'a>, field: &'a str) -> Result<Option<Value<'a>>, EvalError> {
    match value {
        Value::Map(map) => Ok(map.field(field)),
        Value::Null => Err(EvalError::missing(format!(
            "there is no field `{field}` in null"
        ))),
        other => {
            let message = format!("{} has no field `{field}`", other.noun());
            Err(EvalError::other(message))
        }
    }
}

fn element_of<'a>(value: &Value<'a>, index: &Value<'a>) -> Result<Option<Value<'a>>, EvalError> {
    match value {
        Value::List(list) => {
            let Some(Key::Int(index)) = lookup_key(index) else {
                return Err(wrong_type("[]", &[value.clone(), index.clone()]));
            };
            Ok(usize::try_from(index)
                .ok()
                .and_then(|index| list.get(index)))
        }
        Value::Map(map) => match (lookup_key(index), index) {
            (Some(key), _) => Ok(map.get(&key)),
            (None, Value::Double(_)) => Ok(None),
            (None, _) => Err(wrong_type("[]", &[value.clone(), index.clone()])),
        },
        Value::Null => Err(EvalError::missing("there is nothing in null")),
        other => Err(wrong_type("[]", &[other.clone(), index.clone()])),
    }
}

/// The key that finds an element: whole numbers of any type are the same key.
fn lookup_key<'a>(value: &Value<'a>) -> Option<Key<'a>> {
    match value {
        Value::Uint(it) => Some(i64::try_from(*it).map_or(Key::Uint(*it), Key::Int)),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked to be whole and in range"
        )]
        Value::Double(it) if it.fract() == 0.0 && it.abs() < 9e18 => Some(Key::Int(*it as i64)),
        other => Key::of(other),
    }
}

fn no_element(operand: &Value<'_>, index: &Value<'_>) -> EvalError {
    let shown = crate::value::text_of(index).unwrap_or_default();
    match operand {
        Value::List(list) => EvalError::other(format!(
            "there is no element {shown} in a list of {}",
            list.len()
        )),
        _ => EvalError::missing(format!("there is no key `{}`", short(&shown))),
    }
}
