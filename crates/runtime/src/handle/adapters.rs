//! Adapters: how they stand, and what is switched on them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use definition::{AdapterSwitches, Catalog, Diagnostic, Hold, LimitOverride, Note, RateSpec};
use engine::{Id, Instance};
use tokio::sync::oneshot;

use super::Runtime;
use crate::error::ApplyError;
use crate::limits::{AdapterStanding, HeldTask, LimitsAsk, home_answer};
use crate::partition::{Internal, Work};
use crate::shared::Shared;

/// What is to be switched on an adapter, or on one of its targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdapterOrder {
    /// No further call begins; they wait.
    Pause,
    /// The same, to come to rest.
    Drain,
    /// Calls begin again.
    Resume,
    /// The breaker is open until it is reset.
    OpenBreaker,
    /// The breaker is closed, whoever opened it, and forgets what it counted.
    ResetBreaker,
    /// Other limits hold for so many milliseconds; only of whole adapters.
    Limit {
        /// Calls at once.
        concurrency: Option<u32>,
        /// Calls per time.
        rate: Option<RateSpec>,
        /// For how long, in milliseconds.
        for_ms: u64,
    },
    /// The document's limits hold again; only of whole adapters.
    Unlimit,
}

/// Why something cannot be switched.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SwitchRefused {
    /// There is no such adapter; the names that there are.
    #[error("there is no such adapter")]
    NoAdapter(Vec<String>),
    /// The adapter has no such target; the names that it has.
    #[error("the adapter has no such target")]
    NoTarget(Vec<String>),
    /// The catalog refuses it.
    #[error("the catalog refuses it")]
    Catalog(Vec<Diagnostic>),
}

impl Runtime {
    /// Switches something on an adapter, or on one of its targets: it is durable, and in force on all
    /// nodes, when this answers.
    ///
    /// # Errors
    /// When there is no such adapter or target, or nothing can be made durable now.
    pub async fn switch_adapter(
        &self,
        actor: &str,
        reason: &str,
        (adapter, target): (&str, Option<&str>),
        order: &AdapterOrder,
    ) -> Result<(), ApplyError<SwitchRefused>> {
        if let Some(target) = target
            && self.catalog().adapters.contains_key(adapter)
        {
            let targets = self.shared.dispatcher.targets(&self.shared, adapter);
            let names: Vec<String> = targets.into_iter().map(|known| known.name).collect();
            if !names.iter().any(|name| name == target) {
                return Err(ApplyError::Refused(SwitchRefused::NoTarget(names)));
            }
        }
        let note = Note {
            by: actor.to_owned(),
            at: self.shared.clock.now_ms(),
            reason: reason.to_owned(),
        };
        let plan = |catalog: &Catalog| {
            if !catalog.adapters.contains_key(adapter) {
                let names = catalog.adapters.keys().cloned().collect();
                return Err(SwitchRefused::NoAdapter(names));
            }
            let changed =
                catalog.with_switches(adapter, |switches| switch(switches, target, order, &note));
            changed.map_err(SwitchRefused::Catalog)
        };
        let text = format!("{}: {reason}", order.words(adapter, target));
        if *order == AdapterOrder::ResetBreaker {
            self.forget_open(actor, &text, adapter, target).await?;
        }
        self.apply(actor, &text, plan).await.map(drop)
    }

    /// What opened by itself is not kept any more: a home that begins after this finds it closed.
    async fn forget_open(
        &self,
        actor: &str,
        reason: &str,
        adapter: &str,
        target: Option<&str>,
    ) -> Result<(), ApplyError<SwitchRefused>> {
        let catalog = self.catalog();
        let kept = catalog.breakers.get(adapter).into_iter();
        let names = kept.flat_map(|kept| kept.keys());
        for name in names.filter(|name| target.is_none_or(|target| target == *name)) {
            let plan = |catalog: &Catalog| {
                let changed = catalog.with_breaker(adapter, name, None);
                changed.map_err(SwitchRefused::Catalog)
            };
            self.apply(actor, reason, plan).await?;
        }
        Ok(())
    }

