//! Watching the endpoints in the background.

use std::sync::Arc;
use std::time::Duration;

use adapter::OutboundPolicy;
use reqwest::Client;
use tokio::task::JoinHandle;
use url::Url;

use super::config::HealthSettings;
use super::outbound::check_literal;
use super::request::join_path;
use super::targets::{Target, Targets};

/// A probe that takes longer says that the endpoint is in no state to serve.
const MAX_PROBE_MS: u64 = 5_000;

/// The probes of an adapter; they end with it.
pub(super) struct Watch(Vec<JoinHandle<()>>);

impl Watch {
    /// Starts probing each endpoint, the first time at once.
    pub(super) fn start(
        adapter: &str,
        settings: Option<&HealthSettings>,
        targets: &Targets,
        client: &Client,
        policy: &Arc<OutboundPolicy>,
    ) -> Result<Self, String> {
        let Some(settings) = settings else {
            return Ok(Self(Vec::new()));
        };
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| "expected to be built within a runtime, because of `health`".to_owned())?;
        let probes = targets.all().iter().filter_map(|target| {
            let mut url = target.fixed_url()?.clone();
            join_path(&mut url, &settings.path);
            let probe = Probe {
                adapter: adapter.to_owned(),
                target: Arc::clone(target),
                url,
                client: client.clone(),
                policy: Arc::clone(policy),
                interval_ms: settings.interval_ms,
            };
            Some(runtime.spawn(probe.run()))
        });
        Ok(Self(probes.collect()))
    }

    /// Ends all probes.
    pub(super) fn stop(&self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Probe {
    adapter: String,
    target: Arc<Target>,
    url: Url,
    client: Client,
    policy: Arc<OutboundPolicy>,
    interval_ms: u64,
}

impl Probe {
    async fn run(self) {
        let mut ticks = tokio::time::interval(Duration::from_millis(self.interval_ms));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let healthy = self.answers().await;
            if self.target.set_healthy(healthy) {
                let (adapter, url) = (&self.adapter, self.url.as_str());
                tracing::info!(adapter, url, healthy, "health of a target changed");
            }
        }
    }

    async fn answers(&self) -> bool {
        if check_literal(&self.policy, &self.url).is_err() {
            return false;
        }
        let limit = Duration::from_millis(self.interval_ms.min(MAX_PROBE_MS));
        let request = self.client.get(self.url.clone()).timeout(limit);
        let answer = request.send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}
