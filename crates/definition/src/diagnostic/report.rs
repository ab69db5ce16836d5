use super::codes::Code;
use super::{Diagnostic, Severity};
use crate::source::{Entry, Node, Path, SourceFile, Span};

/// No excerpt is longer, in characters.
const MAX_EXCERPT: usize = 200;
/// No file yields more errors, nor more warnings: the rest follows once these are mended.
const MAX_OF_A_KIND: usize = 200;

/// Where a finding belongs.
#[derive(Clone, Debug, Default)]
pub(crate) struct At {
    pub(crate) span: Span,
    pub(crate) path: Path,
}

impl At {
    /// The first of the place that is shown when a node spans lines is its start.
    pub(crate) fn node(node: &Node) -> Self {
        Self {
            span: node.span,
            path: node.path.clone(),
        }
    }

    pub(crate) fn key(entry: &Entry) -> Self {
        Self {
            span: entry.key_span,
            path: entry.value.path.clone(),
        }
    }
}

/// Collects the findings of one file.
pub(crate) struct Report {
    pub(crate) file: SourceFile,
    pub(crate) diagnostics: Vec<Diagnostic>,
    overflow: Option<Box<Diagnostic>>,
}

impl Report {
    pub(crate) fn new(file: SourceFile) -> Self {
        Self {
            file,
            diagnostics: Vec::new(),
            overflow: None,
        }
    }

    pub(crate) fn error(
        &mut self,
        code: &'static Code,
        at: &At,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Error, code, at, message.into())
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static Code,
        at: &At,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.add(Severity::Warning, code, at, message.into())
    }

    /// Reports a part of the language that a later release brings.
    pub(crate) fn not_yet(&mut self, at: &At, what: &str) -> &mut Diagnostic {
        let message = format!("{what} is not available yet");
        self.add(Severity::NotYet, &super::codes::NOT_YET, at, message)
    }

    /// Whether anything so far makes the document invalid.
    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error)
    }

    /// The findings in the order of the file.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.diagnostics
            .sort_by_key(|found| (found.line, found.column, found.severity));
        self.diagnostics
    }

    fn add(
        &mut self,
        severity: Severity,
        code: &'static Code,
        at: &At,
        message: String,
    ) -> &mut Diagnostic {
        let mut found = Diagnostic {
            severity,
            code: code.id,
            message,
            hint: None,
            file: self.file.name.to_string(),
            line: at.span.line,
            column: at.span.column,
            pointer: String::new(),
            span: at.span.start..at.span.end.max(at.span.start),
            excerpt: String::new(),
        };
        let refuses = found.refuses_apply();
        let alike = self
            .diagnostics
            .iter()
            .filter(|other| other.refuses_apply() == refuses)
            .count();
        if alike >= MAX_OF_A_KIND {
            return self.overflow.insert(Box::new(found));
        }
        found.pointer = at.path.pointer();
        found.excerpt = self
            .file
            .line(at.span.line)
            .chars()
            .take(MAX_EXCERPT)
            .collect();
        self.diagnostics.push(found);
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }
}

impl Diagnostic {
    /// Adds what to write instead.
    pub(crate) fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }
}
