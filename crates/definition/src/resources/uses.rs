//! Names of other resources, looked up when all of them are known.

use crate::catalog::{AdapterSpec, Catalog};
use crate::compile::{BUILTIN_ACTIONS, Use, UseKind};
use crate::diagnostic::codes::{self, Code};
use crate::diagnostic::{Report, nearest};
use crate::policy::BUILT_IN;

/// What an unknown name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The server may have it.
    Warning,
    /// Nobody has it.
    Error,
}

pub(super) fn check(report: &mut Report, uses: &[Use], catalog: &Catalog, unknown: Unknown) {
    for used in uses {
        let Some(finding) = look_up(&used.kind, catalog) else {
            continue;
        };
        let found = match unknown {
            Unknown::Warning => report.warning(finding.code, &used.at, finding.message),
            Unknown::Error => report.error(finding.code, &used.at, finding.message),
        };
        found.hint = finding.hint;
    }
}

struct Finding {
    code: &'static Code,
    message: String,
    hint: Option<String>,
}

fn look_up(kind: &UseKind, catalog: &Catalog) -> Option<Finding> {
    match kind {
        UseKind::Adapter { name, action } => adapter(catalog, name, action.as_deref()),
        UseKind::Workflow { name, range } => workflow(catalog, name, range.as_ref()),
        UseKind::Policy(name) => policy(catalog, name),
        UseKind::AdapterAlone(name) => known_adapter(catalog, name),
        UseKind::Router(name) => router(catalog, name),
        UseKind::Destination(name) => Some(destination(catalog, name)),
        UseKind::Setting(name) => setting(catalog, name),
        UseKind::Undo(name) => Some(Finding {
            code: &codes::UNRESOLVED_UNDO,
            message: format!(
                "`{name}` is neither an action of the step's adapter nor an adapter nor a workflow"
            ),
            hint: None,
        }),
    }
}

fn adapter(catalog: &Catalog, name: &str, action: Option<&str>) -> Option<Finding> {
    let Some(adapter) = catalog.adapters.get(name) else {
        return known_adapter(catalog, name);
    };
    let actions = actions(adapter);
    match action.or(adapter.default_action.as_deref()) {
        _ if actions.is_empty() => None,
        Some(action) if actions.contains(&action) => None,
        Some(action) => {
            let what = format!("action of adapter `{name}`:");
            Some(unknown(
                &codes::UNKNOWN_ACTION,
                &what,
                action,
                actions.into_iter(),
            ))
        }
        None => Some(Finding {
            code: &codes::UNKNOWN_ACTION,
            message: format!("no action is named, and adapter `{name}` has no `default-action`"),
            hint: Some(format!("name one of {}", quoted(&actions))),
        }),
    }
}

fn known_adapter(catalog: &Catalog, name: &str) -> Option<Finding> {
    let names = catalog.adapters.keys().map(String::as_str);
    let missing = !catalog.adapters.contains_key(name);
    missing.then(|| unknown(&codes::UNKNOWN_ADAPTER, "adapter", name, names))
}

/// The actions that a step may name; empty: any.
fn actions(adapter: &AdapterSpec) -> Vec<&str> {
    if adapter.kind == "builtin" {
        return BUILTIN_ACTIONS.to_vec();
    }
    adapter.actions.keys().map(String::as_str).collect()
}

fn workflow(catalog: &Catalog, name: &str, range: Option<&semver::VersionReq>) -> Option<Finding> {
    let Some(versions) = catalog.workflows.get(name) else {
        let names = catalog.workflows.keys().map(String::as_str);
        return Some(unknown(&codes::UNKNOWN_WORKFLOW, "workflow", name, names));
    };
    if versions.versions.is_empty() {
        // It was refused, which was reported by itself.
        return None;
    }
    let range = range.filter(|range| {
        !versions
            .versions
            .keys()
            .any(|version| range.matches(version))
    })?;
    let known: Vec<String> = versions.versions.keys().map(ToString::to_string).collect();
    Some(Finding {
        code: &codes::UNKNOWN_WORKFLOW,
        message: format!("workflow `{name}` has no version in the range `{range}`"),
        hint: Some(format!("known versions: {}", known.join(", "))),
    })
}

fn router(catalog: &Catalog, name: &str) -> Option<Finding> {
    let names = catalog.routers.keys().map(String::as_str);
    let missing = !catalog.routers.contains_key(name);
    missing.then(|| unknown(&codes::UNKNOWN_DESTINATION, "router", name, names))
}

fn destination(catalog: &Catalog, name: &str) -> Finding {
    let names = catalog.workflows.keys().chain(catalog.adapters.keys());
    let names = names.chain(catalog.routers.keys()).map(String::as_str);
    let what = "workflow, adapter or router";
    unknown(&codes::UNKNOWN_DESTINATION, what, name, names)
}

fn policy(catalog: &Catalog, name: &str) -> Option<Finding> {
    if BUILT_IN.contains(&name) || catalog.retry_policies.contains_key(name) {
        return None;
    }
    let names = BUILT_IN
        .into_iter()
        .chain(catalog.retry_policies.keys().map(String::as_str));
    Some(unknown(&codes::UNKNOWN_POLICY, "retry policy", name, names))
}

fn setting(catalog: &Catalog, name: &str) -> Option<Finding> {
    let mut environments = catalog.environments.values();
    if environments.any(|environment| environment.vars.contains_key(name)) {
        return None;
    }
    let names = catalog
        .environments
        .values()
        .flat_map(|environment| environment.vars.keys().map(String::as_str));
    Some(unknown(
        &codes::UNKNOWN_SETTING,
        "environment with a variable",
        name,
        names,
    ))
}

fn unknown<'a>(
    code: &'static Code,
    what: &str,
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Finding {
    let hint = match nearest(name, names.clone()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => {
            let known: Vec<&str> = names.take(20).collect();
            (!known.is_empty()).then(|| format!("known: {}", quoted(&known)))
        }
    };
    Finding {
        code,
        message: format!("there is no {what} `{name}`"),
        hint,
    }
}

fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
