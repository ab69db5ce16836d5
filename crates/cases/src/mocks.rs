//! Adapters that answer what a case says, and remember what they were asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter::{
    BuildContext, BuildError, Call, CallSecrets, Connector, Effect, Failure, Kind, Outcome,
    Registry, SettingsError, Success, error_type,
};
use async_trait::async_trait;
use definition::{MockAnswer, MockError};
use serde_json::Value;

/// The error of a call that the case says nothing about.
const UNMOCKED: &str = "test.unmocked";
/// The kind whose adapters work by themselves.
const BUILTIN: &str = "builtin";

/// What adapters answer in one case, and what they were asked.
#[derive(Clone)]
pub(crate) struct Mocks {
    answers: Arc<BTreeMap<String, Vec<MockAnswer>>>,
    heard: Arc<Mutex<Heard>>,
}

/// The calls of a case so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// By adapter and action (`billing/create`), and by adapter alone.
    pub(crate) calls: BTreeMap<String, u64>,
    /// Calls that the case says nothing about.
    pub(crate) unmocked: BTreeSet<String>,
}

impl Mocks {
    /// Mocks with these answers, by `ADAPTER` or `ADAPTER/ACTION`.
    pub(crate) fn new(answers: &BTreeMap<String, Vec<MockAnswer>>) -> Self {
        Self {
            answers: Arc::new(answers.clone()),
            heard: Arc::default(),
        }
    }

    /// The same kinds of adapters, which answer as the mocks do.
    pub(crate) fn over(&self, kinds: &Registry) -> Registry {
        let known = kinds.names().filter_map(|name| kinds.kind(name));
        known.fold(Registry::default(), |mocked, kind| {
            mocked.with(MockedKind {
                kind: Arc::clone(kind),
                mocks: self.clone(),
            })
        })
    }

    /// What was asked so far.
    pub(crate) fn heard(&self) -> Heard {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and answers what the case says about it.
    fn answer(&self, adapter: &str, action: &str) -> Option<MockAnswer> {
        let full = format!("{adapter}/{action}");
        let mut heard = self.lock();
        let of_action = count(&mut heard.calls, &full);
        let of_adapter = count(&mut heard.calls, adapter);
        let (answers, place) = match self.answers.get(&full) {
            Some(answers) => (answers, of_action),
            None => (self.answers.get(adapter)?, of_adapter),
        };
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        answers.get(place).or_else(|| answers.last()).cloned()
    }
}

/// How often before.
fn count(calls: &mut BTreeMap<String, u64>, name: &str) -> u64 {
    let count = calls.entry(name.to_owned()).or_default();
    *count += 1;
    *count - 1
}

struct MockedKind {
    kind: Arc<dyn Kind>,
    mocks: Mocks,
}

impl Kind for MockedKind {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn check(&self, settings: &Value) -> Vec<SettingsError> {
        self.kind.check(settings)
    }

    fn build(
        &self,
        name: &str,
        settings: &Value,
        context: BuildContext,
    ) -> Result<Arc<dyn Connector>, BuildError> {
        let works = self.kind.name() == BUILTIN;
        let real = works.then(|| self.kind.build(name, settings, context));
        let action = settings.get("default-action").and_then(Value::as_str);
        Ok(Arc::new(MockedConnector {
            name: name.to_owned(),
            default_action: action.unwrap_or_default().to_owned(),
            real: real.transpose()?,
            mocks: self.mocks.clone(),
        }))
    }
}

struct MockedConnector {
    name: String,
    default_action: String,
    /// What answers where the case says nothing.
    real: Option<Arc<dyn Connector>>,
    mocks: Mocks,
}

#[async_trait]
impl Connector for MockedConnector {
    async fn send(&self, call: Call, secrets: &CallSecrets) -> Outcome {
        let action = call.action.as_deref().unwrap_or(&self.default_action);
        let Some(answer) = self.mocks.answer(&self.name, action) else {
            if let Some(real) = &self.real {
                return real.send(call, secrets).await;
            }
            let what = format!("{}/{action}", self.name);
            let message = format!("the case says nothing about a call of {what}");
            self.mocks.lock().unmocked.insert(what);
            return Failure::permanent(UNMOCKED, message).into();
        };
        if answer.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
        }
        match (answer.error, answer.output) {
            (Some(error), _) => failure(error).into(),
            (None, Some(output)) => Success::of(output.to_string()).into(),
            (None, None) => Success::of(call.input).into(),
        }
    }
}

fn failure(error: MockError) -> Failure {
    let effect = if error.unknown {
        Effect::Unknown
    } else {
        Effect::None
    };
    let retryable = error
        .retryable
        .unwrap_or_else(|| may_pass(&error.error_type));
    if retryable {
        Failure::retryable(&error.error_type, error.message, effect)
    } else {
        Failure {
            effect,
            ..Failure::permanent(&error.error_type, error.message)
        }
    }
}

/// Whether errors of this type are worth another attempt with `http`.
fn may_pass(error: &str) -> bool {
    let status = error
        .strip_prefix("http.")
        .and_then(|code| code.parse::<u16>().ok());
    match status {
        Some(status) => matches!(status, 408 | 425 | 429) || status >= 500,
        None => [
            error_type::TIMEOUT,
            error_type::CONNECT,
            error_type::CONNECTION_LOST,
            error_type::DNS,
        ]
        .contains(&error),
    }
}
