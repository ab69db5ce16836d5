//! What a service has done, once per idempotency key.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use crate::refusal::Refusal;

/// The response header that marks an answer as a repetition.
pub(crate) const REPLAYED: &str = "idempotent-replayed";

/// So many entries are kept; the oldest go first.
const MAX_ENTRIES: usize = 100_000;

/// The `Idempotency-Key` of a request, if it has one.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let value = parts.headers.get("idempotency-key");
        let key = value.and_then(|value| value.to_str().ok());
        Ok(Self(key.map(ToOwned::to_owned)))
    }
}

/// The number in an id such as `hold-12`.
pub(crate) fn number_in(id: &str, prefix: &str) -> Option<u64> {
    id.strip_prefix(prefix)?.parse().ok()
}

/// One thing done.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry<T> {
    pub(crate) idempotency_key: Option<String>,
    /// How often the same request came again.
    pub(crate) replays: u64,
    #[serde(flatten)]
    pub(crate) value: T,
    #[serde(skip)]
    request: Value,
}

/// What recording did.
#[derive(Debug)]
pub(crate) enum Recorded<T> {
    New(T),
    Replay(T),
}

impl<T: Serialize> IntoResponse for Recorded<T> {
    /// 201 for what is new, 200 and a header for what was done before: the body is the same.
    fn into_response(self) -> Response {
        match self {
            Self::New(value) => (StatusCode::CREATED, Json(value)).into_response(),
            Self::Replay(value) => {
                (StatusCode::OK, [(REPLAYED, "true")], Json(value)).into_response()
            }
        }
    }
}

/// Entries by number, in the order they were made.
#[derive(Debug)]
pub(crate) struct Ledger<T> {
    last: u64,
    entries: BTreeMap<u64, Entry<T>>,
    by_key: HashMap<String, u64>,
}

impl<T> Default for Ledger<T> {
    fn default() -> Self {
        Self {
            last: 0,
            entries: BTreeMap::new(),
            by_key: HashMap::new(),
        }
    }
}

impl<T: Clone> Ledger<T> {
    /// Does `make` (which gets the new entry's number) unless the key was seen with this request before; 422 when it
    /// was seen with another.
    pub(crate) fn record(
        &mut self,
        key: IdempotencyKey,
        request: Value,
        make: impl FnOnce(u64) -> Result<T, Refusal>,
    ) -> Result<Recorded<T>, Refusal> {
        if let Some(entry) = self.seen(&key) {
            if entry.request != request {
                return Err(Refusal::key_reused());
            }
            entry.replays += 1;
            return Ok(Recorded::Replay(entry.value.clone()));
        }
        let value = make(self.last + 1)?;
        self.add(key.0, request, value.clone());
        Ok(Recorded::New(value))
    }

    fn seen(&mut self, key: &IdempotencyKey) -> Option<&mut Entry<T>> {
        let number = self.by_key.get(key.0.as_ref()?)?;
        self.entries.get_mut(number)
    }

    fn add(&mut self, key: Option<String>, request: Value, value: T) {
        self.last += 1;
        if let Some(key) = &key {
            self.by_key.insert(key.clone(), self.last);
        }
        let entry = Entry {
            idempotency_key: key,
            replays: 0,
            value,
            request,
        };
        self.entries.insert(self.last, entry);
        if self.entries.len() > MAX_ENTRIES {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let oldest = self.entries.pop_first();
        if let Some(key) = oldest.and_then(|(_, entry)| entry.idempotency_key) {
            self.by_key.remove(&key);
        }
    }

    /// The value with that number, if it is still kept.
    pub(crate) fn value_mut(&mut self, number: u64) -> Option<&mut T> {
        self.entries.get_mut(&number).map(|entry| &mut entry.value)
    }

    /// All kept entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry<T>> {
        self.entries.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey(Some(text.to_owned()))
    }

    #[test]
    fn the_same_key_does_it_once() {
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            let recorded = ledger.record(key("k"), json!({"a": 1}), Ok).unwrap();
            assert!(matches!(recorded, Recorded::New(1) | Recorded::Replay(1)));
        }
        let entries = ledger.entries();
        assert_eq!((entries.len(), entries[0].replays), (1, 2));
    }

    #[test]
    fn another_body_under_the_key_is_refused() {
        let mut ledger = Ledger::default();
        ledger.record(key("k"), json!(1), Ok).unwrap();
        assert!(ledger.record(key("k"), json!(2), Ok).is_err());
        assert_eq!(ledger.entries().len(), 1);
    }

    #[test]
    fn without_a_key_each_request_counts() {
        let mut ledger = Ledger::default();
        for _ in 0..2 {
            ledger.record(IdempotencyKey(None), json!(1), Ok).unwrap();
        }
        assert_eq!(ledger.entries().len(), 2);
    }

    #[test]
    fn a_refused_request_leaves_no_trace() {
        let mut ledger = Ledger::default();
        let refused = ledger.record(key("k"), json!(1), |_| Err(Refusal::not_found("no")));
        assert!(refused.is_err());
        let recorded = ledger.record(key("k"), json!(1), Ok).unwrap();
        assert!(matches!(recorded, Recorded::New(1)));
    }
}
