//! The endpoints of an adapter and the choice among them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use adapter::{Failure, error_type};
use expression::Template;
use serde_json::Value;
use url::Url;

use super::config::{Balance, TargetSettings, known_when_built, parse_url};
use super::values::{Environment, Values};

/// One endpoint.
pub(super) struct Target {
    name: Arc<str>,
    url: TargetUrl,
    weight: u32,
    healthy: AtomicBool,
}

enum TargetUrl {
    /// The same for all calls.
    Fixed(Url),
    /// Depends on the call or on a secret.
    Late(Template),
}

impl Target {
    /// The address for a call.
    pub(super) fn url(&self, values: &Values<'_>) -> Result<Url, Box<Failure>> {
        match &self.url {
            TargetUrl::Fixed(url) => Ok(url.clone()),
            TargetUrl::Late(template) => {
                let text = values.text(template, "url")?.unwrap_or_default();
                parse_url(&text).map_err(|reason| {
                    let message = format!("`url` of adapter `{}`: {reason}", values.call().adapter);
                    Box::new(Failure::permanent(error_type::CONFIG, message))
                })
            }
        }
    }

    /// The address, if it is the same for all calls.
    pub(super) fn fixed_url(&self) -> Option<&Url> {
        match &self.url {
            TargetUrl::Fixed(url) => Some(url),
            TargetUrl::Late(_) => None,
        }
    }

    /// Its address without what differs from call to call.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
    }

    /// Says whether that is news.
    pub(super) fn set_healthy(&self, healthy: bool) -> bool {
        self.healthy.swap(healthy, Ordering::Relaxed) != healthy
    }
}

/// All endpoints of an adapter.
pub(super) struct Targets {
    list: Vec<Arc<Target>>,
    turn: Turn,
}

enum Turn {
    RoundRobin(AtomicUsize),
    /// What each target has coming, by its place in the list.
    Weighted(Mutex<Vec<i64>>),
}

impl Targets {
    /// Evaluates the addresses that are the same for all calls.
    pub(super) fn new(
        settings: Vec<TargetSettings>,
        balance: Balance,
        env: &Value,
    ) -> Result<Self, String> {
        let list: Vec<Arc<Target>> = settings
            .into_iter()
            .enumerate()
            .map(|(place, settings)| target(place, settings, env).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let turn = match balance {
            Balance::RoundRobin => Turn::RoundRobin(AtomicUsize::new(0)),
            Balance::Weighted => Turn::Weighted(Mutex::new(vec![0; list.len()])),
        };
        Ok(Self { list, turn })
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Arc<Target>] {
        &self.list
    }

    /// The endpoint at a place, else the one whose turn it is.
    pub(super) fn of(&self, place: Option<usize>) -> &Arc<Target> {
        if let Some(target) = place.and_then(|place| self.list.get(place)) {
            return target;
        }
        if self.list.len() == 1 {
            return &self.list[0];
        }
        let all: Vec<usize> = (0..self.list.len()).collect();
        &self.list[self.pick(&all).unwrap_or(0)]
    }

    /// The place of the endpoint whose turn it is, among the healthy ones of these, or among all of
    /// these when none is healthy: a probe may be wrong, and a refused call costs less than a call
    /// never tried.
    pub(super) fn pick(&self, among: &[usize]) -> Option<usize> {
        let there = |at: &&usize| **at < self.list.len();
        let healthy = |at: &&usize| there(at) && self.list[**at].is_healthy();
        let mut open: Vec<usize> = among.iter().filter(healthy).copied().collect();
        if open.is_empty() {
            open = among.iter().filter(there).copied().collect();
        }
        (!open.is_empty()).then(|| self.next(&open))
    }

    fn next(&self, open: &[usize]) -> usize {
        match &self.turn {
            Turn::RoundRobin(turn) => open[turn.fetch_add(1, Ordering::Relaxed) % open.len()],
            Turn::Weighted(credits) => self.heaviest(
                open,
                &mut credits.lock().unwrap_or_else(PoisonError::into_inner),
            ),
        }
    }

    /// Smooth weighted round robin: each turn everybody earns its weight, the richest serves and pays
    /// what all earned together. Turns of a heavy target are spread, not bunched.
    fn heaviest(&self, open: &[usize], credits: &mut [i64]) -> usize {
        let mut total = 0;
        let mut richest = open[0];
        for &at in open {
            let weight = i64::from(self.list[at].weight);
            credits[at] += weight;
            total += weight;
            if credits[at] > credits[richest] {
                richest = at;
            }
        }
        credits[richest] -= total;
        richest
    }
}

fn target(place: usize, settings: TargetSettings, env: &Value) -> Result<Target, String> {
    let url = if known_when_built(&settings.url) {
        let value = settings.url.evaluate(&Environment(env), 0);
        let value = value.map_err(|error| format!("`url`: {error}"))?;
        TargetUrl::Fixed(parse_url(value.as_str().unwrap_or_default())?)
    } else {
        TargetUrl::Late(settings.url)
    };
    let name = match &url {
        TargetUrl::Fixed(url) => url.as_str().trim_end_matches('/').to_owned(),
        TargetUrl::Late(_) => format!("target-{}", place + 1),
    };
    Ok(Target {
        name: name.into(),
        url,
        weight: settings.weight,
        healthy: AtomicBool::new(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SCOPE;
    use proptest::prelude::*;
    use serde_json::json;

    fn targets(weights: &[u32]) -> Targets {
        let settings = weights.iter().enumerate().map(|(at, weight)| {
            let url = json!(format!("http://service/{at}"));
            TargetSettings {
                url: Template::compile(&url, &SCOPE).unwrap(),
                weight: *weight,
            }
        });
        Targets::new(settings.collect(), Balance::Weighted, &json!({})).unwrap()
    }

    proptest! {
        #[test]
        fn in_each_full_turn_everybody_serves_by_weight(
            weights in prop::collection::vec(1..20_u32, 1..8),
        ) {
            let targets = targets(&weights);
            let mut served = vec![0; weights.len()];
            for _ in 0..weights.iter().sum() {
                let picked = targets.of(None);
                let at = targets.all().iter().position(|target| Arc::ptr_eq(target, picked));
                served[at.unwrap()] += 1;
            }
            prop_assert_eq!(served, weights);
        }
    }
}
