//! Backups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A request to copy the store while it is in use.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackupRequest {
    /// Where to: `file:///folder` (of the server's machine) or `s3://bucket/prefix?endpoint=...&region=...`;
    /// without it, where the archive is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Backup {
    /// Its name.
    pub id: String,
    /// Where it is.
    pub vault: String,
    /// The store's incarnation.
    pub incarnation: u32,
    /// The first moment that can be restored from it.
    pub from: Time,
    /// The moment that it holds without an archive.
    pub until: Time,
    /// Its length.
    pub bytes: u64,
    /// Each partition's last position.
    pub positions: BTreeMap<u16, u64>,
}
