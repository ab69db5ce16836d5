//! The traits: what the runtime calls, what a kind implements.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::call::Call;
use crate::outbound::OutboundPolicy;
use crate::outcome::Outcome;
use crate::secrets::{CallSecrets, Secrets};
use crate::settings::SettingsError;

/// What the runtime calls. The real ones come from [`crate::Registry::build`]; a simulation has its own.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// Makes one attempt. Never fails otherwise than by its outcome; may be dropped at any await, after
    /// which the effect is unknown.
    async fn call(&self, call: Call) -> Outcome;

    /// The names of its targets, in the order of the settings; empty: it has none but itself.
    fn targets(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// The target whose turn it is among some of them, given by their places; none only if none is
    /// given.
    fn pick(&self, among: &[usize]) -> Option<usize> {
        among.first().copied()
    }

    /// Whether calls mostly end without waiting for anything outside the process: they are made
    /// one after the other, without a task for each.
    fn is_in_process(&self) -> bool {
        false
    }

    /// Stops what runs in the background and lets connections go. Calls under way may end.
    async fn close(&self) {}
}

/// One configured connection, as a kind implements it. Only the guard calls it.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Makes one attempt. The input bears no secret references any more; each secret that the settings
    /// name is asked of `secrets`, which remembers what has to be kept out of the outcome.
    async fn send(&self, call: Call, secrets: &CallSecrets) -> Outcome;

    /// See [`Adapter::targets`].
    fn targets(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// See [`Adapter::pick`].
    fn pick(&self, among: &[usize]) -> Option<usize> {
        among.first().copied()
    }

    /// See [`Adapter::is_in_process`].
    fn is_in_process(&self) -> bool {
        false
    }

    /// Stops what runs in the background.
    async fn close(&self) {}
}

/// A kind of adapter: the value of `type` in the settings.
pub trait Kind: Send + Sync {
    /// The value of `type`.
    fn name(&self) -> &'static str;

    /// Everything that is wrong with the settings of one adapter (its document as JSON, keys as users
    /// write them). Keys that belong to the engine are accepted and left alone.
    fn check(&self, settings: &Value) -> Vec<SettingsError>;

    /// Builds the connection. Called within a tokio runtime; opens no connection by itself.
    ///
    /// # Errors
    /// When the settings do not pass [`Kind::check`] or cannot be turned into a client.
    fn build(
        &self,
        name: &str,
        settings: &Value,
        context: BuildContext,
    ) -> Result<Arc<dyn Connector>, BuildError>;
}

/// What an adapter gets from its surroundings.
#[derive(Clone)]
pub struct BuildContext {
    /// Source of `secrets.*`, asked at each call.
    pub secrets: Arc<dyn Secrets>,
    /// Values of `env.*` for what is fixed when the adapter is built (URLs), a JSON object.
    pub env: Arc<Value>,
    /// Which addresses may be called.
    pub outbound: OutboundPolicy,
}

/// Why an adapter could not be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BuildError {
    /// The settings are wrong.
    #[error("the settings of adapter `{name}` are wrong: {}", list(.errors))]
    Settings {
        /// Name of the adapter.
        name: String,
        /// All that is wrong.
        errors: Vec<SettingsError>,
    },
    /// The client could not be made.
    #[error("adapter `{name}` could not be built: {reason}")]
    Client {
        /// Name of the adapter.
        name: String,
        /// What went wrong.
        reason: String,
    },
}

fn list(errors: &[SettingsError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
