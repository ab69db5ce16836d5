//! Secrets, from their source to the moment they are sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::scrub::Scrubber;

/// The value of a secret. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: impl Into<Arc<str>>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Where secrets come from. Asked at each call, so that a rotated secret holds at once; an answer must
/// be quick (a source that asks a network keeps a cache).
pub trait Secrets: Send + Sync {
    /// The present value of `secrets.<name>`.
    ///
    /// # Errors
    /// When there is none, or its source does not answer.
    fn resolve(&self, name: &str) -> Result<Secret, SecretError>;
}

/// Why a secret has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No source has it.
    #[error("expected a secret `{0}`, but no source has it")]
    Missing(String),
    /// The source is out of reach; another attempt may find it.
    #[error("secret `{name}` could not be read: {reason}")]
    Unavailable {
        /// Name of the secret.
        name: String,
        /// What went wrong, without the value.
        reason: String,
    },
}

/// A source without secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSecrets;

impl Secrets for NoSecrets {
    fn resolve(&self, name: &str) -> Result<Secret, SecretError> {
        Err(SecretError::Missing(name.to_owned()))
    }
}

/// Secrets from a fixed table.
#[derive(Clone, Debug, Default)]
pub struct StaticSecrets(BTreeMap<String, Secret>);

impl StaticSecrets {
    /// A source with these names and values.
    pub fn new<N: Into<String>, V: Into<Arc<str>>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        Self(pairs.map(|(n, v)| (n.into(), Secret::new(v))).collect())
    }
}

impl Secrets for StaticSecrets {
    fn resolve(&self, name: &str) -> Result<Secret, SecretError> {
        let found = self.0.get(name).cloned();
        found.ok_or_else(|| SecretError::Missing(name.to_owned()))
    }
}

/// The secrets of one call: resolves them and remembers each value that was used, so that the guard
/// can keep it out of the outcome.
pub struct CallSecrets {
    source: Arc<dyn Secrets>,
    used: Mutex<Vec<Secret>>,
}

impl CallSecrets {
    /// For one call.
    #[must_use]
    pub fn new(source: Arc<dyn Secrets>) -> Self {
        Self {
            source,
            used: Mutex::new(Vec::new()),
        }
    }

    /// The value of `secrets.<name>`, noted as used.
    ///
    /// # Errors
    /// As [`Secrets::resolve`].
    pub fn resolve(&self, name: &str) -> Result<Secret, SecretError> {
        let secret = self.source.resolve(name)?;
        self.hide(secret.clone());
        Ok(secret)
    }

    /// Notes a value that was derived from a secret (an access token, say), to be hidden like one.
    pub fn hide(&self, value: Secret) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(&value) {
            used.push(value);
        }
    }

    /// The values used so far.
    #[must_use]
    pub fn used(&self) -> Vec<Secret> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.clone()
    }

    /// The text without the values used so far: for what an adapter writes elsewhere than into its
    /// outcome, which is masked anyway.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        Scrubber::new(&self.used()).masked(text)
    }

    /// Puts the values in place of the `{"$secret": name}` leaves that name one of `allowed`.
    ///
    /// # Errors
    /// With the first secret that has no value.
    pub fn fill(&self, value: &mut Value, allowed: &[String]) -> Result<(), SecretError> {
        if let Some(name) = reference(value).filter(|name| allowed.iter().any(|a| a == name)) {
            *value = Value::String(self.resolve(name)?.expose().to_owned());
            return Ok(());
        }
        match value {
            Value::Object(map) => map.values_mut().try_for_each(|v| self.fill(v, allowed)),
            Value::Array(list) => list.iter_mut().try_for_each(|v| self.fill(v, allowed)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }
}

/// The name in `{"$secret": name}`.
fn reference(value: &Value) -> Option<&str> {
    let map = value.as_object()?;
    if map.len() != 1 {
        return None;
    }
    map.get("$secret")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secrets() -> CallSecrets {
        CallSecrets::new(Arc::new(StaticSecrets::new([("token", "s3cret-value-42")])))
    }

    #[test]
    fn references_are_filled_wherever_they_stand() {
        let secrets = secrets();
        let mut input = json!({"a": [{"$secret": "token"}], "b": {"$secret": "token", "x": 1}});
        secrets.fill(&mut input, &["token".to_owned()]).unwrap();
        let expected = json!({"a": ["s3cret-value-42"], "b": {"$secret": "token", "x": 1}});
        assert_eq!(input, expected);
        assert_eq!(secrets.used().len(), 1);
    }

    #[test]
    fn a_reference_that_came_as_data_stays_data() {
        let secrets = secrets();
        let mut input = json!({"$secret": "token"});
        secrets.fill(&mut input, &["other".to_owned()]).unwrap();
        assert_eq!(input, json!({"$secret": "token"}));
        assert!(secrets.used().is_empty());
    }

    #[test]
    fn a_missing_secret_is_named() {
        let mut input = json!({"$secret": "nope"});
        let error = secrets()
            .fill(&mut input, &["nope".to_owned()])
            .unwrap_err();
        assert_eq!(error, SecretError::Missing("nope".into()));
    }

    #[test]
    fn values_are_not_printed() {
        let text = format!("{:?}", Secret::new("s3cret-value-42"));
        assert!(!text.contains("s3cret"));
    }
}
