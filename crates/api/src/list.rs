//! Lists and counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Send it as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Partitions whose newest changes the list may lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<Behind>,
}

impl<T> Page<T> {
    /// A list that is complete in one page.
    #[must_use]
    pub fn whole(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
            incomplete: Vec::new(),
        }
    }
}

/// A partition whose derived state is behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Behind {
    /// The partition.
    pub partition: u16,
    /// By how much, in milliseconds.
    pub behind_ms: u64,
}

/// How many instances there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// All together.
    pub total: u64,
    /// By group; empty without `group_by`.
    pub groups: Vec<Count>,
    /// Partitions whose newest changes the count may lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<Behind>,
}

/// One group of a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    /// What the group has in common (`status`, `workflow`, `version`).
    pub group: BTreeMap<String, String>,
    /// How many.
    pub count: u64,
}
