//! One attempt, from the call to its outcome.

use std::sync::Arc;
use std::time::Duration;

use adapter::{
    BuildContext, Call, CallSecrets, Connector, Effect, Failure, OutboundPolicy, Outcome, Secret,
    error_type, nearest,
};
use async_trait::async_trait;
use bytes::BytesMut;
use reqwest::{Client, Response};
use tokio::time::Instant;

use super::action::Action;
use super::auth;
use super::client::Clients;
use super::config::Config;
use super::exchange::exchange;
use super::health::Watch;
use super::oauth2::Tokens;
use super::outbound::check_literal;
use super::outcome::{Answer, Question, judge, of_error};
use super::request::{Prepared, prepare};
use super::targets::Targets;
use super::values::Values;

/// Of an answer that is no success, this much is read.
const ERROR_BODY_BYTES: u64 = 64 * 1024;

/// A configured connection to a service that speaks HTTP.
pub(super) struct HttpConnector {
    config: Config,
    /// What an adapter without actions does.
    post: Action,
    targets: Targets,
    clients: Clients,
    tokens: Tokens,
    policy: Arc<OutboundPolicy>,
    watch: Watch,
    name: String,
}

impl HttpConnector {
    /// Builds pools and starts the probes.
    pub(super) fn new(
        name: &str,
        mut config: Config,
        context: BuildContext,
    ) -> Result<Self, String> {
        let policy = Arc::new(context.outbound);
        let settings = std::mem::take(&mut config.targets);
        let targets = Targets::new(settings, config.balance, &context.env)?;
        let clients = Clients::new(Arc::clone(&policy), config.follow_redirects, config.http2)?;
        let health = config.health.as_ref();
        let watch = Watch::start(name, health, &targets, clients.plain(), &policy)?;
        Ok(Self {
            config,
            post: Action::post(),
            targets,
            clients,
            tokens: Tokens::default(),
            policy,
            watch,
            name: name.to_owned(),
        })
    }
}

#[async_trait]
impl Connector for HttpConnector {
    async fn send(&self, call: Call, secrets: &CallSecrets) -> Outcome {
        match self.prepare(&call, secrets) {
            Ok((action, request)) => self.attempt(&call, action, request, secrets).await,
            Err(failure) => Outcome::Failure(*failure),
        }
    }

    fn targets(&self) -> Vec<Arc<str>> {
        let targets = self.targets.all().iter();
        targets.map(|target| Arc::clone(target.name())).collect()
    }

    fn pick(&self, among: &[usize]) -> Option<usize> {
        self.targets.pick(among)
    }

    async fn close(&self) {
        self.watch.stop();
    }
}

impl HttpConnector {
    fn prepare(
        &self,
        call: &Call,
        secrets: &CallSecrets,
    ) -> Result<(&Action, Prepared), Box<Failure>> {
        let action = self.action(call)?;
        let values = Values::new(call, secrets);
        let target = self.targets.of(call.target);
        let request = prepare(&self.config, action, target, &values)?;
        check_literal(&self.policy, &request.url).map_err(|refused| {
            let failure = Failure::permanent(error_type::OUTBOUND_REFUSED, refused.to_string());
            Box::new(failure)
        })?;
        Ok((action, request))
    }

    fn action(&self, call: &Call) -> Result<&Action, Box<Failure>> {
        let named = call.action.as_deref();
        let Some(name) = named.or(self.config.default_action.as_deref()) else {
            if self.config.actions.is_empty() {
                return Ok(&self.post);
            }
            return Err(self.no_action(
                "expected an action, but none is named and there is no `default-action`",
            ));
        };
        self.config.actions.get(name).ok_or_else(|| {
            let names = self.config.actions.keys().map(String::as_str);
            let hint = nearest(name, names).map(|near| format!(" (did you mean `{near}`?)"));
            let hint = hint.unwrap_or_default();
            self.no_action(&format!(
                "expected one of its actions, but found `{name}`{hint}"
            ))
        })
    }

    fn no_action(&self, message: &str) -> Box<Failure> {
        let message = format!("adapter `{}`: {message}", self.name);
        Box::new(Failure::permanent(error_type::UNKNOWN_ACTION, message))
    }

    async fn attempt(
        &self,
        call: &Call,
        action: &Action,
        mut request: Prepared,
        secrets: &CallSecrets,
    ) -> Outcome {
        let started = Instant::now();
        let question = Question {
            is_undo: call.undo.is_some(),
            calls_back: action.calls_back && call.callback.is_some(),
            max_payload: action.max_payload.unwrap_or(self.config.max_payload),
        };
        let limit = Limit {
            started,
            timeout_ms: call.timeout_ms,
            max_payload: question.max_payload,
        };
        let answer = self.answer(&mut request, limit, secrets).await;
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (outcome, status, body) = match answer {
            Ok(answer) => {
                let outcome = judge(&answer, question);
                (outcome, Some(answer.status.as_u16()), answer.body)
            }
            Err(failure) => (Outcome::Failure(*failure), None, bytes::Bytes::new()),
        };
        let picture = exchange(&request, status, &body, duration_ms);
        completed(outcome, action, request.target, picture)
    }

