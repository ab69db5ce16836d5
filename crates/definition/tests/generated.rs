//! What is made from the tables is checked in; these tests fail when it drifts. `UPDATE_GENERATED=1` writes it anew.

use std::path::{Path, PathBuf};

fn check(path: &str, expected: &str) {
    let path = docs().join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, expected).expect("the file can be written");
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let shown = path.display();
    assert!(
        found == expected,
        "{shown} has drifted: run `UPDATE_GENERATED=1 cargo test -p definition --test generated`"
    );
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn the_json_schema_is_up_to_date() {
    let schema = serde_json::to_string_pretty(&definition::json_schema()).expect("JSON") + "\n";
    check("schema/orchestrator.schema.json", &schema);
}

#[test]
fn the_reference_page_is_up_to_date() {
    check("language/reference.md", &definition::reference_page());
}

#[test]
fn every_code_has_its_page() {
    for code in definition::codes::ALL {
        check(&format!("errors/{}.md", code.id), &code.page());
    }
    for (left, right) in definition::codes::ALL
        .iter()
        .zip(&definition::codes::ALL[1..])
    {
        assert!(left.id < right.id, "{} stands before {}", left.id, right.id);
    }
}

#[test]
fn the_schema_accepts_the_brief() {
    let schema = definition::json_schema();
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    for snippet in [
        include_str!("brief/workflow.yaml"),
        include_str!("brief/environments.yaml"),
        include_str!("brief/router.yaml"),
    ] {
        let document: serde_json::Value = serde_saphyr::from_str(snippet).expect("YAML");
        let found: Vec<_> = validator
            .iter_errors(&document)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(found, Vec::<String>::new());
    }
}
