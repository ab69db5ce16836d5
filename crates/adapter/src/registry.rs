//! The kinds that this binary has.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::connector::{Adapter, BuildContext, BuildError, Kind};
use crate::guard::Guarded;
use crate::settings::{SettingsError, nearest};

/// Kinds of adapters by name.
#[derive(Default, Clone)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Arc<dyn Kind>>,
}

impl Registry {
    /// The registry with one more kind; a kind of the same name is replaced.
    #[must_use]
    pub fn with(mut self, kind: impl Kind + 'static) -> Self {
        self.kinds.insert(kind.name(), Arc::new(kind));
        self
    }

    /// Names of all kinds, sorted.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.kinds.keys().copied()
    }

    /// The kind of that name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Arc<dyn Kind>> {
        self.kinds.get(name)
    }

    /// Everything that is wrong with the settings of one adapter, its `type` included.
    #[must_use]
    pub fn check(&self, settings: &Value) -> Vec<SettingsError> {
        match self.kind_of(settings) {
            Ok(kind) => kind.check(settings),
            Err(error) => vec![error],
        }
    }

    /// Builds the adapter, guarded: see the crate's documentation.
    ///
    /// # Errors
    /// When the type is unknown, the settings are wrong, or the client cannot be made.
    pub fn build(
        &self,
        name: &str,
        settings: &Value,
        context: BuildContext,
    ) -> Result<Arc<dyn Adapter>, BuildError> {
        let kind = self
            .kind_of(settings)
            .map_err(|error| BuildError::Settings {
                name: name.to_owned(),
                errors: vec![error],
            })?;
        let secrets = Arc::clone(&context.secrets);
        let connector = kind.build(name, settings, context)?;
        Ok(Arc::new(Guarded::new(connector, secrets)))
    }

    fn kind_of(&self, settings: &Value) -> Result<&Arc<dyn Kind>, SettingsError> {
        let Some(name) = settings.get("type").and_then(Value::as_str) else {
            let known = self.known();
            return Err(SettingsError::new(
                "/type",
                format!("expected the adapter's type, one of {known}, but there is none"),
            ));
        };
        self.kinds.get(name).ok_or_else(|| {
            let known = self.known();
            SettingsError::new(
                "/type",
                format!("expected one of {known}, but found `{name}`"),
            )
            .with_nearest(nearest(name, self.names()))
        })
    }

    fn known(&self) -> String {
        let names: Vec<String> = self.names().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}
