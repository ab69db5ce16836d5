//! The settings, documented for users in `docs/adapters.md`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use adapter::{ENGINE_KEYS, SettingsError};
use expression::Template;
use http::HeaderName;
use serde_json::Value;
use url::Url;

use super::action::{Action, headers};
use super::auth::AuthSettings;
use crate::settings::Section;

/// Answers beyond this are refused unless the settings say otherwise.
const MAX_PAYLOAD_BYTES: u64 = 1024 * 1024;

pub(super) const HTTP_KEYS: [&str; 10] = [
    "url",
    "targets",
    "balance",
    "health",
    "auth",
    "headers",
    "actions",
    "max-payload",
    "follow-redirects",
    "http2",
];

/// Checked settings of one `http` adapter.
pub(super) struct Config {
    pub(super) targets: Vec<TargetSettings>,
    pub(super) balance: Balance,
    pub(super) health: Option<HealthSettings>,
    pub(super) auth: AuthSettings,
    pub(super) headers: Vec<(HeaderName, Template)>,
    /// Empty: every call is a POST of the input to the URL.
    pub(super) actions: BTreeMap<String, Action>,
    pub(super) default_action: Option<String>,
    /// Of an answer, in bytes.
    pub(super) max_payload: u64,
    pub(super) follow_redirects: bool,
    /// HTTP/2 without asking, also without TLS.
    pub(super) http2: bool,
}

/// One endpoint.
pub(super) struct TargetSettings {
    pub(super) url: Template,
    pub(super) weight: u32,
}

/// How an endpoint is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balance {
    RoundRobin,
    Weighted,
}

/// How endpoints are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HealthSettings {
    pub(super) path: String,
    pub(super) interval_ms: u64,
}

impl Config {
    /// Reads and checks the settings.
    pub(super) fn read(settings: &Value) -> Result<Self, Vec<SettingsError>> {
        let errors = RefCell::new(Vec::new());
        let config = Section::root(settings, &errors).map(|root| Self::of(&root));
        let errors = errors.into_inner();
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            Some(_) | None => Err(errors),
        }
    }

    fn of(root: &Section<'_>) -> Self {
        root.only(&[&HTTP_KEYS, &ENGINE_KEYS], &["score"]);
        let targets = targets(root);
        let config = Self {
            balance: balance(root),
            health: health(root, &targets),
            targets,
            auth: AuthSettings::read(root),
            headers: headers(root),
            actions: actions(root),
            default_action: root.text("default-action").map(str::to_owned),
            max_payload: root.size_bytes("max-payload").unwrap_or(MAX_PAYLOAD_BYTES),
            follow_redirects: root.flag("follow-redirects").unwrap_or(false),
            http2: root.flag("http2").unwrap_or(false),
        };
        config.check_default_action(root);
        config
    }

    fn check_default_action(&self, root: &Section<'_>) {
        let Some(name) = &self.default_action else {
            return;
        };
        if !self.actions.contains_key(name) {
            let names = self.actions.keys().map(String::as_str);
            let message = format!("expected one of the `actions`, but found `{name}`");
            let error = SettingsError::new("/default-action", message);
            root.report(error.with_nearest(adapter::nearest(name, names)));
        }
    }
}

fn targets(root: &Section<'_>) -> Vec<TargetSettings> {
    match (root.get("url"), root.get("targets")) {
        (Some(_), None) => target(root, 1).into_iter().collect(),
        (None, Some(_)) => listed_targets(root),
        (Some(_), Some(_)) => {
            root.wrong(
                "targets",
                "expected either `url` or `targets`, but found both",
            );
            Vec::new()
        }
        (None, None) => {
            root.wrong_here("expected `url` or `targets`, but found neither");
            Vec::new()
        }
    }
}

fn listed_targets(root: &Section<'_>) -> Vec<TargetSettings> {
    let Some(list) = root.list("targets") else {
        return Vec::new();
    };
    if list.is_empty() {
        root.wrong(
            "targets",
            "expected at least one target, but the list is empty",
        );
    }
    let read = |section: &Section<'_>| {
        section.only(&[&["url", "weight", "zone"]], &[]);
        section.require("url");
        // Only a `score` looks at the zone, and that comes later; a wrong type is wrong now.
        let _ = section.text("zone");
        let weight = section.number("weight", 1..=10_000).unwrap_or(1);
        target(section, u32::try_from(weight).unwrap_or(1))
    };
    list.iter().filter_map(read).collect()
}

fn target(section: &Section<'_>, weight: u32) -> Option<TargetSettings> {
    section.text("url")?;
    let url = section.template("url")?;
    if let Some(text) = url.constant().and_then(Value::as_str)
        && let Err(reason) = parse_url(text)
    {
        section.wrong("url", reason);
    }
    Some(TargetSettings { url, weight })
}

/// An address that can be called, or why it cannot.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("expected an absolute URL, but it does not parse: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        let scheme = url.scheme();
        return Err(format!(
            "expected an `http` or `https` URL, but its scheme is `{scheme}`"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "expected no user in the URL, but it has one; use `auth: { basic: ... }`".into(),
        );
    }
    if url.fragment().is_some() {
        return Err("expected no fragment in the URL, but it has one".into());
    }
    Ok(url)
}

fn balance(root: &Section<'_>) -> Balance {
    let words = ["round-robin", "weighted"];
    let later = ["least-connections", "custom"];
    match root.choice("balance", &words, &later) {
        Some("weighted") => Balance::Weighted,
        Some(_) => Balance::RoundRobin,
        None if weights_given(root) => Balance::Weighted,
        None => Balance::RoundRobin,
    }
}

/// Whoever gives weights means them.
fn weights_given(root: &Section<'_>) -> bool {
    let targets = root.get("targets").and_then(Value::as_array);
    targets.is_some_and(|list| list.iter().any(|target| target.get("weight").is_some()))
}

fn health(root: &Section<'_>, targets: &[TargetSettings]) -> Option<HealthSettings> {
    root.get("health")?;
    let section = root.section("health")?;
    section.only(&[&["path", "interval"]], &[]);
    section.require("path");
    let path = section.text("path")?;
    if !path.starts_with('/') {
        section.wrong(
            "path",
            format!("expected a path that begins with `/`, but found `{path}`"),
        );
    }
    let interval_ms = section.duration_ms("interval").unwrap_or(10_000);
    if interval_ms < 100 {
        section.wrong("interval", "expected at least `100ms`, but it is shorter");
    }
    if targets.iter().any(|target| !known_when_built(&target.url)) {
        root.wrong(
            "health",
            "expected URLs that name nothing but `env`, but one names more",
        );
    }
    Some(HealthSettings {
        path: path.to_owned(),
        interval_ms,
    })
}

/// Whether the URL is the same for all calls.
pub(super) fn known_when_built(url: &Template) -> bool {
    url.references()
        .iter()
        .all(|reference| reference.root == "env")
}

fn actions(root: &Section<'_>) -> BTreeMap<String, Action> {
    let Some(section) = root.get("actions").and_then(|_| root.section("actions")) else {
        return BTreeMap::new();
    };
    let read = |name: &str| Some((name.to_owned(), Action::read(&section.section(name)?)));
    section.keys().filter_map(read).collect()
}
