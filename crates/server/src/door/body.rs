//! Bodies: bounded, of the right type, and read with errors that say where.

use std::time::Duration;

use api::{Code, Finding};
use axum::body::Body as HttpBody;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::{Deserialize, DeserializeOwned};
use serde_json::error::Category;

use super::checked_json::{TOO_DEEP, check_json};
use super::refusal::Refusal;

/// How long a body may take.
const BODY_FOR: Duration = Duration::from_secs(60);
/// How much of a refused body is still taken off the wire, so that the client reads the refusal
/// instead of meeting a closed connection, and for how long.
const DRAIN_BYTES: usize = 256 << 20;
const DRAIN_FOR: Duration = Duration::from_secs(10);

/// A body of UTF-8 text; what it holds borrows from it.
#[derive(Clone, Debug)]
pub struct Body(pub Bytes);

/// A body that was read whole.
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl Body {
    /// The text.
    pub fn text(&self) -> &str {
        // Checked when it was read.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Reads a JSON body of at most `most` bytes.
///
/// # Errors
/// When its type, size or encoding does not fit.
pub async fn read_body(request: Request, most: usize) -> Result<Body, Refusal> {
    expect_type(request.headers(), &["application/json"])?;
    read(request, most).await
}

impl<T: DeserializeOwned> JsonBody<T> {
    /// Reads a JSON body of at most `most` bytes.
    ///
    /// # Errors
    /// When it does not fit.
    pub async fn read(request: Request, most: usize) -> Result<Self, Refusal> {
        let body = read_body(request, most).await?;
        let value = parse_json(body.text())?;
        Ok(Self(value))
    }

    /// Reads a JSON body, or takes the default where there is none.
    ///
    /// # Errors
    /// When there is one and it does not fit.
    pub async fn read_or_default(request: Request, most: usize) -> Result<Self, Refusal>
    where
        T: Default,
    {
        let has_type = request.headers().contains_key(header::CONTENT_TYPE);
        let body = if has_type {
            read_body(request, most).await?
        } else {
            read(request, most).await?
        };
        if body.0.is_empty() {
            return Ok(Self(T::default()));
        }
        if !has_type {
            return Err(no_type(&["application/json"]));
        }
        let value = parse_json(body.text())?;
        Ok(Self(value))
    }
}

/// Refuses a body of another type.
///
/// # Errors
/// When the type is none of `accepted` (or `+json`).
pub fn expect_type(headers: &HeaderMap, accepted: &[&str]) -> Result<String, Refusal> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Err(no_type(accepted));
    };
    let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let kind = text.split(';').next().unwrap_or_default().trim().to_owned();
    let is_json = accepted.contains(&"application/json") && kind.ends_with("+json");
    if is_json || accepted.contains(&kind.as_str()) {
        return Ok(kind);
    }
    let detail = format!(
        "expected a body of type {}, but got {text}",
        accepted.join(" or ")
    );
    Err(Refusal::new(Code::MEDIA_TYPE, detail))
}

fn no_type(accepted: &[&str]) -> Refusal {
    let detail = format!(
        "expected the header Content-Type: {}, but there is none",
        accepted.join(" or ")
    );
    Refusal::new(Code::MEDIA_TYPE, detail)
}

/// Reads a body of at most `most` bytes of UTF-8.
///
/// # Errors
/// When it is larger, breaks off, or is not UTF-8.
pub async fn read(request: Request, most: usize) -> Result<Body, Refusal> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length: Option<usize> = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let mut body = request.into_body();
    if length.is_some_and(|length| length > most) {
        drain(body);
        return Err(too_large(most));
    }
    let collected = tokio::time::timeout(BODY_FOR, collect(&mut body, most)).await;
    let slow = |_| Refusal::new(Code::SLOW_BODY, "the body did not arrive within a minute");
    let whole = match collected.map_err(slow)? {
        Ok(whole) => whole,
        Err(refusal) => {
            drain(body);
            return Err(refusal);
        }
    };
    let bytes = whole.join();
    if let Err(error) = std::str::from_utf8(&bytes) {
        let detail = format!(
            "expected UTF-8, but byte {} does not fit",
            error.valid_up_to()
        );
        return Err(Refusal::new(Code::NOT_UTF8, detail));
    }
    Ok(Body(bytes))
}

