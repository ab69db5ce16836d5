//! Small steps within the process: no connection, no copy of the input where none is needed.

mod actions;
mod validate;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::sync::Arc;

use adapter::{
    BuildContext, BuildError, Connector, ENGINE_ACTION_KEYS, ENGINE_KEYS, Kind, SettingsError,
    nearest,
};
use serde_json::Value;

use crate::settings::Section;

/// The kind `builtin`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Builtin;

impl Kind for Builtin {
    fn name(&self) -> &'static str {
        "builtin"
    }

    fn check(&self, settings: &Value) -> Vec<SettingsError> {
        let errors = RefCell::new(Vec::new());
        if let Some(root) = Section::root(settings, &errors) {
            check(&root);
        }
        errors.into_inner()
    }

    fn build(
        &self,
        name: &str,
        settings: &Value,
        _: BuildContext,
    ) -> Result<Arc<dyn Connector>, BuildError> {
        let errors = self.check(settings);
        if !errors.is_empty() {
            let name = name.to_owned();
            return Err(BuildError::Settings { name, errors });
        }
        let default = settings.get("default-action").and_then(Value::as_str);
        Ok(Arc::new(actions::BuiltinConnector::new(default)))
    }
}

fn check(root: &Section<'_>) {
    root.only(&[&["actions"], &ENGINE_KEYS], &[]);
    if let Some(name) = root.text("default-action") {
        check_name(root, "default-action", name);
    }
    let Some(actions) = root.get("actions").and_then(|_| root.section("actions")) else {
        return;
    };
    for name in actions.keys() {
        check_name(&actions, name, name);
        if let Some(action) = actions.section(name) {
            action.only(&[&ENGINE_ACTION_KEYS], &[]);
        }
    }
}

fn check_name(section: &Section<'_>, key: &str, name: &str) {
    if !actions::NAMES.contains(&name) {
        let known = actions::NAMES.join("`, `");
        let message = format!("expected one of `{known}`, but found `{name}`");
        let error = SettingsError::new(section.pointer(key), message);
        section.report(error.with_nearest(nearest(name, actions::NAMES.into_iter())));
    }
}
