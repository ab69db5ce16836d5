//! Everything that was applied, as one immutable value: what decisions and dispatch look up.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::EventType;
use crate::lifecycle::{Callback, Lifecycle};
use crate::limits::{BreakerSpec, RateSpec};
use crate::man::{ManPolicy, Risk, RiskPolicy};
use crate::policy::{PolicyRule, RetentionRule, RetryPlan, RetryPolicy};
use crate::resources::ResourceKey;
use crate::router::Router;
use crate::switch::{AdapterSwitches, OpenBreakers};
use crate::workflow::{RetryChoice, Workflow};

/// The catalog at one version. A change makes a new value; holders of the old one keep it.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Rises with each change.
    pub version: u64,
    /// The environment that the server runs as.
    pub environment: String,
    /// Definitions by name.
    pub workflows: BTreeMap<String, WorkflowVersions>,
    /// Adapters by name.
    pub adapters: BTreeMap<String, Arc<AdapterSpec>>,
    /// `policies.retry` by name; shadows the built-in policies.
    pub retry_policies: BTreeMap<String, RetryPolicy>,
    /// `policies.risk` by name.
    pub risk_policies: BTreeMap<String, Arc<RiskPolicy>>,
    /// `policies.man-mode` by name.
    pub man_policies: BTreeMap<String, Arc<ManPolicy>>,
    /// `policies.rules` by name.
    pub policy_rules: BTreeMap<String, PolicyRule>,
    /// `policies.retention`, by what the rules match.
    pub retention_rules: BTreeMap<String, RetentionRule>,
    /// `policies.defaults`.
    pub defaults: PolicyDefaults,
    /// Environments by name, each with its `extends` already folded in.
    pub environments: BTreeMap<String, Environment>,
    /// Routers by name.
    pub routers: BTreeMap<String, Arc<Router>>,
    /// What is known of event types, by type.
    pub events: BTreeMap<String, Arc<EventType>>,
    /// Callbacks for all workflows, by name.
    pub callbacks: BTreeMap<String, Arc<Callback>>,
    /// Who wants to hear of lifecycle events.
    pub lifecycle: Arc<Lifecycle>,
    /// What people switched on adapters, by adapter.
    pub switches: BTreeMap<String, Arc<AdapterSwitches>>,
    /// Breakers that opened by themselves, by adapter.
    pub breakers: BTreeMap<String, Arc<OpenBreakers>>,
    /// Every resource in its stored form: what the catalog can be rebuilt from.
    pub resources: BTreeMap<ResourceKey, Arc<serde_json::Value>>,
}

/// The versions of one workflow.
#[derive(Clone, Debug, Default)]
pub struct WorkflowVersions {
    /// By version.
    pub versions: BTreeMap<semver::Version, Arc<Workflow>>,
    /// What a start without a version takes; none means the highest release.
    pub pinned: Option<semver::Version>,
}

/// An adapter: the parts that the engine and the dispatcher read, and all of its settings.
#[derive(Clone, Debug)]
pub struct AdapterSpec {
    /// Its name.
    pub name: String,
    /// Its kind (`http`, `builtin`).
    pub kind: String,
    /// Taken when a step names none.
    pub default_action: Option<String>,
    /// `retry` of the adapter.
    pub retry: Option<RetryChoice>,
    /// `timeout` of the adapter, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Calls at once; none means the dispatcher's default.
    pub concurrency: Option<u32>,
    /// Its own `circuit-breaker`; see [`Catalog::breaker`].
    pub breaker: Option<BreakerSpec>,
    /// Its own `rate-limit`; see [`Catalog::rate`].
    pub rate: Option<RateSpec>,
    /// Named actions. Empty: any action name is passed on.
    pub actions: BTreeMap<String, ActionSpec>,
    /// The whole document as applied, for the adapter's own kind to read.
    pub settings: Arc<serde_json::Value>,
}

/// What the engine reads of an action.
#[derive(Clone, Debug, Default)]
pub struct ActionSpec {
    /// `retry` of the action.
    pub retry: Option<RetryChoice>,
    /// `timeout` of the action, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// How risky it is.
    pub risk: Option<Risk>,
    /// Calls at once; none: as many as the adapter bears.
    pub concurrency: Option<u32>,
    /// Whether a 202 leaves the task open until its callback.
    pub async_callback: bool,
}

