use std::ops::Range;

/// Why an expression does not compile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead, when that is known.
    pub hint: Option<String>,
    /// The place, in bytes of the expression's source.
    pub span: Range<usize>,
}

impl CompileError {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What sort of failure an evaluation had; the places of the language treat them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvalErrorKind {
    /// A name that the data does not have: an absent key, an absent variable, or a field of null.
    MissingField,
    /// Anything else: a wrong type, an overflow, a bad argument, too high a cost.
    Other,
}

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// Whether a field was missing or something else is wrong.
    pub kind: EvalErrorKind,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The innermost failing part, in bytes of the expression's source, where known.
    pub span: Option<Range<usize>>,
}

impl EvalError {
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self {
            kind: EvalErrorKind::Other,
            message: message.into(),
            span: None,
        }
    }

    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self {
            kind: EvalErrorKind::MissingField,
            message: message.into(),
            span: None,
        }
    }

    /// Keeps the innermost place: an outer node does not overwrite it.
    pub(crate) fn at(mut self, span: &Range<usize>) -> Self {
        if self.span.is_none() {
            self.span = Some(span.clone());
        }
        self
    }
}
