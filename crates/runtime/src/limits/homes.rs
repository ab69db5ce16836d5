//! The homes of adapters that are in this process.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use definition::OpenBreaker;
use engine::{Slot, slot_of};
use store::NodeId;
use tokio::sync::Notify;

use super::home::Home;
use super::report::{LimitsAnswer, LimitsAsk};
use super::terms::terms_of;
use crate::error::Unavailable;
use crate::shared::Shared;

/// From so many on, limits of steps are forgotten under which nothing lasts.
const MANY: usize = 256;

/// How the names of the limits of steps and of actions begin; no adapter's does.
const CALL_LIMITS: [&str; 2] = ["step:", "action:"];

/// Whether this is the name of a step's or an action's limit, and not of an adapter.
pub(crate) fn is_call_limit(name: &str) -> bool {
    CALL_LIMITS.iter().any(|prefix| name.starts_with(prefix))
}

/// The homes that are here, and what changed in them.
#[derive(Default)]
pub(crate) struct Homes {
    /// By partition.
    homes: Mutex<BTreeMap<u16, Home>>,
    /// By adapter and target: what is to be kept of a breaker, the newest only.
    changes: Mutex<BTreeMap<(String, String), Option<OpenBreaker>>>,
    /// There are changes.
    pub(super) changed: Notify,
    /// A home elsewhere is to be asked.
    pub(super) asked: Notify,
}

/// Where an adapter's limits are kept.
pub(crate) fn home_of(adapter: &str) -> Slot {
    slot_of(&format!("adapter/{adapter}"))
}

impl Homes {
    /// A home begins with its partition, perhaps after another process.
    pub(crate) fn begin(&self, shared: &Shared, partition: u16) {
        let home = Home {
            since: shared.clock.boot_ms(),
            after_another: shared.cluster.is_some(),
            adapters: BTreeMap::new(),
        };
        self.all().insert(partition, home);
    }

    /// A home ends with its partition.
    pub(crate) fn end(&self, partition: u16) {
        self.all().remove(&partition);
    }

    /// Lends permits of an adapter, if its home is here.
    pub(crate) fn lend(
        &self,
        shared: &Shared,
        adapter: &str,
        node: NodeId,
        (running, wanted): (u32, u32),
        total: u32,
    ) -> Result<u32, Unavailable> {
        let partition = here(shared, adapter)?;
        let now = shared.clock.boot_ms();
        let mut homes = self.all();
        let home = homes.get_mut(&partition).ok_or(Unavailable::Closed)?;
        let new = home.is_new(now);
        if home.adapters.len() > MANY {
            home.adapters
                .retain(|name, of| !is_call_limit(name) || of.allocation.lasts(now));
        }
        let of = home.adapters.entry(adapter.to_owned()).or_default();
        Ok(of.allocation.give(now, total, node, (running, wanted), new))
    }

    /// Hears what a node tells of an adapter and gives what it wants, if the adapter's home is here.
    pub(crate) fn exchange(
        &self,
        shared: &Shared,
        node: NodeId,
        ask: &LimitsAsk,
    ) -> Result<LimitsAnswer, Unavailable> {
        let partition = here(shared, &ask.adapter)?;
        let catalog = shared.catalog.current();
        let now = shared.clock.boot_ms();
        let mut homes = self.all();
        let home = homes.get_mut(&partition).ok_or(Unavailable::Closed)?;
        let mut terms = terms_of(shared, &catalog, &ask.adapter);
        terms.new = home.is_new(now);
        if !home.adapters.contains_key(&ask.adapter) {
            home.adapters
                .insert(ask.adapter.clone(), Default::default());
        }
        let of = home
            .adapters
            .get_mut(&ask.adapter)
            .expect("it was inserted if it was not there");
        let (answer, kept) = of.exchange(terms, node, ask);
        drop(homes);
        if !kept.is_empty() {
            for (_, open) in &kept {
                let stats = &shared.stats;
                let counter = match open {
                    Some(_) => &stats.breakers_opened,
                    None => &stats.breakers_closed,
                };
                crate::health::add(counter, 1);
            }
            let named = kept
                .into_iter()
                .map(|(target, open)| ((ask.adapter.clone(), target), open));
            lock(&self.changes).extend(named);
            self.changed.notify_one();
        }
        Ok(answer)
    }

    /// Whether an adapter's home is here.
    pub(crate) fn is_here(&self, shared: &Shared, adapter: &str) -> bool {
        here(shared, adapter).is_ok()
    }

    /// Has the limits looked at again: the catalog changed, or something waits.
    pub(crate) fn look(&self) {
        self.asked.notify_one();
    }

    /// What is to be kept next.
    pub(super) fn take_changes(&self) -> BTreeMap<(String, String), Option<OpenBreaker>> {
        std::mem::take(&mut lock(&self.changes))
    }

    /// Puts a change back that could not be kept, unless there is a newer one.
    pub(super) fn put_back(&self, place: (String, String), open: Option<OpenBreaker>) {
        lock(&self.changes).entry(place).or_insert(open);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u16, Home>> {
        lock(&self.homes)
    }
}

/// The partition of an adapter's home, if that is here for sure.
fn here(shared: &Shared, adapter: &str) -> Result<u16, Unavailable> {
    let place = shared.placement.of(home_of(adapter));
    let partition = u16::try_from(place).unwrap_or_default();
    if shared.ports[place].is_open() && shared.may_answer(partition) {
        Ok(partition)
    } else {
        Err(Unavailable::Closed)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
