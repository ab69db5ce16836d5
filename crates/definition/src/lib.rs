//! The workflow language: documents in YAML or JSON, checked, explained and compiled.
//!
//! No IO happens here. A document becomes a [`Workflow`] (or an adapter, a policy, an environment)
//! in a [`Catalog`], or a list of diagnostics that say where and how to mend it.

mod catalog;
mod policy;
mod workflow;

pub use catalog::{
    ActionSpec, AdapterSpec, Catalog, DEFAULT_TIMEOUT_MS, Environment, PolicyDefaults,
    RetryQuestion, WorkflowVersions,
};
pub use policy::{Attempts, Jitter, OnExhausted, RetryPlan, RetryPolicy};
pub use workflow::*;
