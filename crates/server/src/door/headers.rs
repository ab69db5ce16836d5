//! Headers that mean the same on every path.

use api::Code;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::refusal::Refusal;

/// The header that carries the correlation id, both ways.
pub(super) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest correlation id or idempotency key, in bytes.
const MAX_LENGTH: usize = 128;

/// What ties this request to others.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// The caller's, else made up.
    pub id: String,
    /// Whether the caller gave it.
    pub given: bool,
    /// The trace that the caller is in (W3C Trace Context).
    pub trace_id: Option<String>,
}

impl Correlation {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let given = visible(headers, &CORRELATION_ID)?;
        let trace_id = headers.get(TRACEPARENT).and_then(trace_id);
        let made_up = Self::made_up();
        let is_given = given.is_some();
        Ok(Self {
            id: given.unwrap_or(made_up.id),
            given: is_given,
            trace_id,
        })
    }

    pub(super) fn made_up() -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            given: false,
            trace_id: None,
        }
    }

    /// The caller's id, if there is one.
    pub fn given(&self) -> Option<&str> {
        self.given.then_some(&self.id)
    }
}

impl<S: Sync> FromRequestParts<S> for Correlation {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(Self::made_up))
    }
}

/// The caller's key, under which a request is done once.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        visible(&parts.headers, &IDEMPOTENCY_KEY).map(Self)
    }
}

/// A header of visible ASCII characters.
fn visible(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let is_visible = |b: &u8| (0x20..0x7f).contains(b);
    let fits =
        !value.is_empty() && value.len() <= MAX_LENGTH && value.as_bytes().iter().all(is_visible);
    let refused = || {
        let detail =
            format!("expected 1 to {MAX_LENGTH} visible ASCII characters in the header {name}");
        Refusal::new(Code::BAD_HEADER, detail)
    };
    if !fits {
        return Err(refused());
    }
    value
        .to_str()
        .map(|text| Some(text.to_owned()))
        .map_err(|_| refused())
}

/// The trace id of `00-TRACE-PARENT-FLAGS`; anything else is left out, as the standard has it.
fn trace_id(value: &HeaderValue) -> Option<String> {
    let mut parts = value.to_str().ok()?.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let fits = version.len() == 2 && is_hex(version) && trace.len() == 32 && is_hex(trace);
    (fits && trace.bytes().any(|b| b != b'0')).then(|| trace.to_owned())
}

/// The header that names what the answer is about.
pub fn correlated(id: &str) -> HeaderMap {
    let value = HeaderValue::from_str(id).ok();
    value
        .map(|value| (CORRELATION_ID, value))
        .into_iter()
        .collect()
}

/// The header that says that nothing was done, since the same was asked before.
pub fn replayed(replayed: bool) -> HeaderMap {
    let there = replayed.then(|| (REPLAYED, HeaderValue::from_static("true")));
    there.into_iter().collect()
}

/// The tag of a state that is counted by `number`.
pub fn etag(number: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{number}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Refuses when `If-Match` names another state than the one counted by `number`.
///
/// # Errors
/// When it does.
pub fn expect_match(headers: &HeaderMap, number: u64) -> Result<(), Refusal> {
    let Some(wanted) = headers.get(header::IF_MATCH) else {
        return Ok(());
    };
    let present = etag(number);
    let wanted = wanted.to_str().unwrap_or_default();
    let holds = wanted
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.as_bytes() == present.as_bytes());
    if holds {
        return Ok(());
    }
    let detail = format!("expected the state {wanted}, but it is \"{number}\" by now");
    Err(Refusal::new(Code::CHANGED_MEANWHILE, detail))
}
