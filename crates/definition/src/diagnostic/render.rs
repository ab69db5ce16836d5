use super::{Diagnostic, Severity};

/// The plain text of a finding: place and message, the line, a caret, the hint.
pub(super) fn render(found: &Diagnostic) -> String {
    let label = match found.severity {
        Severity::Error => "error",
        Severity::NotYet | Severity::Warning => "warning",
    };
    let mut text = format!(
        "{}: {label}[{}]: {}",
        place(found),
        found.code,
        found.message
    );
    if found.line > 0 && !found.excerpt.is_empty() {
        text.push_str(&excerpt(found));
    }
    if let Some(hint) = &found.hint {
        text.push_str("\n  = ");
        text.push_str(hint);
    }
    text
}

fn place(found: &Diagnostic) -> String {
    if found.line > 0 {
        return format!("{}:{}:{}", found.file, found.line, found.column);
    }
    if found.pointer.is_empty() {
        found.file.clone()
    } else {
        format!("{}{}", found.file, found.pointer)
    }
}

fn excerpt(found: &Diagnostic) -> String {
    let before = found
        .excerpt
        .chars()
        .take(found.column.saturating_sub(1) as usize);
    // A tab stays a tab so that the caret stands under its character.
    let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    format!(
        "\n  | {}\n  | {indent}{}",
        found.excerpt,
        "^".repeat(caret_length(found))
    )
}

/// The caret spans the place as far as it lies on the line.
fn caret_length(found: &Diagnostic) -> usize {
    let rest = found
        .excerpt
        .chars()
        .skip(found.column.saturating_sub(1) as usize);
    let rest: String = rest.collect();
    let wanted = found.span.len().min(rest.trim_end().len());
    let within = rest
        .char_indices()
        .take_while(|(index, _)| *index < wanted)
        .count();
    within.max(1)
}
