//! `validate`, `apply`, `diff`: sets of definitions.

use std::path::PathBuf;

use api::{ApplyReport, Change, Code, Exit, File, FileSet, Finding, ValidationReport};
use definition::{Catalog, ResourceSet, Severity};
use serde_json::Value;

use super::Session;
use crate::client::Ask;
use crate::failure::{Failure, describe};
use crate::files;
use crate::output::{Output, json};

/// Checks files without a server.
pub fn validate(paths: &[PathBuf], output: Output) -> Result<Exit, Failure> {
    let documents = files::read(paths)?;
    let count = documents.len();
    let named = documents
        .into_iter()
        .map(|document| (document.name, document.bytes));
    let (set, _) = ResourceSet::parse(named.collect());
    let kinds = adapters::registry();
    let found = set.validate(&Catalog::default(), &server::check_settings(&kinds));
    let valid = found.iter().all(|found| found.severity != Severity::Error);
    let report = ValidationReport {
        valid,
        findings: server::findings(&found),
    };
    for diagnostic in &found {
        eprintln!(
            "{diagnostic}
"
        );
    }
    output.show_value(&report, |report| summary(report, count, set.keys().count()))?;
    Ok(if valid { Exit::Well } else { Exit::Usage })
}

fn summary(report: &ValidationReport, files: usize, resources: usize) -> String {
    let errors = report
        .findings
        .iter()
        .filter(|f| f.severity.as_deref() == Some("error"))
        .count();
    let warnings = report.findings.len() - errors;
    format!("{files} files, {resources} resources: {errors} errors, {warnings} warnings")
}

/// Sends files to the server, which applies them, or says what it would do.
pub async fn apply(
    session: &Session,
    paths: &[PathBuf],
    dry_run: bool,
    reason: &str,
) -> Result<Exit, Failure> {
    let mut set = FileSet {
        files: Vec::new(),
        reason: reason.to_owned(),
    };
    for document in files::read(paths)? {
        let name = document.name;
        let unreadable = |_| Failure::new(Code::NOT_UTF8, format!("{name} is not UTF-8"));
        let text = String::from_utf8(document.bytes).map_err(unreadable)?;
        set.files.push(File {
            name: name.clone(),
            text,
        });
    }
    let ask = Ask::default()
        .with("dry_run", dry_run.then_some(true))
        .json(json(&set)?);
    let body = session.client.post("/api/v1/apply", ask).await?;
    session.output.show(&body, |report: &ApplyReport| {
        report.warnings.iter().for_each(warn);
        table(report)
    })
}

fn warn(finding: &Finding) {
    eprintln!("{}\n", describe(finding));
}

fn table(report: &ApplyReport) -> String {
    let mut lines: Vec<String> = Vec::new();
    for change in &report.changes {
        lines.push(format!(
            "{:<10} {} {}",
            change.change, change.kind, change.name
        ));
        if report.dry_run && change.change == "changed" {
            lines.extend(
                differences(change)
                    .into_iter()
                    .map(|line| format!("             {line}")),
            );
        }
    }
    if report.dry_run {
        lines.push("(nothing was changed)".to_owned());
    }
    lines.join("\n")
}

/// What differs, a line for each value: `- /path: old`, `+ /path: new`.
fn differences(change: &Change) -> Vec<String> {
    let value = |json: &Option<api::Json>| json.as_ref().map(api::Json::value).unwrap_or_default();
    let mut lines = Vec::new();
    compare(
        "",
        &value(&change.before),
        &value(&change.after),
        &mut lines,
    );
    lines
}

fn compare(path: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let now = new.get(key).unwrap_or(&Value::Null);
                compare(&format!("{path}/{key}"), value, now, lines);
            }
            for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                lines.push(format!("+ {path}/{key}: {value}"));
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}/{index}"), old, new, lines);
            }
        }
        _ => {
            lines.push(format!("- {path}: {before}"));
            if !after.is_null() {
                lines.push(format!("+ {path}: {after}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_name_their_places() {
        let before = json!({"a": 1, "b": {"c": [1, 2]}, "gone": true});
        let after = json!({"a": 1, "b": {"c": [1, 3]}, "new": "x"});
        let mut lines = Vec::new();
        compare("", &before, &after, &mut lines);
        assert_eq!(
            lines,
            [
                "- /b/c/1: 2",
                "+ /b/c/1: 3",
                "- /gone: true",
                "+ /new: \"x\""
            ]
        );
    }
}
