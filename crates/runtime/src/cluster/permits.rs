//! Calls at once of an adapter, over all nodes: its `concurrency` is so many permits, which the owner
//! of its home slot lends to nodes for a few seconds at a time. While no home answers, calls under
//! way go on and no further ones begin.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;

use super::state::{Cluster, lock};
use super::wire::{Answer, Ask, PermitsAsk};
use crate::error::Unavailable;
use crate::limits::{LASTS_MS, concurrency_of, home_of, is_call_limit};
use crate::measures::AdapterLoad;
use crate::shared::Shared;

/// Between two askings of a home that had too few.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a home may take to answer.
const ANSWER: Duration = Duration::from_secs(1);
/// Of the time that permits last, how much their holder uses.
const USED_PERCENT: u64 = 80;

/// This node's permits.
#[derive(Default)]
pub(super) struct Permits {
    /// By adapter: how many, until when by the boot-time clock.
    held: Mutex<BTreeMap<String, (u32, u64)>>,
    /// Calls wait for more.
    wanted: Notify,
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

    /// Lends permits, if this node is the home.
    pub(super) fn lend(&self, shared: &Shared, ask: &PermitsAsk) -> Result<u32, Unavailable> {
        let catalog = shared.catalog.current();
        let total = if is_call_limit(&ask.adapter) {
            ask.total
        } else {
            concurrency_of(shared, &catalog, &ask.adapter).unwrap_or(0)
        };
        let Ok(node) = ask.node.parse() else {
            return Err(Unavailable::Closed);
        };
        let loads = (ask.running, ask.wanted);
        let homes = &shared.homes;
        homes.lend(shared, &ask.adapter, node, loads, total)
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
    let of_adapters = shared.dispatcher.loads().into_iter().filter_map(|load| {
        let concurrency = concurrency_of(shared, &catalog, &load.adapter)?;
        Some((load, concurrency))
    });
    let loads: Vec<_> = of_adapters.chain(shared.dispatcher.limit_loads()).collect();
    for (load, concurrency) in loads {
        let held = lock(&cluster.permits.held).contains_key(&load.adapter);
        let wanted = u32::try_from(load.running + load.waiting).unwrap_or(u32::MAX);
        if wanted == 0 && !held {
            continue;
        }
        let wanted = wanted.min(concurrency);
        let given = ask_for(shared, cluster, &load, (wanted, concurrency)).await;
        let given = given.unwrap_or(0);
        short |= given < wanted;
        if is_call_limit(&load.adapter) {
            shared.dispatcher.run_limited(shared, &load.adapter);
        } else {
            shared.dispatcher.run_waiting(shared, &load.adapter);
        }
    }
    // What nothing stands under any more is not renewed, and over in a moment.
    let now = shared.clock.boot_ms();
    lock(&cluster.permits.held).retain(|_, (_, until)| now < *until);
    short
}

async fn ask_for(
    shared: &Arc<Shared>,
    cluster: &Cluster,
    load: &AdapterLoad,
    (wanted, total): (u32, u32),
) -> Result<u32, Unavailable> {
    let sent_at = shared.clock.boot_ms();
    let ask = PermitsAsk {
        adapter: load.adapter.clone(),
        node: cluster.me.to_string(),
        running: u32::try_from(load.running).unwrap_or(u32::MAX),
        wanted,
        total,
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
