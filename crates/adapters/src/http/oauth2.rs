//! Access tokens by client credentials (RFC 6749, section 4.4), kept until shortly before they end.

use std::time::Duration;

use adapter::{Effect, Failure, OutboundPolicy, Secret, error_type};
use http::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use super::client::describe;
use super::outbound::check_literal;

/// Assumed where the server does not say.
const LIFETIME_S: u64 = 300;

/// A token is not used in its last moments: the call takes time too.
const MARGIN_S: u64 = 30;

/// A token's answer is small.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Who asks whom for which token.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct TokenRequest {
    pub(super) url: Url,
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) scope: Option<String>,
    pub(super) audience: Option<String>,
    /// Credentials in the form instead of the `Authorization` header.
    pub(super) in_body: bool,
}

/// The present token of an adapter.
#[derive(Default)]
pub(super) struct Tokens(Mutex<Option<Token>>);

struct Token {
    request: TokenRequest,
    value: Secret,
    good_until: Instant,
}

impl Tokens {
    /// The present token, or a new one. Of many calls that need a new one, one asks and the others wait.
    pub(super) async fn get(
        &self,
        client: &Client,
        policy: &OutboundPolicy,
        request: &TokenRequest,
    ) -> Result<Secret, Box<Failure>> {
        let mut present = self.0.lock().await;
        if let Some(token) = &*present
            && token.request == *request
            && Instant::now() < token.good_until
        {
            return Ok(token.value.clone());
        }
        let (value, lifetime_s) = fetch(client, policy, request).await?;
        let margin_s = MARGIN_S.min(lifetime_s / 4);
        let lifetime = Duration::from_secs(lifetime_s.min(86_400) - margin_s.min(lifetime_s));
        *present = Some(Token {
            request: request.clone(),
            value: value.clone(),
            good_until: Instant::now() + lifetime,
        });
        Ok(value)
    }

    /// Lets a token go that was refused.
    pub(super) async fn forget(&self, value: &Secret) {
        let mut present = self.0.lock().await;
        if present.as_ref().is_some_and(|token| token.value == *value) {
            *present = None;
        }
    }
}

async fn fetch(
    client: &Client,
    policy: &OutboundPolicy,
    request: &TokenRequest,
) -> Result<(Secret, u64), Box<Failure>> {
    check_literal(policy, &request.url).map_err(|refused| {
        let message = format!("no access token: {refused}");
        Box::new(Failure::permanent(error_type::OUTBOUND_REFUSED, message))
    })?;
    let mut post = client
        .post(request.url.clone())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form(request));
    if !request.in_body {
        let secret = request.client_secret.expose();
        post = post.basic_auth(encoded(&request.client_id), Some(encoded(secret)));
    }
    let answer = post
        .send()
        .await
        .map_err(|error| unreachable_server(&error))?;
    read(answer).await
}

/// The RFC has both parts form-encoded before they are joined.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn form(request: &TokenRequest) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    let optional = [("scope", &request.scope), ("audience", &request.audience)];
    for (name, value) in optional {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    if request.in_body {
        form.append_pair("client_id", &request.client_id);
        form.append_pair("client_secret", request.client_secret.expose());
    }
    form.finish()
}

async fn read(mut answer: Response) -> Result<(Secret, u64), Box<Failure>> {
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| unreachable_server(&e))? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let token = value.get("access_token").and_then(Value::as_str);
    match token {
        Some(token) if status.is_success() && !token.is_empty() => {
            Ok((Secret::new(token), lifetime_s(&value)))
        }
        Some(_) | None => {
            let said = value
                .get("error")
                .and_then(Value::as_str)
                .unwrap_or("nothing more");
            let message = format!(
                "expected an access token, but the token endpoint answered {status}: {said}"
            );
            let mut failure = Failure::permanent(error_type::AUTH, message);
            failure.retryable = status.is_server_error() || status.as_u16() == 429;
            Err(Box::new(failure))
        }
    }
}

/// Some servers write the number as text.
fn lifetime_s(answer: &Value) -> u64 {
    let value = answer.get("expires_in");
    let number = value.and_then(Value::as_u64);
    let text = value.and_then(Value::as_str).and_then(|t| t.parse().ok());
    number.or(text).unwrap_or(LIFETIME_S)
}

/// Nothing of the call itself has been sent yet.
fn unreachable_server(error: &reqwest::Error) -> Box<Failure> {
    let message = format!("no access token: {}", describe(error));
    Box::new(Failure::retryable(error_type::AUTH, message, Effect::None))
}
