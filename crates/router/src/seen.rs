//! What conditions and templates see.

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::Catalog;
use expression::{Document, EvalError, Program, Template, Variables};
use serde_json::{Value, json};

use crate::{Event, Stats};

/// The settings of the environment that the server runs as.
#[derive(Debug, Default)]
pub(crate) struct Settings(BTreeMap<String, Arc<Value>>);

impl Settings {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let environment = catalog.environments.get(&catalog.environment);
        let mut vars = environment.map_or_else(BTreeMap::new, |found| found.vars.clone());
        vars.extend(catalog.env("name").map(|name| ("name".to_owned(), name)));
        Self(vars)
    }
}

/// An event beside the settings and the state of the outside.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) event: &'a dyn Event,
    pub(crate) stats: &'a dyn Stats,
    pub(crate) settings: &'a Settings,
}

impl Seen<'_> {
    pub(crate) fn holds(&self, condition: &Program) -> Result<bool, EvalError> {
        condition.evaluate_bool(self, self.event.at_ms())
    }

    pub(crate) fn value(&self, template: &Template) -> Result<Value, EvalError> {
        template.evaluate(self, self.event.at_ms())
    }
}

impl Variables for Seen<'_> {
    fn document(&self, root: &str) -> Option<Arc<Document>> {
        match root {
            "event" | "meta" => self.event.document(root),
            _ => None,
        }
    }

    fn get(&self, root: &str, member: Option<&str>, _: Option<&str>) -> Option<Arc<Value>> {
        match (root, member) {
            ("event", _) => self.event.data(),
            ("meta", _) => Some(self.event.meta()),
            ("window", _) => self.event.window(),
            ("env", Some(name)) => self.settings.0.get(name).cloned(),
            ("adapters", Some(name)) => {
                let stats = self.stats.adapter(name)?;
                Some(Arc::new(json!({
                    "healthy": stats.healthy,
                    "breaker": stats.breaker.as_str(),
                    "in-flight": stats.in_flight,
                    "error-rate": stats.error_rate,
                })))
            }
            _ => None,
        }
    }
}
