//! Resources, and what came of applying them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::problem::Finding;

/// A connection to an outside system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// `http`, `builtin`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The names of its actions.
    pub actions: Vec<String>,
    /// Taken when a step names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_action: Option<String>,
    /// The document as applied; secrets stand there by name only.
    pub document: Json,
}

/// A named retry policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetryPolicy {
    /// Its name.
    pub name: String,
    /// Whether it comes with the product and nobody changed it.
    pub built_in: bool,
    /// Its fields, with the keys of the language.
    pub document: Json,
}

/// Settings of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Whether the server runs as it.
    pub active: bool,
    /// Overrides the built-in policies' attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_attempts: Option<u32>,
    /// Overrides the built-in time-out, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Without effect until MAN Mode comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub man_mode_threshold: Option<String>,
    /// Read as `env.<name>`.
    pub vars: Json,
}

/// What an apply did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplyReport {
    /// Nothing was changed: it was only asked what would.
    pub dry_run: bool,
    /// The catalog's version after it.
    pub catalog_version: u64,
    /// What was added, changed or already so, in the order of the files.
    pub changes: Vec<Change>,
    /// What is valid but likely to hurt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
}

/// One resource of an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// `workflow`, `adapter`, `policy` ...
    pub kind: String,
    /// Its name; a workflow's with its version.
    pub name: String,
    /// `added`, `changed` or `unchanged`.
    pub change: String,
    /// What differs, a line each (`- old`, `+ new`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

/// What a check of a set found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValidationReport {
    /// Whether nothing makes the set invalid.
    pub valid: bool,
    /// Everything found, in the order of the files.
    pub findings: Vec<Finding>,
}
