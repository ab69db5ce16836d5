//! The rules. A failure lists every offence and says how to mend it.

mod absences;
mod dependencies;
mod documents;
mod layers;
mod sizes;

use std::path::Path;

use tidy::ratchet::{Entries, parse};

/// Fails with all complaints, and what to do about them.
fn demand_none(complaints: &[String], mend: &str) {
    assert!(
        complaints.is_empty(),
        "{mend}\n  {}\n",
        complaints.join("\n  ")
    );
}

fn own_file(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(file).expect("the file is beside this crate's manifest")
}

fn ratchet() -> Entries {
    parse(&own_file("tidy-ratchet.txt")).expect("every line of the ratchet has three parts")
}

#[test]
fn the_ratchet_names_only_known_rules() {
    let known = [
        sizes::FILE_LINES,
        sizes::FUNCTION_LINES,
        dependencies::VERSIONS,
    ];
    for (rule, what) in ratchet().keys() {
        assert!(known.contains(&rule.as_str()), "{rule} {what}");
    }
}
