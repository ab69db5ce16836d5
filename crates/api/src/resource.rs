//! Resources, and what came of applying them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::json::Json;
use crate::problem::Finding;

/// A policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    /// `retry`, `risk`, `man-mode`, or `defaults` (there is one).
    pub kind: String,
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
    /// Its fields, with the keys of the language.
    pub document: Json,
}

/// A set of files to apply or to check; YAML may be sent as it is instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSet {
    /// The files, in order.
    pub files: Vec<File>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// One file of a set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name, for messages.
    pub name: String,
    /// Its text: YAML or JSON.
    pub text: String,
}

/// What an apply did, or would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// `workflow`, `adapter`, `policy` ...
    pub kind: String,
    /// Its name; a workflow's with its version.
    pub name: String,
    /// `created`, `changed`, `unchanged` or `removed`.
    pub change: String,
    /// As it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// As it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

/// What a check of a set found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ValidationReport {
    /// Whether nothing makes the set invalid.
    pub valid: bool,
    /// Everything found, in the order of the files.
    pub findings: Vec<Finding>,
}
