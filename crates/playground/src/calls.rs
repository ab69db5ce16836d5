//! The calls that a service got, the newest of them kept.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{HeaderMap, Method, Uri};
use serde::{Deserialize, Serialize};

/// So many calls are kept by each service; older ones are forgotten.
pub const MAX_CALLS: usize = 100_000;

/// One call that reached a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Counts the calls of the service from 1.
    pub number: u64,
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// `X-Correlation-ID`.
    pub correlation_id: Option<String>,
    /// `X-Orchestrator-Instance`.
    pub instance: Option<String>,
    /// `X-Orchestrator-Step`.
    pub step: Option<String>,
    /// `X-Orchestrator-Attempt`.
    pub attempt: Option<String>,
    /// When it came, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The status it was answered with; none while it runs and when its connection was cut.
    pub status: Option<u16>,
    /// Whether the key was known already, so that nothing happened anew.
    pub replayed: bool,
}

/// The answer of `GET /_calls`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPage {
    /// All calls since the start (or since they were forgotten), kept or not.
    pub total: u64,
    /// Those of the kept ones that were asked for, oldest first.
    pub items: Vec<Call>,
}

/// The query of `GET /_calls`: every given field must be equal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallFilter {
    key: Option<String>,
    instance: Option<String>,
    step: Option<String>,
    /// The newest so many.
    limit: Option<usize>,
}

impl CallFilter {
    fn takes(&self, call: &Call) -> bool {
        let same =
            |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        same(&self.key, &call.idempotency_key)
            && same(&self.instance, &call.instance)
            && same(&self.step, &call.step)
    }
}

/// A bounded log; the oldest calls go first.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    forgotten: u64,
    kept: VecDeque<Call>,
}

impl CallLog {
    /// Notes a call that has come; the number names it in [`CallLog::answered`].
    pub(crate) fn arrived(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap) -> u64 {
        let number = self.total() + 1;
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        if self.kept.len() == MAX_CALLS {
            self.kept.pop_front();
            self.forgotten += 1;
        }
        self.kept.push_back(Call {
            number,
            method: method.to_string(),
            path: uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            idempotency_key: header("idempotency-key"),
            correlation_id: header("x-correlation-id"),
            instance: header("x-orchestrator-instance"),
            step: header("x-orchestrator-step"),
            attempt: header("x-orchestrator-attempt"),
            at: now_ms(),
            status: None,
            replayed: false,
        });
        number
    }

    /// Notes the answer to a call; nothing to note when the call was forgotten meanwhile.
    pub(crate) fn answered(&mut self, number: u64, status: u16, replayed: bool) {
        let index = number
            .checked_sub(self.forgotten + 1)
            .map(|index| index as usize);
        if let Some(call) = index.and_then(|index| self.kept.get_mut(index)) {
            call.status = Some(status);
            call.replayed = replayed;
        }
    }

    pub(crate) fn page(&self, filter: &CallFilter) -> CallPage {
        let newest_first = self.kept.iter().rev().filter(|call| filter.takes(call));
        let mut items: Vec<Call> = newest_first
            .take(filter.limit.unwrap_or(MAX_CALLS))
            .cloned()
            .collect();
        items.reverse();
        CallPage {
            total: self.total(),
            items,
        }
    }

    pub(crate) fn total(&self) -> u64 {
        self.forgotten + self.kept.len() as u64
    }

    /// Forgets the calls; numbers go on, so that a late answer is not noted with another call.
    pub(crate) fn clear(&mut self) {
        self.forgotten = self.total();
        self.kept.clear();
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.map_or(0, |duration| duration.as_millis() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(log: &mut CallLog, key: &str) -> u64 {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", key.parse().unwrap());
        log.arrived(&Method::POST, &Uri::from_static("/send?x=1"), &headers)
    }

    #[test]
    fn the_newest_are_kept_and_all_are_counted() {
        let mut log = CallLog::default();
        let first = arrive(&mut log, "first");
        for _ in 0..MAX_CALLS {
            arrive(&mut log, "later");
        }
        log.answered(first, 200, false);
        let page = log.page(&CallFilter::default());
        assert_eq!(page.total, MAX_CALLS as u64 + 1);
        assert_eq!(page.items.len(), MAX_CALLS);
        assert_eq!(page.items[0].number, 2);
        assert_eq!(page.items[0].status, None);
    }

    #[test]
    fn a_late_answer_after_clear_is_dropped() {
        let mut log = CallLog::default();
        let old = arrive(&mut log, "old");
        log.clear();
        let new = arrive(&mut log, "new");
        log.answered(old, 500, false);
        log.answered(new, 201, true);
        let page = log.page(&CallFilter::default());
        assert_eq!(page.items.len(), 1);
        assert_eq!(
            (page.items[0].status, page.items[0].replayed),
            (Some(201), true)
        );
    }

    #[test]
    fn filters_are_equalities_and_limit_takes_the_newest() {
        let mut log = CallLog::default();
        for key in ["a", "b", "a", "a"] {
            arrive(&mut log, key);
        }
        let filter = CallFilter {
            key: Some("a".to_owned()),
            limit: Some(2),
            ..CallFilter::default()
        };
        let numbers: Vec<u64> = log
            .page(&filter)
            .items
            .iter()
            .map(|call| call.number)
            .collect();
        assert_eq!(numbers, [3, 4]);
    }
}