    /// How an adapter stands, on all nodes that answer; its breakers as their home has them. Of one that
    /// is not in the catalog there is nothing to tell.
    pub async fn adapter_standing(&self, adapter: &str) -> AdapterStanding {
        let shared = &self.shared;
        if !self.catalog().adapters.contains_key(adapter) {
            return AdapterStanding::default();
        }
        if let Some(ask) = shared.dispatcher.request(shared, adapter) {
            let sent_at = shared.clock.boot_ms();
            // It only looks: what waits is given its tokens elsewhere.
            let ask = LimitsAsk {
                tokens: None,
                ..ask
            };
            if let Ok(answer) = home_answer(shared, ask).await {
                shared.dispatcher.answered(shared, adapter, sent_at, answer);
            }
        }
        let mut standing = shared.dispatcher.standing(shared, adapter);
        if let Some(cluster) = &shared.cluster {
            for other in cluster.standings(shared, adapter).await {
                standing.add(&other);
            }
        }
        standing
    }

    /// The time by the runtime's clock, milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// Which of an instance's tasks wait to be called, and for what; none where the node that knows
    /// cannot be asked.
    pub async fn held(&self, instance: &Instance) -> Vec<HeldTask> {
        if instance.outstanding().tasks.is_empty() && instance.turn_since() == 0 {
            return vec![];
        }
        let shared = &self.shared;
        if shared.port(instance.id().slot()).is_open() {
            return held_here(shared, instance.id()).await;
        }
        match &shared.cluster {
            Some(cluster) => cluster.held(shared, instance.id()).await,
            None => vec![],
        }
    }
}

/// What an instance of this process waits for that only the process knows.
pub(crate) async fn held_here(shared: &Arc<Shared>, id: Id) -> Vec<HeldTask> {
    let mut held = shared.dispatcher.held(shared, id);
    let (reply, answer) = oneshot::channel();
    let work = Work::Queue(reply);
    let port = shared.port(id.slot());
    if port.turns_waiting.load(Ordering::Relaxed) > 0 {
        port.notify(Internal::Work { id, work });
        held.extend(answer.await.ok().flatten().map(|queue| queue.told()));
    }
    held
}

impl AdapterOrder {
    fn words(&self, adapter: &str, target: Option<&str>) -> String {
        let verb = match self {
            Self::Pause => "pause",
            Self::Drain => "drain",
            Self::Resume => "resume",
            Self::OpenBreaker => "open-breaker",
            Self::ResetBreaker => "reset-breaker",
            Self::Limit { .. } | Self::Unlimit => "override",
        };
        match target {
            Some(target) => format!("{verb} {adapter} at {target}"),
            None => format!("{verb} {adapter}"),
        }
    }
}

fn switch(switches: &mut AdapterSwitches, target: Option<&str>, order: &AdapterOrder, note: &Note) {
    let note = note.clone();
    match order {
        AdapterOrder::Pause | AdapterOrder::Drain => {
            let drain = *order == AdapterOrder::Drain;
            switches.of(target).hold = Some(Hold { drain, note });
        }
        AdapterOrder::Resume => switches.of(target).hold = None,
        AdapterOrder::OpenBreaker => switches.of(target).open = Some(note),
        AdapterOrder::ResetBreaker => {
            let switch = switches.of(target);
            switch.open = None;
            switch.resets += 1;
        }
        AdapterOrder::Limit {
            concurrency,
            rate,
            for_ms,
        } => {
            switches.limits = Some(LimitOverride {
                concurrency: *concurrency,
                rate: *rate,
                until: note.at.saturating_add_unsigned(*for_ms),
                note,
            });
        }
        AdapterOrder::Unlimit => switches.limits = None,
    }
    if let (None, AdapterOrder::Resume | AdapterOrder::ResetBreaker) = (target, order) {
        // The whole adapter means each of its targets, too.
        for own in switches.targets.values_mut() {
            match order {
                AdapterOrder::Resume => own.hold = None,
                _ => own.open = None,
            }
        }
    }
}
