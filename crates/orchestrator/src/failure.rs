//! Why a command failed: a message for standard error, and an exit code.

use api::{Code, Exit, Finding, Problem};

use crate::terminal;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// What the process ends with.
    pub exit: Exit,
    code: Option<String>,
    message: String,
    findings: Vec<Finding>,
}

impl Failure {
    /// A failure of this code.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        let code_id = Some(code.id.to_owned());
        Self {
            exit: code.exit,
            code: code_id,
            message: message.into(),
            findings: Vec::new(),
        }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::BAD_USAGE, message)
    }

    /// A failure that everything was already said about.
    pub fn silent(exit: Exit) -> Self {
        Self {
            exit,
            code: None,
            message: String::new(),
            findings: Vec::new(),
        }
    }

    /// The failure that a server's problem is.
    pub fn from_problem(problem: Problem) -> Self {
        let known = Code::find(&problem.code);
        let exit = known.map_or_else(|| exit_of(problem.status), |code| code.exit);
        let Problem {
            code,
            detail,
            errors,
            ..
        } = problem;
        Self {
            exit,
            code: Some(code),
            message: detail,
            findings: errors,
        }
    }

    /// The same, about one of several.
    #[must_use]
    pub fn about(self, id: &str) -> Self {
        Self {
            message: format!("{id}: {}", self.message),
            ..self
        }
    }

    /// Whether the server may do it in a moment.
    pub fn is_passing(&self) -> bool {
        let passing = [
            Code::UNREACHABLE,
            Code::STOPPING,
            Code::BEHIND,
            Code::OVERLOADED,
        ];
        passing
            .iter()
            .any(|code| self.code.as_deref() == Some(code.id))
    }

    /// Prints it on standard error.
    pub fn print(&self) {
        if self.message.is_empty() {
            return;
        }
        let code = self
            .code
            .as_deref()
            .map(|code| format!("[{code}]"))
            .unwrap_or_default();
        eprintln!(
            "{}: {}",
            terminal::red(&format!("error{code}")),
            self.message
        );
        for finding in &self.findings {
            eprintln!("{}", describe(finding));
        }
        if let Some(code) = self.code.as_deref().and_then(Code::find) {
            eprintln!("{}: {}", terminal::dim("help"), code.mend);
        }
    }
}

/// The exit code of an answer without a code of ours.
fn exit_of(status: u16) -> Exit {
    match status {
        404 => Exit::NotFound,
        401 | 403 | 409 | 412 => Exit::Refused,
        400 | 413 | 415 | 422 => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// A finding as `FILE:LINE:COLUMN: error[CODE]: message`, with the line and a caret.
pub fn describe(finding: &Finding) -> String {
    let severity = finding.severity.as_deref().unwrap_or("error");
    let code = finding
        .code
        .as_deref()
        .map(|code| format!("[{code}]"))
        .unwrap_or_default();
    let mut text = format!("{}{severity}{code}: {}", place(finding), finding.message);
    if let (Some(excerpt), Some(line)) = (&finding.excerpt, finding.line) {
        let column = usize::try_from(finding.column.unwrap_or(1)).unwrap_or(1);
        let caret = " ".repeat(column.saturating_sub(1).min(excerpt.chars().count()));
        let gutter = " ".repeat(line.to_string().len());
        text.push_str(&format!("\n {line} | {excerpt}\n {gutter} | {caret}^"));
    }
    if let Some(hint) = &finding.hint {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

fn place(finding: &Finding) -> String {
    let column = finding
        .column
        .map(|column| format!(":{column}"))
        .unwrap_or_default();
    match (&finding.file, finding.line, &finding.pointer) {
        (Some(file), Some(line), _) => format!("{file}:{line}{column}: "),
        (Some(file), None, _) => format!("{file}: "),
        (None, Some(line), _) => format!("  line {line}{column}: "),
        (None, None, Some(pointer)) if !pointer.is_empty() => format!("  {pointer}: "),
        (None, None, _) => "  ".to_owned(),
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self {
            exit: Exit::Failed,
            code: None,
            message: error.to_string(),
            findings: Vec::new(),
        }
    }
}
