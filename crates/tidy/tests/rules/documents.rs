//! Documents that can be trusted: links lead somewhere, crates say what they are, examples are what they claim.

use std::path::Path;

use tidy::links::relative_links;
use tidy::repository::{root, tracked};

use crate::demand_none;

#[test]
fn links_lead_somewhere() {
    let mut complaints = Vec::new();
    for file in tracked(&[".md"]) {
        let document = root().join(&file.path);
        let folder = document.parent().map(Path::to_path_buf).unwrap_or_default();
        for target in relative_links(&file.text) {
            if !folder.join(&target).exists() {
                complaints.push(format!("{}: {target}", file.path));
            }
        }
    }
    demand_none(&complaints, "these links lead nowhere");
}

#[test]
fn every_crate_says_what_it_is() {
    let mut complaints = Vec::new();
    for file in tracked(&["/src/lib.rs", "/src/main.rs"]) {
        let first = file.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.contains("Placeholder") {
            complaints.push(file.path);
        }
    }
    demand_none(
        &complaints,
        "begin with a `//!` sentence that says what the crate is for",
    );
}

#[test]
fn the_onboarding_example_is_the_briefs_workflow() {
    let read = |path: &str| std::fs::read_to_string(root().join("examples").join(path)).unwrap();
    assert_eq!(
        read("customer-onboarding/workflow.yaml"),
        read("brief/workflow.yaml")
    );
}
