//! What is wrong with a document, where, and how to mend it.

pub mod codes;
mod nearest;
mod render;
mod report;

use std::ops::Range;

pub(crate) use nearest::nearest;
pub(crate) use report::{At, Report};

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is not valid.
    Error,
    /// The language has it and a later release brings it: `validate` warns, `apply` refuses.
    NotYet,
    /// Valid, but likely to hurt.
    Warning,
}

/// One finding about a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// `ORC-1xxx`; each has a page in `docs/errors`.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to write instead, when that is known.
    pub hint: Option<String>,
    /// The file's name as it was given.
    pub file: String,
    /// Counted from 1; 0 where the document came as a JSON value without places.
    pub line: u32,
    /// In characters, counted from 1; 0 where it is not known.
    pub column: u32,
    /// JSON pointer into the YAML document.
    pub pointer: String,
    /// The place in bytes of the file.
    pub span: Range<usize>,
    /// The text of the line, for the caret; shortened when it is very long.
    pub excerpt: String,
}

impl Diagnostic {
    /// Whether `apply` refuses the document because of it.
    #[must_use]
    pub fn refuses_apply(&self) -> bool {
        self.severity != Severity::Warning
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&render::render(self))
    }
}
