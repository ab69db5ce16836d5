//! The built adapters: made from the catalog when first called, remade when it changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use adapter::{Adapter, BuildContext, Failure};
use definition::{AdapterSpec, Catalog};
use serde_json::{Map, Value};

use crate::shared::Shared;

/// The error of a call whose adapter is not in the catalog.
pub(super) const UNKNOWN_ADAPTER: &str = "adapter.unknown";

/// Built adapters by name.
#[derive(Default)]
pub(super) struct AdapterPool {
    built: Mutex<BTreeMap<String, Built>>,
    env: Mutex<Option<(u64, Arc<Value>)>>,
}

struct Built {
    spec: Arc<AdapterSpec>,
    env: Arc<Value>,
    adapter: Result<Arc<dyn Adapter>, Box<Failure>>,
}

impl AdapterPool {
    /// The adapter of this name, as the catalog has it now.
    pub(super) fn get(
        &self,
        shared: &Shared,
        catalog: &Catalog,
        name: &str,
    ) -> Result<Arc<dyn Adapter>, Box<Failure>> {
        let Some(spec) = catalog.adapters.get(name) else {
            let message = format!("expected an adapter in the catalog, but `{name}` is not there");
            return Err(Box::new(Failure::permanent(UNKNOWN_ADAPTER, message)));
        };
        let env = self.env(catalog);
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = built.get(name).filter(|found| found.is_of(spec, &env)) {
            return found.adapter.clone();
        }
        let adapter = build(shared, spec, &env);
        let spec = Arc::clone(spec);
        let new = Built {
            spec,
            env,
            adapter: adapter.clone(),
        };
        if let Some(Built {
            adapter: Ok(old), ..
        }) = built.insert(name.to_owned(), new)
        {
            shared.tasks.spawn(async move { old.close().await });
        }
        adapter
    }

    /// The values of `env.*`, made once per version of the catalog.
    pub(super) fn env(&self, catalog: &Catalog) -> Arc<Value> {
        let mut env = self.env.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, env)) = env
            .as_ref()
            .filter(|(version, _)| *version == catalog.version)
        {
            return Arc::clone(env);
        }
        let mut value = Arc::new(env_of(catalog));
        if let Some((_, old)) = env.take().filter(|(_, old)| *old == value) {
            value = old;
        }
        *env = Some((catalog.version, Arc::clone(&value)));
        value
    }

    /// Lets all connections go.
    pub(super) async fn close(&self) {
        let built = std::mem::take(&mut *self.built.lock().unwrap_or_else(PoisonError::into_inner));
        for built in built.into_values() {
            if let Ok(adapter) = built.adapter {
                adapter.close().await;
            }
        }
    }
}

impl Built {
    fn is_of(&self, spec: &Arc<AdapterSpec>, env: &Arc<Value>) -> bool {
        let same = Arc::ptr_eq(&self.spec, spec) || self.spec.settings == spec.settings;
        same && Arc::ptr_eq(&self.env, env)
    }
}

fn build(
    shared: &Shared,
    spec: &AdapterSpec,
    env: &Arc<Value>,
) -> Result<Arc<dyn Adapter>, Box<Failure>> {
    let context = BuildContext {
        secrets: Arc::clone(&shared.secrets),
        env: Arc::clone(env),
        outbound: shared.config.outbound.clone(),
    };
    shared
        .kinds
        .build(&spec.name, &spec.settings, context)
        .map_err(|error| {
            tracing::error!(adapter = spec.name, %error, "an adapter cannot be built");
            Box::new(Failure::permanent(
                adapter::error_type::CONFIG,
                error.to_string(),
            ))
        })
}

fn env_of(catalog: &Catalog) -> Value {
    let mut env = Map::new();
    if let Some(environment) = catalog.environments.get(&catalog.environment) {
        for (name, value) in &environment.vars {
            env.insert(name.clone(), Value::clone(value));
        }
    }
    env.insert(
        "name".to_owned(),
        Value::String(catalog.environment.clone()),
    );
    Value::Object(env)
}
