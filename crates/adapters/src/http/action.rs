//! The settings of one action.

use adapter::{ENGINE_ACTION_KEYS, Effect};
use expression::Template;
use http::{HeaderName, Method};

use super::path::PathTemplate;
use crate::settings::Section;

pub(super) const ACTION_KEYS: [&str; 8] = [
    "method",
    "path",
    "query",
    "headers",
    "body",
    "async",
    "effect-overrides",
    "max-payload",
];

pub(super) const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Headers that the adapter or the connection sets.
const OWN_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "idempotency-key",
    "te",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "x-correlation-id",
];

/// What a call of an action looks like.
pub(super) struct Action {
    pub(super) method: Method,
    /// Added to the target's URL.
    pub(super) path: Option<PathTemplate>,
    pub(super) query: Vec<(String, Template)>,
    pub(super) headers: Vec<(HeaderName, Template)>,
    /// `None`: the input, for methods that have a body.
    pub(super) body: Option<Template>,
    /// A 202 means "later, through the callback".
    pub(super) calls_back: bool,
    /// By error type, exact or with a trailing `*`.
    pub(super) effects: Vec<(String, Effect)>,
    pub(super) max_payload: Option<u64>,
}

impl Action {
    /// The input as JSON to the URL: what an adapter without actions does.
    pub(super) fn post() -> Self {
        Self {
            method: Method::POST,
            path: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            calls_back: false,
            effects: Vec::new(),
            max_payload: None,
        }
    }

    /// Reads and checks the settings of one action.
    pub(super) fn read(section: &Section<'_>) -> Self {
        section.only(&[&ACTION_KEYS, &ENGINE_ACTION_KEYS], &[]);
        let action = Self {
            method: method(section),
            path: section.text("path").and_then(|text| path(section, text)),
            query: query(section),
            headers: headers(section),
            body: section.template("body"),
            calls_back: section.choice("async", &["callback"], &[]).is_some(),
            effects: effects(section),
            max_payload: section.size_bytes("max-payload"),
        };
        if action.body.is_some() && !action.has_body() {
            let method = &action.method;
            section.wrong(
                "body",
                format!("expected no body, but {method} has one here"),
            );
        }
        action
    }

    /// Whether a call carries a body.
    pub(super) fn has_body(&self) -> bool {
        let bodiless = matches!(self.method, Method::GET | Method::HEAD | Method::DELETE);
        !bodiless || (self.method == Method::DELETE && self.body.is_some())
    }

    /// What a failure of this type means here, if the action says so.
    pub(super) fn effect_of(&self, error_type: &str) -> Option<Effect> {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => error_type.starts_with(start),
            None => error_type == pattern,
        };
        let mut effects = self.effects.iter();
        effects
            .find(|(pattern, _)| fits(pattern))
            .map(|(_, effect)| *effect)
    }
}

fn method(section: &Section<'_>) -> Method {
    let word = section.choice("method", &METHODS, &[]);
    let method = word.and_then(|word| word.parse().ok());
    method.unwrap_or(Method::POST)
}

fn path(section: &Section<'_>, text: &str) -> Option<PathTemplate> {
    if !text.starts_with('/') {
        let message = format!("expected a path that begins with `/`, but found `{text}`");
        section.wrong("path", message);
    }
    PathTemplate::compile(text)
        .map_err(|errors| section.miscompiled("path", errors))
        .ok()
}

fn query(section: &Section<'_>) -> Vec<(String, Template)> {
    let pairs = section.templates("query").into_iter();
    pairs
        .map(|(name, template)| (name.to_owned(), template))
        .collect()
}

/// The `headers` of an adapter or an action.
pub(super) fn headers(section: &Section<'_>) -> Vec<(HeaderName, Template)> {
    let pairs = section.templates("headers").into_iter();
    pairs
        .filter_map(|(name, template)| Some((header_name(section, "headers", name)?, template)))
        .collect()
}

/// A header that settings may set.
pub(super) fn header_name(section: &Section<'_>, key: &str, name: &str) -> Option<HeaderName> {
    let Ok(header) = name.parse::<HeaderName>() else {
        section.wrong(
            key,
            format!("expected the name of a header, but found `{name}`"),
        );
        return None;
    };
    if OWN_HEADERS.contains(&header.as_str()) || header.as_str().starts_with("x-orchestrator-") {
        let message = format!("expected a header of your own, but `{header}` is set by the server");
        section.wrong(key, message);
        return None;
    }
    Some(header)
}

fn effects(section: &Section<'_>) -> Vec<(String, Effect)> {
    let overrides = "effect-overrides";
    let Some(section) = section
        .get(overrides)
        .and_then(|_| section.section(overrides))
    else {
        return Vec::new();
    };
    let read = |pattern: &str| {
        let word = section.choice(pattern, &["none", "unknown"], &[])?;
        let effect = if word == "none" {
            Effect::None
        } else {
            Effect::Unknown
        };
        Some((pattern.to_owned(), effect))
    };
    section.keys().filter_map(read).collect()
}
