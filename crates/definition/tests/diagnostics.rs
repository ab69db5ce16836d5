//! Documents and what is said about them: `tests/diagnostics/*.txt` hold cases of YAML and the expected text.
//!
//! A case begins with `## title`; its document ends at a line `>>>`, after which stands what is expected. A document
//! that begins with `steps:` is put into a workflow. `UPDATE_GENERATED=1` writes what was found; review it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use definition::{Catalog, ResourceSet, no_settings_check};

#[test]
fn documents_are_diagnosed_as_written() {
    let mut failed = Vec::new();
    for path in fixtures() {
        let text = std::fs::read_to_string(&path).expect("a fixture");
        let found = run(&text);
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::write(&path, found).expect("the fixture can be written");
        } else if found != text {
            failed.push(format!(
                "{}:\n{}",
                path.display(),
                first_difference(&text, &found)
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let entries = std::fs::read_dir(folder).expect("the fixtures");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// The fixture with the findings of now.
fn run(text: &str) -> String {
    let mut found = String::new();
    for case in text.split("## ").skip(1) {
        let (title, rest) = case.split_once('\n').expect("a title");
        let (document, _) = rest
            .split_once("\n>>>\n")
            .expect("a document that ends at `>>>`");
        let findings = check(document);
        writeln!(found, "## {title}\n{document}\n>>>\n{findings}").expect("text");
    }
    found
}

fn check(document: &str) -> String {
    let document = if document.starts_with("steps:") {
        in_workflow(document)
    } else {
        document.to_owned()
    };
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), document.into_bytes())]);
    let found = set.validate(&neighbours(), &no_settings_check);
    let lines: Vec<String> = found.iter().map(|found| format!("{found}\n")).collect();
    if lines.is_empty() {
        "fine\n".to_owned()
    } else {
        lines.concat()
    }
}

fn in_workflow(steps: &str) -> String {
    let mut document = "workflow:\n  name: w\n  version: 1.0.0\n  timeout: 1h\n".to_owned();
    for line in steps.lines() {
        writeln!(document, "  {line}").expect("text");
    }
    document
}

/// Adapters `a` and `b`, `local`, and a workflow `child`, so that cases need not define them.
fn neighbours() -> Catalog {
    let text = include_str!("neighbours.yaml");
    let (set, _) = ResourceSet::parse(vec![(
        "neighbours.yaml".to_owned(),
        text.as_bytes().to_vec(),
    )]);
    let applied = set.apply_to(&Catalog::default(), &no_settings_check);
    applied.unwrap_or_else(|found| panic!("{}", found[0])).new
}

fn first_difference(expected: &str, found: &str) -> String {
    let pairs = expected.lines().zip(found.lines()).enumerate();
    let different = pairs
        .into_iter()
        .find(|(_, (expected, found))| expected != found);
    match different {
        Some((line, (expected, found))) => format!(
            "line {}: expected\n  {expected}\nbut found\n  {found}",
            line + 1
        ),
        None => "one is longer than the other".to_owned(),
    }
}
