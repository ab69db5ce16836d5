//! What is known to break a rule and is tolerated until mended: the list may only get shorter, its numbers smaller.

use std::collections::BTreeMap;

/// Entries `rule what -> value`; the value is a number of lines or a list of versions.
pub type Entries = BTreeMap<(String, String), String>;

/// Reads `rule what value...`, one a line; empty lines and `#` comments are for people.
///
/// # Errors
/// A line with fewer than three words.
pub fn parse(text: &str) -> Result<Entries, String> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(entry).collect()
}

fn entry(line: &str) -> Result<((String, String), String), String> {
    let mut words = line.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(rule), Some(what), Some(value)) => {
            Ok(((rule.to_owned(), what.to_owned()), value.to_owned()))
        }
        _ => Err(format!("expected `rule what value`, but got `{line}`")),
    }
}

/// What of `found` the ratchet does not allow, and what it allows needlessly, for one rule; each a sentence.
#[must_use]
pub fn complaints(rule: &str, allowed: &Entries, found: &BTreeMap<String, String>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (what, value) in found {
        match allowed.get(&(rule.to_owned(), what.clone())) {
            None => complaints.push(format!("{what}: {value}")),
            Some(known) if known == value => {}
            Some(known) if is_smaller(value, known) => {
                complaints.push(format!(
                    "{what} shrank to {value}: lower its {known} in tidy-ratchet.txt"
                ));
            }
            Some(known) => complaints.push(format!("{what} grew from {known} to {value}")),
        }
    }
    let mended = allowed
        .keys()
        .filter(|(of, what)| of == rule && !found.contains_key(what));
    complaints.extend(
        mended.map(|(_, what)| format!("{what} is mended: remove it from tidy-ratchet.txt")),
    );
    complaints
}

/// Fewer lines, or fewer versions.
fn is_smaller(value: &str, known: &str) -> bool {
    match (value.parse::<usize>(), known.parse::<usize>()) {
        (Ok(value), Ok(known)) => value < known,
        _ => value
            .split(' ')
            .all(|version| known.split(' ').any(|other| other == version)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ratchet: &str, found: &[(&str, &str)], expected: &[&str]) {
        let allowed = parse(ratchet).unwrap();
        let found = found
            .iter()
            .map(|(what, value)| ((*what).to_owned(), (*value).to_owned()));
        let complaints = complaints("lines", &allowed, &found.collect());
        assert_eq!(complaints.len(), expected.len(), "{complaints:?}");
        for (complaint, part) in complaints.iter().zip(expected) {
            assert!(complaint.contains(part), "{complaint}");
        }
    }

    #[test]
    fn it_only_turns_one_way() {
        check("# none\n", &[], &[]);
        check("", &[("a.rs", "700")], &["a.rs: 700"]);
        check("lines a.rs 700", &[("a.rs", "700")], &[]);
        check("lines a.rs 700", &[("a.rs", "701")], &["grew"]);
        check("lines a.rs 700", &[("a.rs", "650")], &["shrank"]);
        check("lines a.rs 700\nother b.rs 3", &[], &["a.rs is mended"]);
        check("lines x 0.1 0.2 1", &[("x", "0.1 1")], &["shrank"]);
        check("lines x 0.1 1", &[("x", "0.1 2")], &["grew"]);
    }

    #[test]
    fn a_short_line_is_an_error() {
        assert!(parse("lines a.rs").is_err());
    }
}
