//! Calls at once of an adapter, over all nodes: its `concurrency` is so many permits, which the owner
//! of its home slot lends to nodes for a few seconds at a time. While no home answers, calls under
//! way go on and no further ones begin.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::{Slot, slot_of};
use tokio::sync::Notify;

use super::allocation::{Allocation, LASTS_MS};
use super::state::{Cluster, lock};
use super::wire::{Answer, Ask, PermitsAsk};
use crate::error::Unavailable;
use crate::measures::AdapterLoad;
use crate::shared::Shared;

/// Between two askings of a home that had too few.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a home may take to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// Of the time that permits last, how much their holder uses.
const USED_PERCENT: u64 = 80;

/// This node's permits, and those that it lends as a home.
#[derive(Default)]
pub(super) struct Permits {
    /// By adapter: how many, until when by the boot-time clock.
    held: Mutex<BTreeMap<String, (u32, u64)>>,
    /// Calls wait for more.
    wanted: Notify,
    /// By partition of the home: since when it is here, and what it lent.
    homes: Mutex<BTreeMap<u16, Home>>,
}

struct Home {
    since: u64,
    adapters: BTreeMap<String, Allocation>,
}

/// Where an adapter's permits are kept.
fn home_of(adapter: &str) -> Slot {
    slot_of(&format!("adapter/{adapter}"))
}

impl Cluster {
    /// How many calls of an adapter this node may have under way.
    pub(crate) fn room(&self, shared: &Shared, adapter: &str, concurrency: u32) -> u32 {
        let held = lock(&self.permits.held).get(adapter).copied();
        match held {
            Some((count, until)) if shared.clock.boot_ms() < until => count.min(concurrency),
            _ => 0,
        }
    }

    /// Calls wait for more permits.
    pub(crate) fn want_permits(&self) {
        self.permits.wanted.notify_one();
    }

    /// A home begins with its partition.
    pub(super) fn begin_home(&self, shared: &Shared, partition: u16) {
        let home = Home {
            since: shared.clock.boot_ms(),
            adapters: BTreeMap::new(),
        };
        lock(&self.permits.homes).insert(partition, home);
    }

    /// A home ends with its partition.
    pub(super) fn end_home(&self, partition: u16) {
        lock(&self.permits.homes).remove(&partition);
    }

    /// Lends permits, if this node is the home.
    pub(super) fn lend(&self, shared: &Shared, ask: &PermitsAsk) -> Result<u32, Unavailable> {
        let place = shared.placement.of(home_of(&ask.adapter));
        let partition = u16::try_from(place).unwrap_or_default();
        if !shared.ports[place].is_open() || !self.may_answer(shared, partition) {
            return Err(Unavailable::Closed);
        }
        let catalog = shared.catalog.current();
        let spec = catalog.adapters.get(&ask.adapter);
        let total = spec.and_then(|spec| spec.concurrency).unwrap_or(0);
        let Ok(node) = ask.node.parse() else {
            return Err(Unavailable::Closed);
        };
        let now = shared.clock.boot_ms();
        let mut homes = lock(&self.permits.homes);
        let home = homes.get_mut(&partition).ok_or(Unavailable::Closed)?;
        let new = now < home.since + LASTS_MS;
        let allocation = home.adapters.entry(ask.adapter.clone()).or_default();
        Ok(allocation.give(now, total, node, (ask.running, ask.wanted), new))
    }
}

/// Asks for permits as long as the runtime goes.
pub(crate) async fn borrow(shared: Arc<Shared>, cluster: Arc<Cluster>) {
    let renew = Duration::from_millis(LASTS_MS / 3);
    loop {
        if ask_for_all(&shared, &cluster).await {
            // However many calls wait, the home is not asked without pause.
            tokio::time::sleep(AGAIN).await;
        } else {
            let _renew = tokio::time::timeout(renew, cluster.permits.wanted.notified()).await;
        }
    }
}

/// Renews what is used and asks for what is needed; says whether there was too little.
async fn ask_for_all(shared: &Arc<Shared>, cluster: &Cluster) -> bool {
    let catalog = shared.catalog.current();
    let mut short = false;
    for load in shared.dispatcher.loads() {
        let spec = catalog.adapters.get(&load.adapter);
        let Some(concurrency) = spec.and_then(|spec| spec.concurrency) else {
            continue;
        };
        let held = lock(&cluster.permits.held).contains_key(&load.adapter);
        let wanted = u32::try_from(load.running + load.waiting).unwrap_or(u32::MAX);
        if wanted == 0 && !held {
            continue;
        }
        let wanted = wanted.min(concurrency);
        let given = ask_for(shared, cluster, &load, wanted).await.unwrap_or(0);
        short |= given < wanted;
        shared.dispatcher.run_waiting(shared, &load.adapter);
    }
    short
}

async fn ask_for(
    shared: &Arc<Shared>,
    cluster: &Cluster,
    load: &AdapterLoad,
    wanted: u32,
) -> Result<u32, Unavailable> {
    let sent_at = shared.clock.boot_ms();
    let ask = PermitsAsk {
        adapter: load.adapter.clone(),
        node: cluster.me.to_string(),
        running: u32::try_from(load.running).unwrap_or(u32::MAX),
        wanted,
    };
    let place = shared.placement.of(home_of(&load.adapter));
    let given = if shared.ports[place].is_open() {
        cluster.lend(shared, &ask)?
    } else {
        let owner = cluster.view().owner(place).ok_or(Unavailable::Closed)?;
        let link = cluster.link(shared, owner).ok_or(Unavailable::Closed)?;
        let version = shared.catalog.current().version;
        let answer = link.ask(version, Ask::Permits(ask));
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(Ok(Answer::Permits(given))) => given,
            _ => return Err(Unavailable::Closed),
        }
    };
    let mut held = lock(&cluster.permits.held);
    if wanted == 0 {
        held.remove(&load.adapter);
    } else {
        let until = sent_at + LASTS_MS * USED_PERCENT / 100;
        held.insert(load.adapter.clone(), (given, until));
    }
    Ok(given)
}
