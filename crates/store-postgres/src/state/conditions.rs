//! A filter as conditions of SQL, with their values. SQL judges all of it, so that lists and
//! counts agree; what a filter means stands in the contract (`InstanceFilter::matches`).

use std::collections::HashMap;

use store::{InstanceFilter, ListCursor, id_of_text, id_part, names, words};
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use super::kinds::Kind;
use crate::text;

/// Conditions and their values, in order.
pub(super) struct Conditions {
    text: String,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Conditions {
    /// What a filter says of rows; none if no row can match.
    pub(super) fn of(filter: &InstanceFilter, kinds: &HashMap<i32, Kind>) -> Option<Self> {
        let mut conditions = Self {
            text: String::from("true"),
            values: vec![],
        };
        let of_kind =
            !filter.statuses.is_empty() || filter.workflow.is_some() || filter.version.is_some();
        if of_kind {
            let wanted = numbers(kinds, |kind| kind.matches(filter));
            if wanted.is_empty() {
                return None;
            }
            conditions.add("kind = ANY({})", wanted, Type::INT4_ARRAY);
        }
        if let Some(correlation_id) = &filter.correlation_id {
            conditions.correlation(correlation_id);
        }
        if let Some(subject) = &filter.subject {
            let subject = text::written(subject).into_owned();
            let condition = "left(subject, 256) = left({}, 256) AND subject = {}";
            conditions.add(condition, subject, Type::TEXT);
        }
        if let Some(parent) = filter.parent_id {
            conditions.add("parent_id = {}", Uuid::from_bytes(parent), Type::UUID);
        }
        for (name, value) in &filter.attributes {
            let term = vec![text::attribute_term(name, value)];
            conditions.add("terms @> {}", term, Type::TEXT_ARRAY);
        }
        if let Some(at) = filter.created_after {
            conditions.add("created_at >= {}", at, Type::INT8);
        }
        if let Some(at) = filter.created_before {
            conditions.add("created_at < {}", at, Type::INT8);
        }
        if let Some(word) = &filter.text {
            conditions.mention(word, kinds);
        }
        Some(conditions)
    }

    /// Only what comes after a list's cursor, newest first.
    pub(super) fn after(&mut self, cursor: ListCursor) {
        let created_at = self.value(cursor.created_at, Type::INT8);
        let id = self.value(Uuid::from_bytes(cursor.id), Type::UUID);
        self.text
            .push_str(&format!(" AND (created_at, id) < ({created_at}, {id})"));
    }

    /// An instance that none but itself caused has no correlation id stored: it is its own id.
    fn correlation(&mut self, correlation_id: &str) {
        let stored = text::written(correlation_id).into_owned();
        let Some(id) = id_of_text(correlation_id).map(Uuid::from_bytes) else {
            let condition = "left(correlation_id, 256) = left({}, 256) AND correlation_id = {}";
            return self.add(condition, stored, Type::TEXT);
        };
        let (stored, id) = (self.value(stored, Type::TEXT), self.value(id, Type::UUID));
        self.text.push_str(&format!(
            " AND (left(correlation_id, 256) = {stored} OR (correlation_id IS NULL AND id = {id}))"
        ));
    }

    /// The beginning of an id; or words, each part of the workflow's name or one of the row's.
    fn mention(&mut self, text: &str, kinds: &HashMap<i32, Kind>) {
        let mut all = vec![];
        for word in words(text) {
            let named = numbers(kinds, |kind| names(&kind.workflow, &word));
            let term = self.value(vec![text::word_term(word)], Type::TEXT_ARRAY);
            let mut any = vec![format!("terms @> {term}")];
            if !named.is_empty() {
                let named = self.value(named, Type::INT4_ARRAY);
                any.push(format!("kind = ANY({named})"));
            }
            all.push(format!("({})", any.join(" OR ")));
        }
        let mut found = match all.is_empty() {
            true => "true".to_owned(),
            false => all.join(" AND "),
        };
        if let Some((first, last)) = id_part(text).and_then(|part| ids_from(&part)) {
            let (first, last) = (self.value(first, Type::UUID), self.value(last, Type::UUID));
            found = format!("id BETWEEN {first} AND {last} OR ({found})");
        }
        self.text.push_str(&format!(" AND ({found})"));
    }

    fn add(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static, kind: Type) {
        let place = self.value(value, kind);
        self.text
            .push_str(&format!(" AND {}", condition.replace("{}", &place)));
    }

    /// Adds a value; answers its place in the text.
    pub(super) fn value(
        &mut self,
        value: impl ToSql + Sync + Send + 'static,
        kind: Type,
    ) -> String {
        self.values.push((Box::new(value), kind));
        format!("${}", self.values.len())
    }

    /// What stands behind `WHERE`.
    pub(super) fn sql(&self) -> &str {
        &self.text
    }

    /// The values, for a statement that is planned with them.
    pub(super) fn values(&self) -> Vec<(&(dyn ToSql + Sync), Type)> {
        let values = self.values.iter();
        values
            .map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone()))
            .collect()
    }
}

fn numbers(kinds: &HashMap<i32, Kind>, wanted: impl Fn(&Kind) -> bool) -> Vec<i32> {
    let wanted = kinds.iter().filter(|(_, kind)| wanted(kind));
    let mut numbers: Vec<i32> = wanted.map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers
}

/// The least and the greatest id that begin with these hexadecimal digits; none if there are more
/// of them than an id has.
fn ids_from(digits: &str) -> Option<(Uuid, Uuid)> {
    let first = Uuid::try_parse(&format!("{digits:0<32}")).ok()?;
    let last = Uuid::try_parse(&format!("{digits:f<32}")).ok()?;
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_by_their_beginning() {
        let ids = |digits| ids_from(digits).map(|(first, last)| (first.as_u128(), last.as_u128()));
        let first = 0xabcd_ef01 << 96;
        assert_eq!(ids("abcdef01"), Some((first, first | ((1 << 96) - 1))));
        assert_eq!(ids(&"a".repeat(33)), None);
    }
}
