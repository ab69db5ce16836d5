use std::path::Path;

use serde_json::Value;

use crate::http::action::{ACTION_KEYS, METHODS};
use crate::http::auth::{OAUTH2_KEYS, SCHEMES};
use crate::http::config::HTTP_KEYS;
use crate::http::signature::SIGNATURE_KEYS;
use crate::http::standard::STANDARD_KEYS;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/adapters.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_example_of_the_page_is_accepted() {
    let page = page();
    let examples = page.split("```yaml\n").skip(1);
    let mut checked = 0;
    for example in examples {
        let yaml = example.split("```").next().unwrap();
        let document: Value = serde_saphyr::from_str(yaml).unwrap();
        for settings in document["adapters"].as_array().unwrap() {
            let errors = crate::registry().check(settings);
            assert!(errors.is_empty(), "{}: {errors:?}", settings["name"]);
            checked += 1;
        }
    }
    assert!(checked >= 3, "the page has only {checked} examples");
}

#[test]
fn every_setting_stands_on_the_page() {
    let page = page();
    let keys: [&[&str]; 7] = [
        &HTTP_KEYS,
        &ACTION_KEYS,
        &METHODS,
        &SCHEMES,
        &SIGNATURE_KEYS,
        &OAUTH2_KEYS,
        &STANDARD_KEYS,
    ];
    for key in keys.into_iter().flatten() {
        let forms = [format!("`{key}`"), format!("`{key}:"), format!("{key}: ")];
        let found = forms.iter().any(|form| page.contains(form.as_str()));
        assert!(found, "`{key}` is not documented");
    }
}