async fn collect(body: &mut HttpBody, most: usize) -> Result<Parts, Refusal> {
    let mut whole = Parts::default();
    while let Some(frame) = body.frame().await {
        let broken = |error| Refusal::new(Code::NOT_JSON, format!("the body broke off: {error}"));
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if whole.len() + data.len() > most {
            return Err(too_large(most));
        }
        whole.push(data);
    }
    Ok(whole)
}

fn too_large(most: usize) -> Refusal {
    let size = expression::size::format(most as u64);
    Refusal::new(
        Code::BODY_TOO_LARGE,
        format!("expected a body of at most {size}, but it is larger"),
    )
    .header(header::CONNECTION, "close")
}

/// Reads on and throws away, beside the answer.
fn drain(mut body: HttpBody) {
    let work = async move {
        let mut left = DRAIN_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
                break;
            };
            left = rest;
        }
    };
    tokio::spawn(tokio::time::timeout(DRAIN_FOR, work));
}

/// The parts of a body; one part is not copied.
#[derive(Default)]
struct Parts {
    first: Option<Bytes>,
    all: BytesMut,
}

impl Parts {
    fn len(&self) -> usize {
        self.all.len() + self.first.as_ref().map_or(0, Bytes::len)
    }

    fn push(&mut self, part: Bytes) {
        if self.first.is_none() && self.all.is_empty() {
            self.first = Some(part);
            return;
        }
        if let Some(first) = self.first.take() {
            self.all.extend_from_slice(&first);
        }
        self.all.extend_from_slice(&part);
    }

    fn join(self) -> Bytes {
        self.first.unwrap_or_else(|| self.all.freeze())
    }
}

/// Reads JSON; errors name the place.
///
/// # Errors
/// When it is no JSON, or not what `T` takes.
pub fn parse_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refusal> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        // Read again, slowly, to find the place.
        Err(error) => Err(why::<T>(text, &error)),
    }
}

fn why<'a, T: Deserialize<'a>>(text: &'a str, error: &serde_json::Error) -> Refusal {
    if let Err(deeper) = check_json(text) {
        return not_json(&deeper);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let tracked: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
    let path = tracked
        .err()
        .map(|error| pointer(error.path()))
        .unwrap_or_default();
    if error.classify() != Category::Data {
        return not_json(error);
    }
    let message = error.to_string();
    let message = message
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut finding = Finding::at(path.clone(), message.clone());
    (finding.line, finding.column) = place(error);
    finding.hint = hint(&message);
    Refusal::new(
        Code::BAD_BODY,
        format!("the body does not fit at {path:?}: {message}"),
    )
    .with(finding)
}

/// The refusal of a field of a body by its pointer.
pub fn bad_field(pointer: &str, message: &str) -> Refusal {
    Refusal::new(Code::BAD_BODY, format!("{pointer}: {message}"))
        .with(Finding::at(pointer, message))
}

/// The refusal of text that is no JSON, or nests too deep.
pub fn not_json(error: &serde_json::Error) -> Refusal {
    let message = error.to_string();
    let code = match message.starts_with(TOO_DEEP) || message.starts_with("recursion limit") {
        true => Code::TOO_DEEP,
        false => Code::NOT_JSON,
    };
    let mut finding = Finding::at("", message.clone());
    (finding.line, finding.column) = place(error);
    Refusal::new(code, format!("expected JSON, but: {message}")).with(finding)
}

fn place(error: &serde_json::Error) -> (Option<u32>, Option<u32>) {
    let number = |number: usize| u32::try_from(number).ok().filter(|number| *number > 0);
    (number(error.line()), number(error.column()))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(part).collect()
}

/// The nearest known field for an unknown one.
fn hint(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (name, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2);
    adapter::nearest(name, known).map(|near| format!("did you mean `{near}`?"))
}
