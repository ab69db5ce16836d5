use crate::{CompileError, EvalError, Scope, Variables};
use serde_json::Value;
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
    /// The member, for roots that the scope declares with members: the step's id, the setting's name.
    pub member: Option<String>,
    /// The field, for `steps` and `adapters`: `output`, `in-flight`.
    pub field: Option<String>,
    /// The start and end of the name in bytes of the expression's source.
    pub span: (usize, usize),
}

/// A compiled expression. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Program {
    source: Arc<str>,
    references: Arc<[Reference]>,
}

impl Program {
    /// Compiles a bare expression against the names of its place.
    ///
    /// # Errors
    /// When it is too long, too deep, not CEL, or uses a name or function that is not known.
    pub fn compile(source: &str, scope: &Scope) -> Result<Self, CompileError> {
        let _ = scope;
        let span: Range<usize> = 0..source.len();
        Err(CompileError::new("expressions are not compiled yet", span).with_hint(source))
    }

    /// The text that was compiled.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The variables that it names, in the order of the source, each mention once.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The value of the expression as JSON. `now_ms` is the value of `now` in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When the evaluation fails or its value has no JSON form.
    pub fn evaluate(&self, variables: &dyn Variables, now_ms: i64) -> Result<Value, EvalError> {
        let _ = (variables, now_ms);
        Err(EvalError::other("expressions are not evaluated yet").at(&(0..1)))
    }

    /// The value of a condition.
    ///
    /// # Errors
    /// When the evaluation fails or its value is not a boolean.
    pub fn evaluate_bool(&self, variables: &dyn Variables, now_ms: i64) -> Result<bool, EvalError> {
        let value = self.evaluate(variables, now_ms)?;
        value
            .as_bool()
            .ok_or_else(|| EvalError::missing("not a boolean"))
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
        self.evaluate(variables, now_ms).map(|_| 0)
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
        self.evaluate(variables, now_ms).map(|_| 0)
    }
}
