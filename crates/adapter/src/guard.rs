//! The wrapper that every call goes through.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use memchr::memmem;
use serde_json::Value;

use crate::call::Call;
use crate::connector::{Adapter, Connector};
use crate::outcome::{Effect, Failure, Outcome, error_type};
use crate::scrub::Scrubber;
use crate::secrets::{CallSecrets, SecretError, Secrets};

/// A connector knows better what was under way when the time ran out, so it is given a moment to say
/// so before the guard cuts the call off.
const GRACE_MS: u64 = 100;

/// A connector behind the protections that hold for all kinds.
pub(crate) struct Guarded {
    connector: Arc<dyn Connector>,
    secrets: Arc<dyn Secrets>,
}

impl Guarded {
    pub(crate) fn new(connector: Arc<dyn Connector>, secrets: Arc<dyn Secrets>) -> Self {
        Self { connector, secrets }
    }
}

#[async_trait]
impl Adapter for Guarded {
    async fn call(&self, mut call: Call) -> Outcome {
        let secrets = CallSecrets::new(Arc::clone(&self.secrets));
        let mut outcome = match fill_input(&mut call, &secrets) {
            Ok(()) => self.send_in_time(call, &secrets).await,
            Err(failure) => Outcome::Failure(*failure),
        };
        Scrubber::new(&secrets.used()).outcome(&mut outcome);
        outcome
    }

    fn targets(&self) -> Vec<Arc<str>> {
        self.connector.targets()
    }

    fn pick(&self, among: &[usize]) -> Option<usize> {
        self.connector.pick(among)
    }

    fn is_in_process(&self) -> bool {
        self.connector.is_in_process()
    }

    async fn close(&self) {
        self.connector.close().await;
    }
}

impl Guarded {
    async fn send_in_time(&self, call: Call, secrets: &CallSecrets) -> Outcome {
        let timeout_ms = call.timeout_ms;
        let limit = Duration::from_millis(timeout_ms.saturating_add(GRACE_MS));
        let answer = tokio::time::timeout(limit, self.connector.send(call, secrets)).await;
        answer.unwrap_or_else(|_| Failure::timed_out(timeout_ms).into())
    }
}

/// Puts secrets into the input, and into that of the step that is undone, which templates see.
fn fill_input(call: &mut Call, secrets: &CallSecrets) -> Result<(), Box<Failure>> {
    let allowed = Arc::clone(&call.input_secrets);
    fill(&mut call.input, &allowed, secrets)?;
    match &mut call.undo {
        Some(undo) => fill(&mut undo.input, &allowed, secrets),
        None => Ok(()),
    }
}

/// JSON without references is not parsed.
fn fill(json: &mut Bytes, allowed: &[String], secrets: &CallSecrets) -> Result<(), Box<Failure>> {
    if allowed.is_empty() || memmem::find(json, b"\"$secret\"").is_none() {
        return Ok(());
    }
    let mut value: Value = serde_json::from_slice(json)
        .map_err(|error| Failure::permanent(error_type::INPUT, error.to_string()))?;
    secrets.fill(&mut value, allowed)?;
    *json = Bytes::from(value.to_string());
    Ok(())
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let message = error.to_string();
        match error {
            SecretError::Missing(_) => Self::permanent(error_type::SECRET, message),
            SecretError::Unavailable { .. } => {
                Self::retryable(error_type::SECRET, message, Effect::None)
            }
        }
    }
}

impl From<SecretError> for Box<Failure> {
    fn from(error: SecretError) -> Self {
        Self::new(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Success;
    use crate::secrets::StaticSecrets;
    use serde_json::json;

    /// Answers with its input and with the secret it looked up; or never, on the input `"hang"`.
    struct Parrot;

    #[async_trait]
    impl Connector for Parrot {
        async fn send(&self, call: Call, secrets: &CallSecrets) -> Outcome {
            if &call.input[..] == b"\"hang\"" {
                std::future::pending::<()>().await;
            }
            let Ok(own) = secrets.resolve("own") else {
                return Failure::permanent("no", "secret").into();
            };
            let input: Value = serde_json::from_slice(&call.input).unwrap();
            assert_ne!(
                input,
                json!({"$secret": "given"}),
                "the reference was not filled"
            );
            Success::of(json!([own.expose(), input]).to_string()).into()
        }
    }

    async fn call(input: &Value) -> Outcome {
        let secrets = StaticSecrets::new([("own", "own-secret-1"), ("given", "given-secret-2")]);
        let guarded = Guarded::new(Arc::new(Parrot), Arc::new(secrets));
        let call = Call {
            adapter: "parrot".into(),
            action: None,
            input: Bytes::from(input.to_string()),
            input_secrets: Arc::new(["given".to_owned(), "missing".to_owned()]),
            undo: None,
            idempotency_key: "k".into(),
            correlation_id: "c".into(),
            instance_id: "i".into(),
            step: "s".into(),
            attempt: 1,
            target: None,
            timeout_ms: 1_000,
            callback: None,
            env: Arc::new(json!({})),
        };
        guarded.call(call).await
    }

    #[tokio::test]
    async fn secrets_go_out_and_do_not_come_back() {
        let outcome = call(&json!({"$secret": "given"})).await;
        assert_eq!(outcome, Success::of(r#"["***","***"]"#).into());
    }

    #[tokio::test]
    async fn a_missing_secret_is_refused_before_anything_is_sent() {
        let outcome = call(&json!({"$secret": "missing"})).await;
        let failure = outcome.failure().unwrap();
        assert_eq!(failure.error_type, error_type::SECRET);
        assert_eq!((failure.retryable, failure.effect), (false, Effect::None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connector_that_forgets_its_time_out_is_cut_off() {
        let outcome = call(&json!("hang")).await;
        assert_eq!(outcome, Failure::timed_out(1_000).into());
    }
}
