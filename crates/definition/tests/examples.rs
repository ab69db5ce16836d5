//! The examples of the repository apply to an empty catalog without an error.

use std::path::Path;

use definition::{Catalog, ResourceSet, no_settings_check};

fn check(example: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let entries = std::fs::read_dir(folder.join(example)).expect("the example");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let yaml = paths.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    let files = yaml.map(|path| {
        let name = path.display().to_string();
        (name, std::fs::read(path).expect("a file"))
    });
    let (set, _) = ResourceSet::parse(files.collect());
    let applied = set.apply_to(&Catalog::default(), &no_settings_check);
    let change = applied.unwrap_or_else(|found| panic!("{}", found[0]));
    assert!(!change.new.workflows.is_empty());
    for warning in change.warnings {
        println!("{warning}");
    }
}

#[test]
fn the_examples_apply() {
    check("customer-onboarding");
    check("order-fulfilment");
    check("github-ops");
}
