//! The configuration file.

use serde::Deserialize;

use crate::callers::TokenSettings;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("the configuration file {path} cannot be read: {source}")]
    Read {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It does not hold settings.
    #[error("the configuration file {path}: {reason}")]
    Content {
        /// Which.
        path: String,
        /// What is wrong, with its place.
        reason: String,
    },
}

/// The file as written; scalars stay text until they are taken.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct File {
    #[serde(skip)]
    path: String,
    listen: Option<String>,
    data: Option<String>,
    database: Option<String>,
    cluster_secret: Option<String>,
    audit_key: Option<String>,
    archive: Option<String>,
    start_paused: Option<bool>,
    env: Option<String>,
    partitions: Option<u16>,
    ended_span: Option<String>,
    node: Option<String>,
    zone: Option<String>,
    region: Option<String>,
    lease_ms: Option<u64>,
    advertise: Option<String>,
    secrets_dir: Option<String>,
    log_level: Option<String>,
    log_format: Option<String>,
    hosts: Vec<String>,
    origins: Vec<String>,
    outbound: Outbound,
    limits: Limits,
    /// The callers.
    pub(super) tokens: Vec<TokenSettings>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Outbound {
    allow: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Limits {
    body: Option<String>,
    connections: Option<u32>,
    streams: Option<u32>,
    archive_lag: Option<String>,
}

impl File {
    pub(super) fn read(path: String) -> Result<Self, FileError> {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(source) => return Err(FileError::Read { path, source }),
        };
        Self::parse(path, &text)
    }

    pub(super) fn parse(path: String, text: &str) -> Result<Self, FileError> {
        if text.trim().is_empty() {
            return Ok(Self {
                path,
                ..Self::default()
            });
        }
        let parsed: Result<Self, _> = serde_saphyr::from_str(text);
        match parsed {
            Ok(file) => Ok(Self { path, ..file }),
            Err(error) => Err(FileError::Content {
                path,
                reason: error.to_string(),
            }),
        }
    }

    pub(super) fn origin(&self) -> String {
        format!("file {}", self.path)
    }

    pub(super) fn scalar(&self, key: &str) -> Option<String> {
        match key {
            "listen" => self.listen.clone(),
            "data" => self.data.clone(),
            "database" => self.database.clone(),
            "cluster-secret" => self.cluster_secret.clone(),
            "audit-key" => self.audit_key.clone(),
            "archive" => self.archive.clone(),
            "start-paused" => self.start_paused.map(|paused| paused.to_string()),
            "env" => self.env.clone(),
            "partitions" => self.partitions.map(|count| count.to_string()),
            "ended-span" => self.ended_span.clone(),
            "node" => self.node.clone(),
            "zone" => self.zone.clone(),
            "region" => self.region.clone(),
            "lease-ms" => self.lease_ms.map(|lease| lease.to_string()),
            "advertise" => self.advertise.clone(),
            "secrets-dir" => self.secrets_dir.clone(),
            "log-level" => self.log_level.clone(),
            "log-format" => self.log_format.clone(),
            "limits.body" => self.limits.body.clone(),
            "limits.connections" => self.limits.connections.map(|count| count.to_string()),
            "limits.streams" => self.limits.streams.map(|count| count.to_string()),
            "limits.archive-lag" => self.limits.archive_lag.clone(),
            _ => None,
        }
    }

    pub(super) fn list(&self, key: &str) -> Vec<String> {
        match key {
            "hosts" => self.hosts.clone(),
            "origins" => self.origins.clone(),
            "outbound.allow" => self.outbound.allow.clone(),
            _ => Vec::new(),
        }
    }
}
