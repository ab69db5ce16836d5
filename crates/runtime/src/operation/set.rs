//! On which an operation works.

use engine::Id;
use serde::{Deserialize, Serialize};
use store::{InstanceFilter, ListCursor};

use crate::dead_letter::LetterFilter;

/// On which an operation works. It is stored: names and fields stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationSet {
    /// Those that were there when it was made and fit when their turn comes.
    Filter(Box<Filter>),
    /// Dead letters that wait, were there when it was made, and fit.
    Letters(Box<LetterFilter>),
    /// These.
    Ids(Vec<Id>),
}

/// See [`InstanceFilter`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    statuses: Vec<String>,
    workflow: Option<String>,
    version: Option<String>,
    correlation_id: Option<String>,
    subject: Option<String>,
    parent_id: Option<Id>,
    attributes: Vec<(String, String)>,
    created_after: Option<i64>,
    created_before: Option<i64>,
    text: Option<String>,
}

impl From<InstanceFilter> for Filter {
    fn from(filter: InstanceFilter) -> Self {
        Self {
            statuses: filter.statuses,
            workflow: filter.workflow,
            version: filter.version,
            correlation_id: filter.correlation_id,
            subject: filter.subject,
            parent_id: filter.parent_id.map(Id::from_bytes),
            attributes: filter.attributes,
            created_after: filter.created_after,
            created_before: filter.created_before,
            text: filter.text,
        }
    }
}

impl From<Filter> for InstanceFilter {
    fn from(filter: Filter) -> Self {
        Self {
            statuses: filter.statuses,
            workflow: filter.workflow,
            version: filter.version,
            correlation_id: filter.correlation_id,
            subject: filter.subject,
            parent_id: filter.parent_id.map(Id::bytes),
            attributes: filter.attributes,
            created_after: filter.created_after,
            created_before: filter.created_before,
            text: filter.text,
        }
    }
}

/// The text of a place in a list of instances, as it is journaled.
pub(super) fn place_text(cursor: ListCursor) -> String {
    format!("{}/{}", cursor.created_at, Id::from_bytes(cursor.id))
}

/// The place that a text stands for.
pub(super) fn place_in(text: &str) -> Option<ListCursor> {
    let (created_at, id) = text.split_once('/')?;
    Some(ListCursor {
        created_at: created_at.parse().ok()?,
        id: id.parse::<Id>().ok()?.bytes(),
    })
}
