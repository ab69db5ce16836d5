//! Walks a resolved tree. Its recursion is bounded by the tree's height, its work by a budget.

mod access;
mod arithmetic;
mod budget;
mod comprehension;

use crate::syntax::{Comparison, Expr, Kind, Literal, Slot};
use crate::value::{Key, Text, Value, compare, equal};
use crate::{Document, EvalError, Variables, time};
use serde_json::Value as Json;
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use arithmetic::add;
pub(crate) use budget::Budget;
pub(crate) use comprehension::check_sortable;

pub(crate) type Evaluated<'a> = Result<Value<'a>, EvalError>;

/// The values that an evaluation has asked for, each once; they live until its end, so that they can be borrowed.
pub(crate) type Fetched = Vec<OnceCell<Option<Source>>>;

/// Where a value is read.
pub(crate) enum Source {
    Value(Arc<Json>),
    Document(Arc<Document>),
}

/// One evaluation under way.
pub(crate) struct Evaluator<'a> {
    pub(crate) slots: &'a [Slot],
    pub(crate) fetched: &'a Fetched,
    pub(crate) variables: &'a dyn Variables,
    pub(crate) now_ms: i64,
    pub(crate) locals: Vec<Value<'a>>,
    pub(crate) budget: Budget,
}

impl<'a> Evaluator<'a> {
    /// The value of a node; an error without a place gets the node's.
    pub(crate) fn evaluate(&mut self, expr: &'a Expr) -> Evaluated<'a> {
        self.budget
            .spend(1)
            .and_then(|()| self.dispatch(expr))
            .map_err(|error| error.at(&expr.span.range()))
    }

    fn dispatch(&mut self, expr: &'a Expr) -> Evaluated<'a> {
        match &expr.kind {
            Kind::Literal(literal) => Ok(literal_value(literal)),
            Kind::Local(index) => Ok(self.locals[*index].clone()),
            Kind::Variable { slot, optional } => self.variable(*slot, *optional),
            Kind::Now => self.now(),
            Kind::Type(name) => Ok(Value::Type(name)),
            Kind::Fails { message, missing } => Err(failure(message, *missing)),
            Kind::Select {
                operand,
                field,
                optional,
            } => self.select(operand, field, *optional),
            Kind::Index {
                operand,
                index,
                optional,
            } => self.index(operand, index, *optional),
            Kind::Has(operand) => self.has(operand),
            Kind::Call {
                function,
                arguments,
            } => {
                let arguments = self.all(arguments)?;
                (function.run)(&mut self.budget, &arguments)
            }
            Kind::Matches { text, pattern } => self.matches(text, pattern),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Not(operand) => self.not(operand),
            Kind::Negate(operand) => arithmetic::negate(&self.evaluate(operand)?),
            Kind::Chain { first, rest } => self.chain(first, rest),
            Kind::And(terms) => self.logic(terms, false),
            Kind::Or(terms) => self.logic(terms, true),
            Kind::Compare { what, left, right } => self.comparison(*what, left, right),
            Kind::Conditional {
                condition,
                then,
                otherwise,
            } => self.conditional(condition, then, otherwise),
            Kind::Comprehension(it) => self.comprehension(it),
            Kind::Bind { value, body } => self.bind(value, body),
            Kind::MapOptional {
                operand,
                body,
                flat,
            } => self.map_optional(operand, body, *flat),
            Kind::OrElse {
                operand,
                alternative,
                value,
            } => self.or_else(operand, alternative, *value),
        }
    }

    fn now(&self) -> Evaluated<'a> {
        let nanos = i128::from(self.now_ms) * 1_000_000;
        time::timestamp_from_nanos(nanos).map(Value::Timestamp)
    }

    fn all(&mut self, arguments: &'a [Expr]) -> Result<Vec<Value<'a>>, EvalError> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.evaluate(argument)?);
        }
        Ok(values)
    }

    fn matches(&mut self, text: &'a Expr, pattern: &regex::Regex) -> Evaluated<'a> {
        match self.evaluate(text)? {
            Value::String(text) => {
                self.budget.spend_text(text.len())?;
                Ok(Value::Bool(pattern.is_match(&text)))
            }
            other => Err(wrong_type("matches", &[other])),
        }
    }

    fn list(&mut self, items: &'a [(bool, Expr)]) -> Evaluated<'a> {
        let mut values = Vec::with_capacity(items.len());
        for (optional, item) in items {
            match (optional, self.evaluate(item)?) {
                (false, value) => values.push(value),
                (true, value) => values.extend(optional_value(value)?),
            }
        }
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &'a [crate::syntax::MapEntry]) -> Evaluated<'a> {
        let mut map = BTreeMap::new();
        for entry in entries {
            let key = self.evaluate(&entry.key)?;
            let value = self.evaluate(&entry.value)?;
            let value = match entry.optional {
                false => Some(value),
                true => optional_value(value)?,
            };
            let Some(key) = Key::of(&key) else {
                return Err(EvalError::other(format!(
                    "{} cannot be a map's key",
                    key.noun()
                )));
            };
            let Some(value) = value else { continue };
            if map.insert(key, value).is_some() {
                return Err(EvalError::other("this map has the same key twice"));
            }
        }
        Ok(Value::map(map))
    }

    fn not(&mut self, operand: &'a Expr) -> Evaluated<'a> {
        match self.evaluate(operand)? {
            Value::Bool(it) => Ok(Value::Bool(!it)),
            other => Err(wrong_type("!", &[other])),
        }
    }

    /// `&&` and `||`: a term that decides makes up for errors in the others, on either side of it.
    fn logic(&mut self, terms: &'a [Expr], decides: bool) -> Evaluated<'a> {
        let mut failed = None;
        for term in terms {
            let result = self.evaluate(term).and_then(|value| match value {
                Value::Bool(it) => Ok(it),
                other => {
                    let message = format!("expected a boolean, but found {}", other.noun());
                    Err(EvalError::other(message).at(&term.span.range()))
                }
            });
            match result {
                Ok(it) if it == decides => return Ok(Value::Bool(decides)),
                Ok(_) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        self.budget.check()?;
        failed.map_or(Ok(Value::Bool(!decides)), Err)
    }

    fn comparison(&mut self, what: Comparison, left: &'a Expr, right: &'a Expr) -> Evaluated<'a> {
        let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
        let holds = match what {
            Comparison::Equal => equal(&left, &right, &mut self.budget)?,
            Comparison::NotEqual => !equal(&left, &right, &mut self.budget)?,
            Comparison::In => self.contains(&left, &right)?,
            _ => {
                let order = compare(&left, &right);
                if order.is_none() && !both_numbers(&left, &right) {
                    return Err(wrong_type(symbol(what), &[left, right]));
                }
                match what {
                    Comparison::Less => order == Some(Ordering::Less),
                    Comparison::LessEqual => order.is_some_and(Ordering::is_le),
                    Comparison::Greater => order == Some(Ordering::Greater),
                    _ => order.is_some_and(Ordering::is_ge),
                }
            }
        };
        Ok(Value::Bool(holds))
    }

    fn conditional(
        &mut self,
        condition: &'a Expr,
        then: &'a Expr,
        otherwise: &'a Expr,
    ) -> Evaluated<'a> {
        match self.evaluate(condition)? {
            Value::Bool(true) => self.evaluate(then),
            Value::Bool(false) => self.evaluate(otherwise),
            other => Err(wrong_type("?:", &[other])),
        }
    }

    fn bind(&mut self, value: &'a Expr, body: &'a Expr) -> Evaluated<'a> {
        let value = self.evaluate(value)?;
        self.with_local(value, body)
    }

    fn with_local(&mut self, value: Value<'a>, body: &'a Expr) -> Evaluated<'a> {
        self.locals.push(value);
        let result = self.evaluate(body);
        self.locals.pop();
        result
    }

    fn map_optional(&mut self, operand: &'a Expr, body: &'a Expr, flat: bool) -> Evaluated<'a> {
        let operand = self.evaluate(operand)?;
        let Some(value) = optional_value(operand)? else {
            return Ok(Value::Optional(None));
        };
        let result = self.with_local(value, body)?;
        match (flat, &result) {
            (false, _) => Ok(Value::some(result)),
            (true, Value::Optional(_)) => Ok(result),
            (true, _) => Err(wrong_type("optFlatMap", &[result])),
        }
    }

    fn or_else(&mut self, operand: &'a Expr, alternative: &'a Expr, value: bool) -> Evaluated<'a> {
        let operand = self.evaluate(operand)?;
        match &operand {
            Value::Optional(Some(it)) if value => Ok((**it).clone()),
            Value::Optional(Some(_)) => Ok(operand),
            Value::Optional(None) => self.evaluate(alternative),
            _ => Err(wrong_type(if value { "orValue" } else { "or" }, &[operand])),
        }
    }
}

fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(it) => Value::Bool(*it),
        Literal::Int(it) => Value::Int(*it),
        Literal::Uint(it) => Value::Uint(*it),
        Literal::Double(it) => Value::Double(*it),
        Literal::String(it) => Value::String(Text::Borrowed(it)),
        Literal::Bytes(it) => Value::Bytes(it.as_ref().into()),
    }
}

fn failure(message: &str, missing: bool) -> EvalError {
    match missing {
        true => EvalError::missing(message),
        false => EvalError::other(message),
    }
}

/// What an optional holds; anything else is an error.
fn optional_value(value: Value<'_>) -> Result<Option<Value<'_>>, EvalError> {
    match value {
        Value::Optional(it) => Ok(it.map(|it| (*it).clone())),
        other => Err(EvalError::other(format!(
            "expected an optional, but found {}",
            other.noun()
        ))),
    }
}

fn both_numbers(left: &Value<'_>, right: &Value<'_>) -> bool {
    let number =
        |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
    number(left) && number(right)
}

/// The error of an operator or function that is not defined for these values.
pub(crate) fn wrong_type(what: &str, values: &[Value<'_>]) -> EvalError {
    let nouns: Vec<&str> = values.iter().map(Value::noun).collect();
    EvalError::other(format!(
        "`{what}` is not defined for {}",
        nouns.join(" and ")
    ))
}

fn symbol(what: Comparison) -> &'static str {
    match what {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
        Comparison::In => "in",
    }
}
