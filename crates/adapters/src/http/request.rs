//! What is sent for a call.

use adapter::{Call, Failure, error_type};
use bytes::Bytes;
use expression::Template;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::action::Action;
use super::client::ClientIdentity;
use super::config::Config;
use super::oauth2::TokenRequest;
use super::targets::Target;
use super::values::{Values, as_text};

/// A request, ready but for the access token.
pub(super) struct Prepared {
    pub(super) method: Method,
    pub(super) url: Url,
    /// The URL as people see it: without what `auth` adds.
    pub(super) shown_url: String,
    /// The target as people see it.
    pub(super) target: String,
    /// Those that hold a credential are marked sensitive.
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    pub(super) identity: Option<ClientIdentity>,
    pub(super) token: Option<TokenRequest>,
}

/// Evaluates the settings for a call.
pub(super) fn prepare(
    config: &Config,
    action: &Action,
    target: &Target,
    values: &Values<'_>,
) -> Result<Prepared, Box<Failure>> {
    let mut url = target.url(values)?;
    let shown_target = shown(target, &url);
    if let Some(path) = &action.path {
        join_path(&mut url, &path.evaluate(values)?);
    }
    add_query(&mut url, &action.query, values)?;
    let mut headers = call_headers(values.call(), action);
    add_headers(&mut headers, &config.headers, values)?;
    add_headers(&mut headers, &action.headers, values)?;
    let body = body(action, &mut headers, values)?;
    let mut prepared = Prepared {
        method: action.method.clone(),
        shown_url: url.to_string(),
        target: shown_target,
        url,
        headers,
        body,
        identity: None,
        token: None,
    };
    config.auth.apply(&mut prepared, values)?;
    Ok(prepared)
}

/// Only the origin of an address that was made for the call: the rest may be a secret.
fn shown(target: &Target, url: &Url) -> String {
    match target.fixed_url() {
        Some(url) => {
            let mut url = url.clone();
            url.set_query(None);
            url.to_string()
        }
        None => url.origin().ascii_serialization(),
    }
}

/// Appends a path, which may bring a query, to that of the URL.
pub(super) fn join_path(url: &mut Url, path: &str) {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let joined = format!("{}{path}", url.path().trim_end_matches('/'));
    url.set_path(&joined);
    if let Some(more) = query {
        let joined = match url.query() {
            Some(present) => format!("{present}&{more}"),
            None => more.to_owned(),
        };
        url.set_query(Some(&joined));
    }
}

/// A list is repeated, null is left out.
fn add_query(
    url: &mut Url,
    query: &[(String, Template)],
    values: &Values<'_>,
) -> Result<(), Box<Failure>> {
    for (name, template) in query {
        let items = match values.value(template, name)? {
            Value::Array(items) => items,
            one => vec![one],
        };
        for text in items.into_iter().filter_map(as_text) {
            url.query_pairs_mut().append_pair(name, &text);
        }
    }
    Ok(())
}

/// What every call carries.
fn call_headers(call: &Call, action: &Action) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    let any = HeaderValue::from_static("application/json, */*;q=0.8");
    headers.insert(ACCEPT, any);
    let traceparent = call.traceparent();
    let own = [
        ("idempotency-key", call.idempotency_key.as_str()),
        ("x-correlation-id", &call.correlation_id),
        ("traceparent", &traceparent),
        ("x-orchestrator-instance", &call.instance_id),
        ("x-orchestrator-step", &call.step),
    ];
    for (name, text) in own {
        headers.insert(HeaderName::from_static(name), always_valid(text));
    }
    let attempt = HeaderValue::from(call.attempt);
    headers.insert(HeaderName::from_static("x-orchestrator-attempt"), attempt);
    if let Some(callback) = call.callback.as_ref().filter(|_| action.calls_back) {
        let mut value = always_valid(callback.expose());
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static("x-orchestrator-callback"), value);
    }
    headers
}

/// Ids may hold anything; what a header cannot hold is percent-encoded.
fn always_valid(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| {
        let encoded = utf8_percent_encode(text, CONTROLS).to_string();
        HeaderValue::from_str(&encoded).unwrap_or(HeaderValue::from_static(""))
    })
}

fn add_headers(
    headers: &mut HeaderMap,
    templates: &[(HeaderName, Template)],
    values: &Values<'_>,
) -> Result<(), Box<Failure>> {
    for (name, template) in templates {
        let Some(text) = values.text(template, name.as_str())? else {
            headers.remove(name);
            continue;
        };
        let mut value = header_value(name, &text)?;
        let mut references = template.references().into_iter();
        value.set_sensitive(references.any(|reference| reference.root == "secrets"));
        headers.insert(name.clone(), value);
    }
    Ok(())
}

/// A header's value, or a failure that does not repeat it.
pub(super) fn header_value(name: &HeaderName, text: &str) -> Result<HeaderValue, Box<Failure>> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        let message = format!("expected one line of text for the header `{name}`, but it has more");
        Box::new(Failure::permanent(error_type::INPUT, message))
    })
}

fn body(
    action: &Action,
    headers: &mut HeaderMap,
    values: &Values<'_>,
) -> Result<Option<Bytes>, Box<Failure>> {
    if !action.has_body() {
        return Ok(None);
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("application/json").to_owned();
    let is_json = content_type.contains("json");
    let body = match &action.body {
        Some(template) => encode(values.value(template, "body")?, &content_type),
        None if is_json => values.call().input.clone(),
        None => {
            let input = serde_json::from_slice(&values.call().input).unwrap_or(Value::Null);
            encode(input, &content_type)
        }
    };
    headers
        .entry(CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    Ok(Some(body))
}

/// JSON unless the content type says otherwise: a mapping as a form, text as it is.
fn encode(value: Value, content_type: &str) -> Bytes {
    match value {
        Value::Object(map) if content_type.starts_with("application/x-www-form-urlencoded") => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in map {
                form.append_pair(&name, &as_text(value).unwrap_or_default());
            }
            form.finish().into()
        }
        Value::String(text) if !content_type.contains("json") => text.into(),
        other => other.to_string().into(),
    }
}
