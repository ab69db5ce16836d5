//! The snippets of the product's brief, as they stand, pass `validate`.

use definition::{Catalog, ResourceSet, Severity, no_settings_check};

fn check(name: &str, text: &str, not_yet: &[&str]) {
    let (set, _) = ResourceSet::parse(vec![(name.to_owned(), text.as_bytes().to_vec())]);
    let found = set.validate(&Catalog::default(), &no_settings_check);
    let errors: Vec<_> = found
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{name}: {}", errors[0]);
    let later = found
        .iter()
        .filter(|found| found.severity == Severity::NotYet);
    let later: Vec<&str> = later.map(|found| found.message.as_str()).collect();
    assert_eq!(later, not_yet, "{name}");
}

#[test]
fn the_snippets_of_the_brief_are_valid() {
    check("workflow.yaml", include_str!("brief/workflow.yaml"), &[]);
    check(
        "environments.yaml",
        include_str!("brief/environments.yaml"),
        &[],
    );
    check("router.yaml", include_str!("brief/router.yaml"), &[]);
    check("callbacks.yaml", include_str!("brief/callbacks.yaml"), &[]);
}

#[test]
fn what_is_not_available_yet_is_refused_by_apply() {
    let flags = "flags: []\n";
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), flags.as_bytes().to_vec())]);
    let refused = set
        .apply_to(&Catalog::default(), &no_settings_check)
        .expect_err("not available yet");
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].severity, Severity::Error);
    assert_eq!(refused[0].code, "ORC-1060");
}
