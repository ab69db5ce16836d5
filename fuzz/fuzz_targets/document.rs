//! Any bytes as a file of resources: reading, validating and applying them ends without a panic.
#![no_main]

use definition::{Catalog, ResourceSet, no_settings_check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (set, _) = ResourceSet::parse(vec![("f.yaml".to_owned(), bytes.to_vec())]);
    for found in set.validate(&Catalog::default(), &no_settings_check) {
        assert!(found.span.end <= bytes.len());
        let _ = found.to_string();
    }
    if let Ok(change) = set.apply_to(&Catalog::default(), &no_settings_check) {
        let rebuilt = Catalog::from_stored("", change.new.version, change.new.to_stored());
        assert!(rebuilt.is_ok());
    }
});
