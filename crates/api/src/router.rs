//! Routers, and why they send an event where they do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;

/// A router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// How many of its rules decide: `first` or `all`.
    pub mode: String,
    /// How many rules it has.
    pub rules: u32,
    /// The long form, with the keys of the language.
    pub document: Json,
}

/// A sample event.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExplainRequest {
    /// Its data: what conditions see as `event`.
    #[schema(value_type = Option<Value>)]
    pub event: Option<Json>,
    /// Its attributes: what conditions see as `meta`; `type` is `event` and `source` is `/api` where it does not say.
    #[schema(value_type = Option<Value>)]
    pub meta: Option<Json>,
}

/// What routers make of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoutingExplanation {
    /// The router that was asked, and behind it those that it leads to.
    pub routers: Vec<RouterExplanation>,
}

/// What a router makes of an event, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RouterExplanation {
    /// The router.
    pub router: String,
    /// What its `match` says; absent where it has none.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub matches: Option<Verdict>,
    /// Every rule in order, the default last.
    pub rules: Vec<RuleExplanation>,
}

/// What a rule makes of an event, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleExplanation {
    /// Its name, or its place from 0, or `default`.
    pub rule: String,
    /// Its condition, as written; absent of the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// What the condition says.
    pub verdict: Verdict,
    /// It is what decides.
    pub decides: bool,
    /// Where it sends the event; of a pool the member whose turn it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
}

/// What a condition says of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// `holds`, `false`, `missing` (it names a field that there is not: no match) or `error` (no match either).
    pub says: String,
    /// The part of the condition that is why, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What went wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
