use crate::evaluate::{Budget, Evaluator, Fetched};
use crate::guard::{self, Guard};
use crate::syntax::{self, Expr, Kind, Slot};
use crate::value::{Value as Internal, to_json};
use crate::{CompileError, EvalError, Scope, Variables, duration, time};
use serde_json::Value;
use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

/// The longest expression, in bytes.
pub const MAX_LENGTH: usize = 2_048;
/// The deepest nesting of an expression.
pub const MAX_DEPTH: usize = 100;
/// The highest cost of one evaluation: about one unit per visited part, list element or 32 bytes of text.
pub const MAX_COST: u64 = 100_000;

/// A variable that a program names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The root variable, such as `input` or `steps`.
    pub root: String,
    /// The member, for roots that the scope declares with members or as a record: the step's id, the setting's name.
    pub member: Option<String>,
    /// The field, for `steps` and `adapters`: `output`, `in-flight`.
    pub field: Option<String>,
    /// The start and end of the first mention, in bytes of the expression's source.
    pub span: (usize, usize),
}

/// A compiled expression. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Program {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    source: String,
    expr: Expr,
    slots: Vec<Slot>,
    references: Vec<Reference>,
}

impl PartialEq for Program {
    /// Programs of the same text that read the same variables.
    fn eq(&self, other: &Self) -> bool {
        self.inner.source == other.inner.source && self.inner.slots == other.inner.slots
    }
}

impl Program {
    /// Compiles a bare expression against the names of its place.
    ///
    /// # Errors
    /// When it is too long, too deep, not CEL, or uses a name or function that is not known.
    pub fn compile(source: &str, scope: &Scope) -> Result<Self, CompileError> {
        let parsed = syntax::parse(source, scope)?;
        let inner = Arc::new(Inner {
            source: source.to_owned(),
            expr: parsed.expr,
            slots: parsed.slots,
            references: parsed.references,
        });
        Ok(Self { inner })
    }

    /// The text that was compiled.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.inner.source
    }

    /// The variables that it names, in the order of the source, each once.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.inner.references
    }

    /// What the expression, as a condition, demands of single fields: where one of these does not hold, it does not,
    /// whether by being false or by an error.
    #[must_use]
    pub fn guards(&self) -> Vec<Guard> {
        guard::guards(&self.inner.expr, &self.inner.slots)
    }

    /// The value of a condition, and the part of the source (in bytes) that made it so: of terms joined by `&&` the
    /// first that is false, else the first that failed.
    pub fn explain_bool(
        &self,
        variables: &dyn Variables,
        now_ms: i64,
    ) -> (Result<bool, EvalError>, Range<usize>) {
        let verdict = self.evaluate_bool(variables, now_ms);
        let mut part = &self.inner.expr;
        while let Kind::And(terms) = &part.kind {
            let mut values = terms.iter().map(|term| {
                let value = self.run_part(term, variables, now_ms, truth);
                (term, value)
            });
            let decisive = match verdict {
                Ok(true) => None,
                Ok(false) => values.find(|(_, value)| matches!(value, Ok(false))),
                Err(_) => values.find(|(_, value)| value.is_err()),
            };
            let Some((term, _)) = decisive else { break };
            part = term;
        }
        (verdict, part.span.range())
    }

    /// The variable that the whole expression is, when it is nothing else.
    pub(crate) fn variable(&self) -> Option<&Reference> {
        match (&self.inner.expr.kind, &*self.inner.references) {
            (Kind::Variable { optional, .. }, [reference]) if !optional => Some(reference),
            _ => None,
        }
    }

    /// The value of the expression as JSON. `now_ms` is the value of `now` in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the evaluation fails or its value has no JSON form.
    pub fn evaluate(&self, variables: &dyn Variables, now_ms: i64) -> Result<Value, EvalError> {
        self.run(variables, now_ms, |value, budget| to_json(&value, budget))
    }

    /// The value of a condition.
    ///
    /// # Errors
    /// When the evaluation fails or its value is not a boolean.
    pub fn evaluate_bool(&self, variables: &dyn Variables, now_ms: i64) -> Result<bool, EvalError> {
        self.run(variables, now_ms, truth)
    }

    /// The value as a duration in milliseconds: a text such as `1h30m`, or a CEL duration that is not negative.
    ///
    /// # Errors
    /// When the evaluation fails or its value is not a duration.
    pub fn evaluate_duration_ms(
        &self,
        variables: &dyn Variables,
        now_ms: i64,
    ) -> Result<u64, EvalError> {
        self.run(variables, now_ms, |value, _| match value {
            Internal::String(text) => {
                duration::parse(&text).map_err(|error| EvalError::other(error.to_string()))
            }
            Internal::Duration(nanos) => u64::try_from(nanos)
                .map(|nanos| nanos / 1_000_000)
                .ok()
                .filter(|ms| *ms <= duration::MAX_MS)
                .ok_or_else(|| EvalError::other("expected a duration between 0s and 36500d")),
            other => Err(unexpected("a duration", &other)),
        })
    }

    /// The value as a time in milliseconds since the Unix epoch: an RFC 3339 text, or a CEL timestamp.
    ///
    /// # Errors
    /// When the evaluation fails or its value is not a time.
    pub fn evaluate_timestamp_ms(
        &self,
        variables: &dyn Variables,
        now_ms: i64,
    ) -> Result<i64, EvalError> {
        self.run(variables, now_ms, |value, _| match value {
            Internal::String(text) => Ok(time::parse_timestamp(&text)?.as_millisecond()),
            Internal::Timestamp(it) => Ok(it.as_millisecond()),
            other => Err(unexpected("a time", &other)),
        })
    }

    /// Evaluates and hands the value to `finish` while what it borrows still lives.
    pub(crate) fn run<T>(
        &self,
        variables: &dyn Variables,
        now_ms: i64,
        finish: impl FnOnce(Internal<'_>, &mut Budget) -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        self.run_part(&self.inner.expr, variables, now_ms, finish)
    }

    /// [`Program::run`] of a part that uses no variables of loops around it.
    fn run_part<T>(
        &self,
        part: &Expr,
        variables: &dyn Variables,
        now_ms: i64,
        finish: impl FnOnce(Internal<'_>, &mut Budget) -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        let inner = &*self.inner;
        let fetched: Fetched = inner.slots.iter().map(|_| OnceCell::new()).collect();
        let mut evaluator = Evaluator {
            slots: &inner.slots,
            fetched: &fetched,
            variables,
            now_ms,
            locals: Vec::new(),
            budget: Budget::new(),
        };
        let value = evaluator.evaluate(part)?;
        finish(value, &mut evaluator.budget).map_err(|error| error.at(&part.span.range()))
    }
}

fn truth(value: Internal<'_>, _: &mut Budget) -> Result<bool, EvalError> {
    match value {
        Internal::Bool(it) => Ok(it),
        other => Err(unexpected("a boolean", &other)),
    }
}

fn unexpected(expected: &str, value: &Internal<'_>) -> EvalError {
    EvalError::other(format!(
        "expected {expected}, but the value is {}",
        value.noun()
    ))
}
