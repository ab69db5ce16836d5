//! The adapters of a simulated world.

use std::sync::Arc;
use std::time::Duration;

use adapter::{
    Accepted, BuildContext, BuildError, Call, CallSecrets, Connector, Kind, Outcome, SettingsError,
    Success,
};
use async_trait::async_trait;
use engine::record::Failure;
use engine::{Payload, TaskOutcome};
use runtime::CallbackError;
use serde_json::Value;

use super::Planted;
use super::life::Life;
use super::outside::{Later, Temper};
use super::surroundings::{World, lock};
use crate::finding::{Finding, demand};
use crate::random::Random;

/// Stands where the workload says `http`.
pub(super) struct Simulated {
    pub(super) world: Arc<World>,
    /// The process that makes the calls.
    pub(super) life: Arc<Life>,
}

impl Kind for Simulated {
    fn name(&self) -> &'static str {
        "http"
    }

    fn check(&self, _settings: &Value) -> Vec<SettingsError> {
        Vec::new()
    }

    fn build(
        &self,
        _name: &str,
        _settings: &Value,
        _context: BuildContext,
    ) -> Result<Arc<dyn Connector>, BuildError> {
        Ok(Arc::new(Connection {
            world: Arc::clone(&self.world),
            life: Arc::clone(&self.life),
        }))
    }
}

struct Connection {
    world: Arc<World>,
    life: Arc<Life>,
}

#[async_trait]
impl Connector for Connection {
    async fn send(&self, call: Call, _secrets: &CallSecrets) -> Outcome {
        self.life.goes_on().await;
        let outcome = self.carry_out(call).await;
        self.life.goes_on().await;
        outcome
    }
}

impl Connection {
    async fn carry_out(&self, call: Call) -> Outcome {
        let world = &self.world;
        let called = world
            .truth()
            .called(world.now_ms(), self.life.number, &call);
        let number = match called {
            Ok(number) => number,
            Err(finding) => {
                world.judge(Err(finding));
                return std::future::pending().await;
            }
        };
        let trouble = if world.is_calm() {
            0
        } else {
            world.faults.adapter
        };
        let temper = lock(&world.outside).temper(&call, trouble);
        let output = lock(&world.outside).output(number);
        world.log(&format!("call {}#{}", call.idempotency_key, call.attempt));
        match temper {
            Temper::Works(after_ms) => {
                sleep(after_ms).await;
                world.take_effect(&call.idempotency_key, "adapter: works");
                Success::of(output.to_string()).into()
            }
            Temper::Fails {
                after_ms,
                effect,
                failure,
            } => {
                sleep(after_ms).await;
                if effect {
                    world.take_effect(&call.idempotency_key, "adapter: fails after its effect");
                }
                world.truth().coverage.hit("adapter: fails");
                failure.into()
            }
            Temper::Hangs { effect } => {
                if effect {
                    sleep(call.timeout_ms / 2).await;
                    world.take_effect(
                        &call.idempotency_key,
                        "adapter: works, but its answer is lost",
                    );
                }
                world.truth().coverage.hit("adapter: never answers");
                std::future::pending().await
            }
            Temper::Later(later) => world.take_for_later(&call, later, output).await,
        }
    }
}

async fn sleep(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

impl World {
    pub(super) fn log(&self, line: &str) {
        let now = self.now_ms();
        self.truth().line(now, || line.to_owned());
    }

    fn take_effect(&self, key: &str, how: &'static str) {
        let mut truth = self.truth();
        *truth.effects.entry(key.to_owned()).or_default() += 1;
        truth.coverage.hit(how);
    }

    /// The call is taken; what comes of it is told to its callback address, whoever runs then.
    async fn take_for_later(self: &Arc<Self>, call: &Call, later: Later, output: Value) -> Outcome {
        let url = call
            .callback
            .as_ref()
            .map(|url| url.expose().to_owned())
            .unwrap_or_default();
        let token = url.rsplit('/').next().unwrap_or_default().to_owned();
        let step = (call.instance_id.clone(), call.step.to_string());
        lock(&self.outside)
            .newest
            .insert(step.clone(), token.clone());
        if let Some(answered_ms) = later.answered_ms {
            let (world, key) = (Arc::clone(self), call.idempotency_key.clone());
            tokio::spawn(async move {
                sleep(answered_ms).await;
                world.call_back(step, token, &key, &later, output).await;
            });
        } else {
            self.truth().coverage.hit("adapter: never calls back");
        }
        sleep(later.taken_ms).await;
        Outcome::Accepted(Accepted::default())
    }

    async fn call_back(
        self: &Arc<Self>,
        step: (String, String),
        token: String,
        key: &str,
        later: &Later,
        output: Value,
    ) {
        let outcome = if later.works {
            self.take_effect(key, "adapter: works later");
            TaskOutcome::Completed {
                output: Payload::from_value(output),
                target: String::new(),
                exchange: String::new(),
                kept_by: None,
            }
        } else {
            let error = Failure {
                error_type: "http.500".to_owned(),
                retryable: true,
                ..Failure::default()
            };
            TaskOutcome::Failed {
                error,
                retry_after_ms: None,
                target: String::new(),
                exchange: String::new(),
            }
        };
        let newest = lock(&self.outside).newest.get(&step).cloned();
        let token = newest
            .filter(|_| self.plan.planted == Some(Planted::OldGeneration))
            .unwrap_or(token);
        let mut random = lock(&self.outside).fork();
        let first = self.deliver(&token, &outcome, &mut random).await;
        self.truth().coverage.hit(if first {
            "callback taken"
        } else {
            "callback too late"
        });
        if first && later.twice {
            let second = self.deliver(&token, &outcome, &mut random).await;
            self.truth()
                .coverage
                .hit("callback refused the second time");
            self.judge(demand(!second, || {
                format!("a second callback of {key} was taken")
            }));
        }
    }

    /// Tells a callback address until it answers; whether the result was taken.
    async fn deliver(&self, token: &str, outcome: &TaskOutcome, random: &mut Random) -> bool {
        loop {
            let process = self.running(random).await;
            match process
                .ask(process.runtime.callback(token, outcome.clone()))
                .await
            {
                Some(Ok(())) => return true,
                Some(Err(CallbackError::Closed)) => return false,
                Some(Err(CallbackError::UnknownToken)) => {
                    self.judge(Err(Finding(
                        "a callback address is not known any more".to_owned(),
                    )));
                    return false;
                }
                Some(Err(CallbackError::Unavailable(_))) | None => sleep(300).await,
            }
        }
    }
}