    async fn answer(
        &self,
        request: &mut Prepared,
        limit: Limit,
        secrets: &CallSecrets,
    ) -> Result<Answer, Box<Failure>> {
        let client = self.clients.get(request.identity.as_ref())?;
        let token = self.authorize(&client, request, limit, secrets).await?;
        let answer = limit.apply(send(&client, request, limit)).await?;
        let Some(token) = token.filter(|_| answer.status.as_u16() == 401) else {
            return Ok(answer);
        };
        // The token ended early or was withdrawn; the refused call did nothing, so a new token may try.
        self.tokens.forget(&token).await;
        self.authorize(&client, request, limit, secrets).await?;
        limit.apply(send(&client, request, limit)).await
    }

    async fn authorize(
        &self,
        client: &Client,
        request: &mut Prepared,
        limit: Limit,
        secrets: &CallSecrets,
    ) -> Result<Option<Secret>, Box<Failure>> {
        let Some(wanted) = &request.token else {
            return Ok(None);
        };
        let token = limit
            .apply(self.tokens.get(client, &self.policy, wanted))
            .await;
        let token = token.map_err(|mut failure| {
            failure.effect = Effect::None;
            failure
        })?;
        secrets.hide(token.clone());
        auth::bearer(&mut request.headers, &token)?;
        Ok(Some(token))
    }
}

/// What bounds an attempt.
#[derive(Clone, Copy)]
struct Limit {
    started: Instant,
    timeout_ms: u64,
    max_payload: u64,
}

impl Limit {
    /// The result, if it comes in what is left of the attempt's time.
    async fn apply<T>(
        self,
        work: impl Future<Output = Result<T, Box<Failure>>>,
    ) -> Result<T, Box<Failure>> {
        let whole = Duration::from_millis(self.timeout_ms);
        let left = whole.saturating_sub(self.started.elapsed());
        tokio::time::timeout(left, work)
            .await
            .unwrap_or_else(|_| Err(Box::new(Failure::timed_out(self.timeout_ms))))
    }
}

async fn send(client: &Client, request: &Prepared, limit: Limit) -> Result<Answer, Box<Failure>> {
    let mut call = client
        .request(request.method.clone(), request.url.clone())
        .headers(request.headers.clone());
    if let Some(body) = &request.body {
        call = call.body(body.clone());
    }
    let response = call.send().await;
    let answer = match response {
        Ok(response) => read(response, limit.max_payload).await,
        Err(error) => Err(error),
    };
    answer.map_err(|error| {
        let moved = error.url().is_some_and(|url| *url != request.url);
        Box::new(of_error(&error, moved))
    })
}

/// Reads no more than is allowed, whatever the other side sends.
async fn read(mut response: Response, max_payload: u64) -> reqwest::Result<Answer> {
    let status = response.status();
    let cap = if status.is_success() {
        max_payload
    } else {
        ERROR_BODY_BYTES
    };
    let headers = std::mem::take(response.headers_mut());
    let mut body = BytesMut::new();
    let mut complete = true;
    if status.is_success() && response.content_length().is_some_and(|length| length > cap) {
        complete = false;
    }
    while complete && let Some(chunk) = response.chunk().await? {
        let room = usize::try_from(cap).unwrap_or(usize::MAX) - body.len();
        complete = chunk.len() <= room;
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(Answer {
        status,
        headers,
        body: body.freeze(),
        complete,
    })
}

/// Adds who was called and what was seen, and lets the action have its say about the effect.
fn completed(
    outcome: Outcome,
    action: &Action,
    target: String,
    exchange: Box<adapter::Exchange>,
) -> Outcome {
    match outcome {
        Outcome::Success(mut success) => {
            success.target = Some(target);
            success.exchange = Some(exchange);
            Outcome::Success(success)
        }
        Outcome::Accepted(mut accepted) => {
            accepted.target = Some(target);
            accepted.exchange = Some(exchange);
            Outcome::Accepted(accepted)
        }
        Outcome::Failure(mut failure) => {
            if let Some(effect) = action.effect_of(&failure.error_type) {
                failure.effect = effect;
            }
            failure.target = Some(target);
            failure.exchange = Some(exchange);
            Outcome::Failure(failure)
        }
    }
}
