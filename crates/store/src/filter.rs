//! What a filter means, in one place, so that every store answers alike.

use crate::id_text::is_id_text;
use crate::{CountBy, EntityId, InstanceFilter, InstanceRow, ListCursor};

impl InstanceFilter {
    /// Whether all conditions hold for this row.
    pub fn matches(&self, row: &InstanceRow) -> bool {
        self.fits_kind(&row.workflow, &row.version, &row.status)
            && is(self.correlation_id.as_ref(), &row.correlation_id)
            && (self.subject.is_none() || self.subject == row.subject)
            && (self.parent_id.is_none() || self.parent_id == row.parent_id)
            && self.attributes.iter().all(|a| row.attributes.contains(a))
            && self.created_after.is_none_or(|at| row.created_at >= at)
            && self.created_before.is_none_or(|at| row.created_at < at)
            && self.text.as_ref().is_none_or(|word| mentions(row, word))
    }

    /// Whether the conditions on what many instances have in common hold.
    pub fn fits_kind(&self, workflow: &str, version: &str, status: &str) -> bool {
        (self.statuses.is_empty() || self.statuses.iter().any(|wanted| wanted == status))
            && is(self.workflow.as_ref(), workflow)
            && is(self.version.as_ref(), version)
    }
}

impl CountBy {
    /// The group of an instance of this kind.
    pub fn group(self, workflow: &str, version: &str, status: &str) -> Vec<String> {
        match self {
            Self::Nothing => vec![],
            Self::Status => vec![status.to_owned()],
            Self::Workflow => vec![workflow.to_owned()],
            Self::Version => vec![workflow.to_owned(), version.to_owned()],
        }
    }
}

impl InstanceRow {
    /// The row's place in a list.
    pub fn cursor(&self) -> ListCursor {
        ListCursor {
            created_at: self.created_at,
            id: self.id,
        }
    }

    /// The group that a count puts the row into.
    pub fn group(&self, by: CountBy) -> Vec<String> {
        by.group(&self.workflow, &self.version, &self.status)
    }

    /// Whether a list that goes on after a cursor still has this row to come.
    pub fn follows(&self, after: Option<ListCursor>) -> bool {
        after.is_none_or(|at| (self.created_at, self.id) < (at.created_at, at.id))
    }
}

fn is(wanted: Option<&String>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

/// Whether the text is the beginning of the row's id, or each of its words is part of the workflow's
/// name or a word of the correlation id, the subject or the error.
fn mentions(row: &InstanceRow, text: &str) -> bool {
    if id_part(text).is_some_and(|part| hex(&row.id).starts_with(&part)) {
        return true;
    }
    words(text)
        .all(|word| names(&row.workflow, &word) || row.searched().any(|text| has_word(text, &word)))
}

/// Whether a word in lower case is part of a workflow's name.
pub fn names(workflow: &str, word: &str) -> bool {
    let upper = workflow.contains(char::is_uppercase);
    workflow.contains(word) || (upper && workflow.to_lowercase().contains(word))
}

/// Whether a word in lower case is a word of a text.
fn has_word(text: &str, word: &str) -> bool {
    let mut found =
        split_words(text).filter(|found| found.len() == word.len() || !found.is_ascii());
    found.any(|found| match found.is_ascii() {
        true => found.eq_ignore_ascii_case(word),
        false => found.to_lowercase() == word,
    })
}

impl InstanceRow {
    /// The texts whose words a search finds, beside the workflow's name. A correlation id that is the instance's own id is not
    /// among them: the id is found as such.
    pub fn searched(&self) -> impl Iterator<Item = &str> {
        let correlation_id = Some(&self.correlation_id).filter(|_| !self.is_own_correlation());
        let texts = [correlation_id, self.subject.as_ref(), self.error.as_ref()];
        texts.into_iter().flatten().map(String::as_str)
    }

    /// Whether the correlation id is the text of the instance's own id: lower case, with hyphens.
    pub fn is_own_correlation(&self) -> bool {
        is_id_text(&self.correlation_id, &self.id)
    }
}

/// A text's words in lower case: what lies between characters that are neither letters nor digits.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    split_words(text).map(str::to_lowercase)
}

fn split_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Fewer digits than these are not taken for the beginning of an id.
const ID_DIGITS: usize = 8;

/// The text as the beginning of an id: hexadecimal digits in lower case without hyphens, at least
/// 8, if it can be one.
pub fn id_part(text: &str) -> Option<String> {
    let part: String = text.chars().filter(|c| *c != '-').collect();
    let hexadecimal = part.len() >= ID_DIGITS && part.chars().all(|c| c.is_ascii_hexdigit());
    hexadecimal.then(|| part.to_ascii_lowercase())
}

fn hex(id: &EntityId) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> InstanceRow {
        InstanceRow {
            id: [0xab; 16],
            workflow: "order".into(),
            version: "2".into(),
            status: "running".into(),
            correlation_id: "corr-7".into(),
            subject: Some("Ada".into()),
            error: Some("HTTP 503 from billing".into()),
            attributes: vec![("region".into(), "eu".into())],
            created_at: 100,
            ..InstanceRow::default()
        }
    }

    fn check(change: impl FnOnce(&mut InstanceFilter), expected: bool) {
        let mut filter = InstanceFilter::default();
        change(&mut filter);
        assert_eq!(filter.matches(&row()), expected, "{filter:?}");
    }

    #[test]
    fn conditions_hold_together() {
        check(|_| (), true);
        check(
            |f| f.statuses = vec!["failed".into(), "running".into()],
            true,
        );
        check(|f| f.statuses = vec!["failed".into()], false);
        check(|f| f.workflow = Some("order".into()), true);
        check(|f| f.version = Some("1".into()), false);
        check(|f| f.subject = Some("Bob".into()), false);
        check(|f| f.parent_id = Some([0; 16]), false);
        check(
            |f| f.attributes = vec![("region".into(), "eu".into())],
            true,
        );
        check(
            |f| f.attributes = vec![("region".into(), "us".into())],
            false,
        );
        check(|f| f.created_after = Some(100), true);
        check(|f| f.created_before = Some(100), false);
    }

    #[test]
    fn only_the_exact_text_of_its_id_is_an_instances_own_correlation() {
        let own = |correlation_id: &str| {
            let correlation_id = correlation_id.to_owned();
            let row = InstanceRow {
                correlation_id,
                ..row()
            };
            row.is_own_correlation()
        };
        assert!(own("abababab-abab-abab-abab-abababababab"));
        for other in [
            "ABABABAB-abab-abab-abab-abababababab",
            "abababababababababababababababab",
            "abababab-abab-abab-abab-ababababab",
            "abababab-abab-abab-abab-abababababab ",
            "",
        ] {
            assert!(!own(other), "{other}");
        }
    }

    #[test]
    fn words_are_found_in_ids_names_and_errors() {
        check(|f| f.text = Some("BILLING".into()), true);
        check(|f| f.text = Some("billing: 503".into()), true);
        check(|f| f.text = Some("bill".into()), false);
        check(|f| f.text = Some("corr-7".into()), true);
        check(|f| f.text = Some("ada".into()), true);
        check(|f| f.text = Some("abab-abab".into()), true);
        check(|f| f.text = Some("ababa".into()), false);
        check(|f| f.text = Some("order".into()), true);
        check(|f| f.text = Some("Rde".into()), true);
        check(|f| f.text = Some("eu".into()), false);
        check(|f| f.text = Some("-".into()), true);
    }
}
