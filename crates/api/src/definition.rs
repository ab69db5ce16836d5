//! Definitions as they are shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;

/// A workflow in the list of definitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DefinitionSummary {
    /// Its name.
    pub name: String,
    /// All versions, oldest first.
    pub versions: Vec<String>,
    /// What a start without a version takes.
    pub default_version: String,
    /// Whether someone chose that version; else it is the highest release.
    pub pinned: bool,
}

/// A workflow with what starts it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// All versions, oldest first.
    pub versions: Vec<String>,
    /// What a start without a version takes.
    pub default_version: String,
    /// Whether someone chose that version; else it is the highest release.
    pub pinned: bool,
    /// What starts the default version.
    pub triggers: Vec<Trigger>,
    /// The default version's document, with the keys of the language.
    pub document: Json,
}

/// What starts a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// Its id.
    pub id: String,
    /// `manual`, `webhook`, `event`, `schedule` or `workflow`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A webhook's name, or the source of the events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The condition, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// `debounce`, `batch` or `throttle`: `GET /windows` has its open windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
}

/// A workflow at one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DefinitionVersion {
    /// Its name.
    pub name: String,
    /// The version.
    pub version: String,
    /// BLAKE3 of the document, hexadecimal.
    pub hash: String,
    /// What starts it.
    pub triggers: Vec<Trigger>,
    /// The document, with the keys of the language.
    pub document: Json,
}

/// Chooses what a start without a version takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The version; `null` frees the choice: the highest release.
    pub version: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Which retry and time-out hold for each call of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The workflow.
    pub name: String,
    /// The version.
    pub version: String,
    /// The environment that the server runs as.
    pub environment: String,
    /// Each step that calls an adapter.
    pub steps: Vec<ExplainedStep>,
}

/// What holds for one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedStep {
    /// The step.
    pub id: String,
    /// The adapter that it calls.
    pub adapter: String,
    /// The action, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Each value of its retry and time-out.
    pub values: Vec<ExplainedValue>,
}

/// A value, and why it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExplainedValue {
    /// `max-attempts`, `timeout-ms` ...
    pub name: String,
    /// The value.
    pub value: Json,
    /// Where it comes from: `step`, `action`, `adapter`, `workflow`, `policies.defaults`,
    /// `policy NAME`, `environment NAME` or `built-in NAME`.
    pub from: String,
}
