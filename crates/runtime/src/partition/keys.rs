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
use super::operations::OperationAsked;
use super::start::{StartReply, StartRequest};
use super::task::Partition;
use crate::error::Unavailable;

/// What waits until its key is looked up.
#[derive(Default)]
pub(super) struct KeyLoads {
    waiting: BTreeMap<String, VecDeque<Keyed>>,
}

/// Something that is done once under a key.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are starts")]
pub(super) enum Keyed {
    Start(StartRequest),
    Operation(OperationAsked),
}

impl KeyLoads {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Keyed {
    fn fail(self, failed: Unavailable) {
        match self {
            Self::Start(request) => drop(request.reply.send(StartReply::Failed(failed))),
            Self::Operation(asked) => drop(asked.reply.send(Err(failed.into()))),
        }
    }
}

impl Partition {
    pub(super) fn start_with_key(&mut self, request: StartRequest) {
        if let Some(key) = request.key.clone() {
            self.do_under(key.key, Keyed::Start(request));
        }
    }

    /// Does it when the key is looked up; what comes under the same key meanwhile waits for that too.
    pub(super) fn do_under(&mut self, key: String, keyed: Keyed) {
        if let Some(known) = self.slots.keys.get(&key).cloned() {
            self.do_with_known_key(keyed, Some(known));
            return;
        }
        let bound = self.shared.config.bounds.waiting_per_instance;
        match self.key_loads.waiting.get_mut(&key) {
            Some(waiting) if waiting.len() >= bound => keyed.fail(overloaded()),
            Some(waiting) => waiting.push_back(keyed),
            None => {
                self.key_loads
                    .waiting
                    .insert(key.clone(), VecDeque::from([keyed]));
                self.look_up(key);
            }
        }
    }

    fn do_with_known_key(&mut self, keyed: Keyed, known: Option<(u64, KeyTaken)>) {
        match keyed {
            Keyed::Start(request) => self.start_with_known_key(request, known),
            Keyed::Operation(asked) => self.operate_under_known_key(asked, known),
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
                waiting
                    .into_iter()
                    .for_each(|keyed| keyed.fail(failed.clone()));
                return;
            }
        };
        for keyed in waiting {
            let known = self.slots.keys.get(&key).cloned().or_else(|| found.clone());
            self.do_with_known_key(keyed, known);
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
    let mut found = read_keys(store, &[key]).await?;
    Ok(found.pop().flatten())
}

/// Idempotency keys and names of events as the state has them, in their order.
pub(crate) async fn read_keys(
    store: &dyn Store,
    keys: &[&str],
) -> Result<Vec<Option<KeyTaken>>, StoreError> {
    let place = |key: &&str| (slot_of(key), Bytes::copy_from_slice(key.as_bytes()));
    let rows = patiently(|| store.get_many(Table::Key, keys.iter().map(place).collect())).await?;
    let taken = |row: Option<Bytes>| row.map(KeyTaken::decode).transpose();
    let taken: Result<_, _> = rows.into_iter().map(taken).collect();
    taken.map_err(|error| StoreError::Corrupt {
        place: "an idempotency key".to_owned(),
        detail: error.to_string(),
    })
}
