//! Idempotency keys: taken in the slot of the key itself, looked up before a start is decided.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use engine::record::KeyTaken;
use engine::{Id, slot_of};
use prost::Message;
use store::{Store, StoreError, Table};

use super::load::patiently;
use super::mailbox::{Internal, overloaded};
use super::start::{StartReply, StartRequest};
use super::task::Partition;
use crate::error::Unavailable;

/// Starts that wait until their key is looked up.
#[derive(Default)]
pub(super) struct KeyLoads {
    waiting: BTreeMap<String, VecDeque<StartRequest>>,
}

impl KeyLoads {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Partition {
    pub(super) fn start_with_key(&mut self, request: StartRequest) {
        let Some(key) = request.key.clone() else {
            return;
        };
        if let Some((position, taken)) = self.slots.keys.get(&key.key).cloned() {
            self.start_with_known_key(request, Some((position, taken)));
            return;
        }
        let bound = self.shared.config.bounds.waiting_per_instance;
        match self.key_loads.waiting.get_mut(&key.key) {
            Some(waiting) if waiting.len() >= bound => {
                drop(request.reply.send(StartReply::Failed(overloaded())));
            }
            Some(waiting) => waiting.push_back(request),
            None => {
                self.key_loads
                    .waiting
                    .insert(key.key.clone(), VecDeque::from([request]));
                self.look_up(key.key);
            }
        }
    }

    fn look_up(&mut self, key: String) {
        let (shared, index) = (Arc::clone(&self.shared), usize::from(self.index));
        self.shared.tasks.spawn(async move {
            let found = read_key(shared.store.as_ref(), &key).await;
            shared.ports[index].notify(Internal::KeyLoaded { key, found });
        });
    }

    /// A key was looked up. The first of those that waited may take it; the others then find it
    /// taken.
    pub(super) fn on_key_loaded(
        &mut self,
        key: String,
        found: Result<Option<KeyTaken>, StoreError>,
    ) {
        let waiting = self.key_loads.waiting.remove(&key).unwrap_or_default();
        let found = match found {
            Ok(found) => found.map(|taken| (0, taken)),
            Err(error) => {
                let failed = Unavailable::from(error);
                for request in waiting {
                    drop(request.reply.send(StartReply::Failed(failed.clone())));
                }
                return;
            }
        };
        for request in waiting {
            let known = self.slots.keys.get(&key).cloned().or_else(|| found.clone());
            self.start_with_known_key(request, known);
        }
    }

    /// Starts, or answers as the first request with this key was answered, once that is durable.
    fn start_with_known_key(&mut self, request: StartRequest, known: Option<(u64, KeyTaken)>) {
        let Some(key) = request.key.clone() else {
            return;
        };
        let now = self.now();
        let live = known.filter(|(_, taken)| taken.expires_at > now);
        let Some((position, taken)) = live else {
            self.take_key_and_start(request, &key);
            return;
        };
        let answer = match Id::from_slice(&taken.id) {
            Some(id) if taken.digest == key.digest[..] => StartReply::Replayed(id),
            _ => StartReply::Conflict,
        };
        let reply = request.reply;
        self.release_after(position, move || drop(reply.send(answer)));
    }
}

/// An idempotency key as the state has it.
pub(crate) async fn read_key(store: &dyn Store, key: &str) -> Result<Option<KeyTaken>, StoreError> {
    let bytes = || Bytes::copy_from_slice(key.as_bytes());
    let row = patiently(|| store.get(Table::Key, slot_of(key), bytes())).await?;
    row.map(KeyTaken::decode)
        .transpose()
        .map_err(|error| StoreError::Corrupt {
            place: "an idempotency key".to_owned(),
            detail: error.to_string(),
        })
}
