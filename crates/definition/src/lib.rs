//! The workflow language: documents in YAML or JSON, checked, explained and compiled.
//!
//! No IO happens here. A document becomes a [`Workflow`] (or an adapter, a policy, an environment)
//! in a [`Catalog`], or a list of diagnostics that say where and how to mend it.

mod cache;
mod catalog;
mod check;
mod compile;
mod diagnostic;
mod event;
mod input;
mod language;
mod lifecycle;
mod limits;
mod man;
mod policy;
mod resources;
mod router;
mod source;
mod switch;
mod testing;
mod trigger;
mod turn;
mod window;
mod workflow;

pub use cache::{Cache, MAX_CACHE_KEY};
pub use catalog::{
    ActionSpec, AdapterSpec, Catalog, DEFAULT_KEEP_EVENTS_MS, DEFAULT_TIMEOUT_MS, Environment,
    PolicyDefaults, RetryQuestion, WorkflowVersions,
};
pub use compile::{compile_workflow, parse_workflow};
pub use diagnostic::{Diagnostic, Severity, codes};
pub use event::{
    AwaitedEvent, DEFAULT_KEEP_MS, Deadline, Emit, EventType, MAX_DEADLINES, MAX_EVENT_KEY,
    MAX_EVENT_TYPE, is_event_key, is_event_type,
};
pub use input::InputError;
pub use language::{json_schema, reference_page};
pub use lifecycle::{Callback, DELIVERY_PREFIX, EndTrigger, LIFECYCLE, Lifecycle, LifecycleType};
pub use limits::{AdapterLimits, BreakerSpec, OnOpen, RateSpec};
pub use man::{
    Ask, Form, Gate, GateMode, ManEffect, ManPolicy, Notice, OnReject, OnTimeout, Risk, RiskPolicy,
    is_approver,
};
pub use policy::{
    Attempts, BUILT_IN, Explained, Jitter, OnExhausted, Origin, PlanExplanation, PolicyRule,
    RetentionRule, RetryPlan, RetryPolicy, built_in,
};
pub use resources::{
    CatalogChange, ChangeAction, ResourceChange, ResourceKey, ResourceKind, ResourceSet,
    SettingsCheck, SettingsError, StoredChange, StoredResource, no_settings_check,
};
pub use router::{
    Balance, DEFAULT_ROUTER, Destination, Pool, PoolMember, Router, RouterMode, RouterRule, Target,
};
pub use source::{MAX_DEPTH, MAX_FILE_BYTES};
pub use switch::{AdapterSwitches, Hold, LimitOverride, Note, OpenBreaker, OpenBreakers, Switch};
pub use testing::{
    Expected, MockAnswer, MockError, TestCase, TestDecision, TestEvent, TestSignal, WorkflowTest,
};
pub use trigger::{
    EndedTrigger, EventId, EventTrigger, SignatureScheme, SignatureSpec, Trigger, TriggerKind,
    WebhookTrigger,
};
pub use turn::{
    Concurrency, Fairness, LimitScope, MAX_LIMIT_KEY, MAX_WEIGHT, OnLimit, PRIORITIES,
    StepConcurrency, is_priority,
};
pub use window::{MAX_WINDOW_EVENTS, Window, WindowShape};
pub use workflow::*;
