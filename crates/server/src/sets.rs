//! Sets of definitions: read, checked, applied.

use std::collections::BTreeSet;

use adapter::{Registry, Secrets};
use api::{ApplyReport, Change, Code, FileSet, Finding, Json};
use axum::extract::Request;
use definition::{
    Catalog, CatalogChange, ChangeAction, Diagnostic, ResourceSet, SettingsError, Severity,
};
use serde_json::Value;

use crate::door::{Refusal, expect_type, not_json, parse_json, read};
use crate::secrets::SecretSources;

/// The types that a set may come as.
const TYPES: [&str; 5] = [
    "application/yaml",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
    "application/json",
];

/// The name of what was sent without one.
const UNNAMED: &str = "body";

/// What was sent.
pub(crate) struct SentSet {
    /// The files.
    pub files: Vec<(String, Vec<u8>)>,
    /// Why.
    pub reason: String,
}

/// Reads a set: YAML as on disk, the same model as JSON, or JSON that lists files.
pub(crate) async fn read_set(request: Request, most: usize) -> Result<SentSet, Refusal> {
    let kind = expect_type(request.headers(), &TYPES)?;
    let reason = request
        .headers()
        .get("x-reason")
        .and_then(|value| value.to_str().ok());
    let reason = reason.unwrap_or_default().to_owned();
    let body = read(request, most).await?;
    if kind.ends_with("json") {
        let value: Value = serde_json::from_str(body.text()).map_err(|error| not_json(&error))?;
        if value.get("files").is_some() {
            let set: FileSet = parse_json(body.text())?;
            let files = set
                .files
                .into_iter()
                .map(|file| (file.name, file.text.into_bytes()));
            return Ok(SentSet {
                files: files.collect(),
                reason: set.reason,
            });
        }
    }
    Ok(SentSet {
        files: vec![(UNNAMED.to_owned(), body.0.to_vec())],
        reason,
    })
}

/// What an adapter's own kind says of its settings, in the words of the language.
pub fn check_settings(kinds: &Registry) -> impl Fn(&str, &Value) -> Vec<SettingsError> {
    move |_, settings| kinds.check(settings).into_iter().map(in_words).collect()
}

fn in_words(error: adapter::SettingsError) -> SettingsError {
    let not_yet = error.kind == adapter::SettingsErrorKind::NotAvailableYet;
    SettingsError {
        pointer: error.pointer,
        message: error.message,
        hint: error.hint,
        not_yet,
    }
}

/// What the set would make of the catalog.
pub(crate) fn plan(
    set: &ResourceSet,
    base: &Catalog,
    kinds: &Registry,
    secrets: &SecretSources,
) -> Result<CatalogChange, Refusal> {
    let change = set
        .apply_to(base, &check_settings(kinds))
        .map_err(|found| refused(&found))?;
    expect_secrets(&change, secrets)?;
    Ok(change)
}

/// What a change does, in the order of the files.
pub(crate) fn report(change: &CatalogChange) -> ApplyReport {
    let shown = |change: &definition::ResourceChange| Change {
        kind: change.key.kind.as_str().to_owned(),
        name: match &change.key.version {
            Some(version) => format!("{} {version}", change.key.name),
            None => change.key.name.clone(),
        },
        change: match change.action {
            ChangeAction::Created => "created",
            ChangeAction::Changed => "changed",
            ChangeAction::Unchanged => "unchanged",
            ChangeAction::Removed => "removed",
        }
        .to_owned(),
        before: differing(change)
            .and(change.before.as_deref())
            .map(Json::from_value),
        after: differing(change)
            .and(change.after.as_deref())
            .map(Json::from_value),
    };
    ApplyReport {
        dry_run: false,
        catalog_version: change.new.version,
        changes: change.changes.iter().map(shown).collect(),
        warnings: findings(&change.warnings),
    }
}

fn differing(change: &definition::ResourceChange) -> Option<()> {
    (change.action != ChangeAction::Unchanged).then_some(())
}

/// Diagnostics as they go over the wire.
pub fn findings(diagnostics: &[Diagnostic]) -> Vec<Finding> {
    diagnostics.iter().map(finding).collect()
}

fn finding(found: &Diagnostic) -> Finding {
    let severity = match found.severity {
        Severity::Error => "error",
        Severity::NotYet => "not-yet",
        Severity::Warning => "warning",
    };
    Finding {
        pointer: Some(found.pointer.clone()),
        file: Some(found.file.clone()),
        line: Some(found.line).filter(|line| *line > 0),
        column: Some(found.column).filter(|column| *column > 0),
        code: Some(found.code.to_owned()),
        severity: Some(severity.to_owned()),
        message: found.message.clone(),
        hint: found.hint.clone(),
        excerpt: Some(found.excerpt.clone()).filter(|excerpt| !excerpt.is_empty()),
    }
}

/// The refusal of a set.
pub(crate) fn refused(found: &[Diagnostic]) -> Refusal {
    let errors = found.iter().filter(|found| found.refuses_apply()).count();
    let detail = format!(
        "expected definitions that hold, but there are {errors} errors; nothing was applied"
    );
    Refusal::new(Code::BAD_SET, detail).with_all(findings(found))
}

/// Refuses a change that needs a secret which is not there.
fn expect_secrets(change: &CatalogChange, secrets: &SecretSources) -> Result<(), Refusal> {
    let mut findings = Vec::new();
    for change in change
        .changes
        .iter()
        .filter(|change| change.action != ChangeAction::Unchanged)
    {
        let mut names = BTreeSet::new();
        if let Some(document) = &change.after {
            secret_names(document, &mut names);
        }
        for name in names {
            if let Err(error) = secrets.resolve(&name) {
                findings.push(Finding::at(change.key.to_string(), error.to_string()));
            }
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    let detail =
        "expected every secret that the set names, but some are missing; nothing was applied";
    Err(Refusal::new(Code::NO_SECRET, detail).with_all(findings))
}

/// The names after `secrets.` in the expressions of a document.
fn secret_names(document: &Value, names: &mut BTreeSet<String>) {
    match document {
        Value::String(text) if text.contains("${") => {
            for after in text.split("secrets.").skip(1) {
                let name = after
                    .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
                    .next();
                names.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| secret_names(item, names)),
        Value::Object(fields) => fields.values().for_each(|value| secret_names(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_found_wherever_they_stand() {
        let document = json!({
            "auth": {"bearer": "${ secrets.billing-token }"},
            "headers": [{"x": "a ${ secrets.a } b ${secrets.b-2}"}],
            "note": "secrets.none",
        });
        let mut names = BTreeSet::new();
        secret_names(&document, &mut names);
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["a", "b-2", "billing-token"]
        );
    }
}
