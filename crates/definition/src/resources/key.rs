use serde::{Deserialize, Serialize};

/// The kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// An adapter.
    Adapter,
    /// A policy under `policies.retry`.
    RetryPolicy,
    /// `policies.defaults`; there is one, named `defaults`.
    PolicyDefaults,
    /// A rule under `policies.risk`.
    RiskPolicy,
    /// A rule under `policies.man-mode`.
    ManPolicy,
    /// An entry of `policies.retention`, named by what it matches.
    RetentionRule,
    /// An entry of `policies.rules`.
    PolicyRule,
    /// An environment.
    Environment,
    /// A workflow at a version.
    Workflow,
    /// A router.
    Router,
    /// What is known of an event type; named like it.
    Event,
    /// Who is told of lifecycle events of all workflows.
    Callback,
    /// What people switched on an adapter; named like it.
    AdapterSwitches,
    /// The breakers of an adapter that opened by themselves; named like it.
    OpenBreakers,
    /// Which version a start without one takes; named like its workflow, the document is `{"version": "1.0.0"}`.
    Pin,
}

impl ResourceKind {
    /// Its name in documents and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::RetryPolicy => "retry-policy",
            Self::PolicyDefaults => "policy-defaults",
            Self::RiskPolicy => "risk-policy",
            Self::ManPolicy => "man-policy",
            Self::RetentionRule => "retention-rule",
            Self::PolicyRule => "policy-rule",
            Self::Environment => "environment",
            Self::Workflow => "workflow",
            Self::Router => "router",
            Self::Event => "event",
            Self::Callback => "callback",
            Self::AdapterSwitches => "adapter-switches",
            Self::OpenBreakers => "open-breakers",
            Self::Pin => "pin",
        }
    }
}

/// What identifies a resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceKey {
    /// Its kind.
    pub kind: ResourceKind,
    /// Its name.
    pub name: String,
    /// Of a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<semver::Version>,
}

impl ResourceKey {
    /// The key of a resource that has no versions.
    pub fn new(kind: ResourceKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            version: None,
        }
    }

    /// The key of a workflow at a version.
    pub fn workflow(name: impl Into<String>, version: semver::Version) -> Self {
        Self {
            kind: ResourceKind::Workflow,
            name: name.into(),
            version: Some(version),
        }
    }
}

impl std::fmt::Display for ResourceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.kind.as_str(), self.name)?;
        match &self.version {
            Some(version) => write!(formatter, " {version}"),
            None => Ok(()),
        }
    }
}
