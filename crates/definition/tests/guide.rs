//! Every snippet of the language's guide is valid as it stands.

use definition::{Catalog, ResourceSet, no_settings_check};

#[test]
fn the_snippets_of_the_guide_are_valid() {
    let page = include_str!("../../../docs/language/README.md");
    let snippets: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(snippets.len() >= 5);
    for snippet in snippets {
        let file = ("guide.yaml".to_owned(), snippet.as_bytes().to_vec());
        let (set, _) = ResourceSet::parse(vec![file]);
        for found in set.validate(&Catalog::default(), &no_settings_check) {
            assert!(!found.refuses_apply(), "{found}");
        }
    }
}