/// `policies.defaults`.
#[derive(Clone, Debug, Default)]
pub struct PolicyDefaults {
    /// Retry where nothing nearer says.
    pub retry: Option<RetryChoice>,
    /// Time-out where nothing nearer says, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The breaker of adapters that have none of their own.
    pub breaker: Option<BreakerSpec>,
    /// The rate of adapters that have none of their own.
    pub rate: Option<RateSpec>,
    /// How long ended instances are kept that no rule is about, in milliseconds; none: for good.
    pub keep_instances_ms: Option<u64>,
    /// How long dead letters are kept, in milliseconds; none: for good.
    pub keep_dead_letters_ms: Option<u64>,
    /// How long events are kept, in milliseconds; none: [`DEFAULT_KEEP_EVENTS_MS`].
    pub keep_events_ms: Option<u64>,
}

/// Settings of an environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Overrides the built-in policies' attempts.
    pub retry_attempts: Option<u32>,
    /// Overrides the built-in time-out, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// From this risk on a person must approve a step; none: from none.
    pub man_mode_threshold: Option<Risk>,
    /// Read as `env.<name>`.
    pub vars: BTreeMap<String, Arc<serde_json::Value>>,
}

/// What [`Catalog::retry_plan`] is asked for; absent parts are skipped in the precedence.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetryQuestion<'a> {
    /// The step's (or compensation's) own `retry`.
    pub own: Option<&'a RetryChoice>,
    /// The step's (or compensation's) own `timeout`, in milliseconds.
    pub own_timeout_ms: Option<u64>,
    /// The adapter called.
    pub adapter: Option<&'a str>,
    /// The action called.
    pub action: Option<&'a str>,
    /// The definition that the step belongs to.
    pub workflow: Option<&'a Workflow>,
}

/// How long events are kept where nothing says otherwise, in milliseconds: a week.
pub const DEFAULT_KEEP_EVENTS_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

/// The built-in time-out of an attempt where nothing says otherwise, in milliseconds.
pub const DEFAULT_TIMEOUT_MS: u64 = 30_000;

impl Catalog {
    /// The definition that a start takes: this version, else the pinned one, else the highest
    /// release (else the highest pre-release).
    pub fn workflow(
        &self,
        name: &str,
        version: Option<&semver::Version>,
    ) -> Option<&Arc<Workflow>> {
        let versions = self.workflows.get(name)?;
        versions.select(version)
    }

    /// The definition of exactly this version, as records and snapshots name it.
    pub fn recorded_workflow(&self, name: &str, version: &str) -> Option<Arc<Workflow>> {
        let version = semver::Version::parse(version).ok()?;
        self.workflow(name, Some(&version)).cloned()
    }

    /// The highest version that a range allows.
    pub fn workflow_matching(
        &self,
        name: &str,
        range: &semver::VersionReq,
    ) -> Option<&Arc<Workflow>> {
        let versions = &self.workflows.get(name)?.versions;
        versions
            .iter()
            .rev()
            .find(|(version, _)| range.matches(version))
            .map(|(_, found)| found)
    }

    /// From which risk on a person must approve a step.
    pub fn man_mode_threshold(&self) -> Option<Risk> {
        self.environments.get(&self.environment)?.man_mode_threshold
    }

    /// `env.<name>`; `env.name` is the environment's own name.
    pub fn env(&self, name: &str) -> Option<Arc<serde_json::Value>> {
        if name == "name" {
            return Some(Arc::new(serde_json::Value::String(
                self.environment.clone(),
            )));
        }
        self.environments
            .get(&self.environment)?
            .vars
            .get(name)
            .cloned()
    }
}

impl WorkflowVersions {
    fn select(&self, version: Option<&semver::Version>) -> Option<&Arc<Workflow>> {
        if let Some(version) = version.or(self.pinned.as_ref()) {
            return self.versions.get(version);
        }
        let release = self
            .versions
            .iter()
            .rev()
            .find(|(version, _)| version.pre.is_empty());
        release
            .or_else(|| self.versions.iter().next_back())
            .map(|(_, found)| found)
    }
}

impl Catalog {
    /// The retry plan of a call, by the precedence: step, action, adapter, workflow defaults,
    /// `policies.defaults`, built-in `standard`; the environment's `retry-attempts` and `timeout`
    /// override built-in values only.
    pub fn retry_plan(&self, question: RetryQuestion<'_>) -> RetryPlan {
        crate::policy::resolve(self, question)
    }

    /// The same plan, saying for each value where it comes from.
    pub fn explain_retry(&self, question: RetryQuestion<'_>) -> crate::policy::PlanExplanation {
        crate::policy::explain(self, question)
    }
}
