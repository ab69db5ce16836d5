//! What a filter means, in one place, so that every store answers alike.

use crate::{CountBy, EntityId, InstanceFilter, InstanceRow, ListCursor};

impl InstanceFilter {
    /// Whether all conditions hold for this row.
    pub fn matches(&self, row: &InstanceRow) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && is(self.workflow.as_ref(), &row.workflow)
            && is(self.version.as_ref(), &row.version)
            && is(self.correlation_id.as_ref(), &row.correlation_id)
            && (self.subject.is_none() || self.subject == row.subject)
            && (self.parent_id.is_none() || self.parent_id == row.parent_id)
            && self.attributes.iter().all(|a| row.attributes.contains(a))
            && self.created_after.is_none_or(|at| row.created_at >= at)
            && self.created_before.is_none_or(|at| row.created_at < at)
            && self.text.as_ref().is_none_or(|word| mentions(row, word))
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
        match by {
            CountBy::Nothing => vec![],
            CountBy::Status => vec![self.status.clone()],
            CountBy::Workflow => vec![self.workflow.clone()],
            CountBy::Version => vec![self.workflow.clone(), self.version.clone()],
        }
    }
}

fn is(wanted: Option<&String>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

/// Whether a word occurs in the row's id, workflow name, correlation id, subject or error,
/// without regard to the case of ASCII letters. Hyphens in a part of an id do not matter.
fn mentions(row: &InstanceRow, word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let texts = [
        Some(&row.workflow),
        Some(&row.correlation_id),
        row.subject.as_ref(),
        row.error.as_ref(),
    ];
    id_part(&word).is_some_and(|part| hex(&row.id).contains(&part))
        || texts
            .into_iter()
            .flatten()
            .any(|text| text.to_ascii_lowercase().contains(&word))
}

/// The word as part of an id's hexadecimal digits, in lower case and without hyphens, if it can
/// be one.
pub fn id_part(word: &str) -> Option<String> {
    let part: String = word.chars().filter(|c| *c != '-').collect();
    let hexadecimal = !part.is_empty() && part.chars().all(|c| c.is_ascii_hexdigit());
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
    fn a_word_is_found_in_ids_names_and_errors() {
        check(|f| f.text = Some("BILLING".into()), true);
        check(|f| f.text = Some("corr-7".into()), true);
        check(|f| f.text = Some("ada".into()), true);
        check(|f| f.text = Some("abab-abab".into()), true);
        check(|f| f.text = Some("order".into()), true);
        check(|f| f.text = Some("eu".into()), false);
        check(|f| f.text = Some("-".into()), true);
    }
}
