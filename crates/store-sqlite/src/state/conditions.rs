//! A filter as conditions of SQL. What SQL does not judge (attributes, text) the caller does, with
//! the filter's own `matches`.

use rusqlite::types::Value;
use store::{InstanceFilter, ListCursor, id_of_text};

/// Conditions and their values, in order.
#[derive(Default)]
pub(super) struct Conditions {
    text: String,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// What a filter says of columns.
    pub(super) fn of(filter: &InstanceFilter) -> Self {
        let mut conditions = Self::default();
        let kinds = Self::of_kinds(filter);
        if !kinds.text.is_empty() {
            let condition = format!("instance.kind IN (SELECT kind FROM kind{})", kinds.text);
            conditions.add(&condition, kinds.values);
        }
        if let Some(correlation_id) = &filter.correlation_id {
            conditions.correlation(correlation_id);
        }
        if let Some(subject) = &filter.subject {
            conditions.add("subject = ?", [Value::from(subject.clone())]);
        }
        if let Some(parent) = filter.parent_id {
            conditions.add("parent_id = ?", [Value::from(parent.to_vec())]);
        }
        if let Some(at) = filter.created_after {
            conditions.add("created_at >= ?", [Value::from(at)]);
        }
        if let Some(at) = filter.created_before {
            conditions.add("created_at < ?", [Value::from(at)]);
        }
        conditions
    }

    /// What it says of what instances have in common.
    fn of_kinds(filter: &InstanceFilter) -> Self {
        let mut conditions = Self::default();
        if !filter.statuses.is_empty() {
            let marks = vec!["?"; filter.statuses.len()].join(", ");
            let values = filter.statuses.iter().cloned().map(Value::from);
            conditions.add(&format!("status IN ({marks})"), values);
        }
        if let Some(workflow) = &filter.workflow {
            conditions.add("workflow = ?", [Value::from(workflow.clone())]);
        }
        if let Some(version) = &filter.version {
            conditions.add("version = ?", [Value::from(version.clone())]);
        }
        conditions
    }

    fn correlation(&mut self, correlation_id: &str) {
        let text = Value::from(correlation_id.to_owned());
        match id_of_text(correlation_id) {
            None => self.add("correlation_id = ?", [text]),
            Some(id) => {
                let condition = "(correlation_id = ? OR (id = ? AND correlation_id IS NULL))";
                self.add(condition, [text, Value::from(id.to_vec())]);
            }
        }
    }

    /// Only what comes after a list's cursor, newest first.
    pub(super) fn after(mut self, cursor: Option<ListCursor>) -> Self {
        if let Some(at) = cursor {
            let values = [Value::from(at.created_at), Value::from(at.id.to_vec())];
            self.add("(created_at, id) < (?, ?)", values);
        }
        self
    }

    fn add(&mut self, condition: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(if self.text.is_empty() {
            " WHERE "
        } else {
            " AND "
        });
        self.text.push_str(condition);
        self.values.extend(values);
    }

    /// The conditions with their `WHERE`; empty when there are none.
    pub(super) fn sql(&self) -> &str {
        &self.text
    }
}

/// Whether SQL judges all of a filter.
pub(super) fn judged_by_sql(filter: &InstanceFilter) -> bool {
    filter.attributes.is_empty() && filter.text.is_none()
}
