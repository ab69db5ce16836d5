//! Starting instances, ending them early.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::time::Time;

/// A start of a workflow. Borrows from the request's bytes, so that the input is never copied.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission<'a> {
    /// The workflow's name.
    #[serde(borrow)]
    #[schema(example = "customer-onboarding")]
    pub workflow: Cow<'a, str>,
    /// Its version; without it the pinned one, else the highest release.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Cow<'a, str>>,
    /// The input; `null` without it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub input: Option<&'a RawValue>,
    /// Persists over everything that this start sets in motion; made up without it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Cow<'a, str>>,
    /// Whom it is about; goes before the definition's `subject`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Cow<'a, str>>,
    /// `low`, `normal`, `high` or `critical`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Cow<'a, str>>,
    /// Searchable attributes; each goes before the definition's of the same name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// When its steps begin; until then it is `queued`. A time that has passed means at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Time>,
}

/// What a start is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Submitted {
    /// The instance.
    pub id: String,
    /// Its workflow.
    pub workflow: String,
    /// The version that was taken.
    pub version: String,
    /// Where it stands now.
    pub status: String,
    /// Its correlation id.
    pub correlation_id: String,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Its priority.
    pub priority: String,
    /// When it was started.
    pub created_at: Time,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
}

/// Many starts at once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRequest<'a> {
    /// At most 10,000.
    #[serde(borrow)]
    pub items: Vec<Submission<'a>>,
}

/// What came of many starts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchAnswer {
    /// How many were taken.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
    /// One per item of the request, in its order.
    pub items: Vec<BatchItem>,
}

/// What came of one start of many.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BatchItem {
    /// Its place in the request, from 0.
    pub index: u32,
    /// The instance, if it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The version that was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where it stood when this was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Its correlation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// Set when the idempotency key was known: nothing was started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

/// An instance that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deleted {
    /// The id that it had.
    pub id: String,
}

/// A request to end an instance early.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelRequest {
    /// Why.
    pub reason: String,
    /// Whether completed steps are undone; true without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<bool>,
}
