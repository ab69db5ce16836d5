//! Acts on the past of one instance, each with what it would come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use definition::{Catalog, Workflow};
use engine::past::{Fit, MadeEffect, NotTaken, Outlook, Taking, effects_since, resting};
use engine::record::Held;
use engine::{Command, Id, Instance, MAX_RECORDS, MigrateOrder, Refusal, RestoreOrder};
use semver::Version;

use super::Runtime;
use crate::error::{CommandError, ReplayError, Unavailable};
use crate::history::read_history;
use crate::submit::{Idempotency, Submit, Submitted};

/// Records read at once.
const RECORDS: usize = 1_000;

/// More records than one decision has.
const DECISION: usize = 2 * MAX_RECORDS;

/// Effects that are listed; what is beyond them is only counted.
const LISTED: usize = 1_000;

/// What a restore comes to.
#[derive(Debug)]
pub struct RestoreOutlook {
    /// The state from which it goes on, and the steps that run again.
    pub outlook: Outlook,
    /// What was done since, the oldest first, at most a thousand.
    pub since: Vec<MadeEffect>,
    /// How much was done since.
    pub since_count: usize,
}

/// How an instance is started anew.
#[derive(Clone, Debug, Default)]
pub struct ReplayOrder {
    /// On which version; none: the one that it ran on.
    pub version: Option<Version>,
    /// From which step of the root list on; none: whole.
    pub from: Option<String>,
    /// The caller's idempotency key.
    pub idempotency: Option<Idempotency>,
}

impl Runtime {
    /// Has an instance that ended without success go on from the steps that failed.
    ///
    /// # Errors
    /// See [`Instance::retry_outlook`].
    pub async fn retry(
        &self,
        id: Id,
        reason: &str,
        actor: &str,
    ) -> Result<Arc<Instance>, CommandError> {
        let reason = reason.to_owned();
        self.command(id, Command::Retry(Held { reason }), actor)
            .await
    }

    /// What retrying it would come to now.
    ///
    /// # Errors
    /// See [`Instance::retry_outlook`].
    pub async fn retry_outlook(&self, id: Id) -> Result<Outlook, CommandError> {
        let instance = self.instance(id).await?;
        Ok(instance.retry_outlook(self.shared.clock.now_ms())?)
    }

    /// Has an instance go back to how it was after one of its records.
    ///
    /// # Errors
    /// See [`Instance::restore_outlook`]; also when it has no such record.
    pub async fn restore(
        &self,
        id: Id,
        order: RestoreOrder,
        actor: &str,
    ) -> Result<Arc<Instance>, CommandError> {
        self.command(id, Command::Restore(Box::new(order)), actor)
            .await
    }

    /// What restoring it would come to now.
    ///
    /// # Errors
    /// See [`Instance::restore_outlook`]; also when it has no such record.
    pub async fn restore_outlook(
        &self,
        id: Id,
        to_seq: u64,
    ) -> Result<RestoreOutlook, CommandError> {
        let present = self.instance(id).await?;
        let target = self.past_of(&present, to_seq).await?;
        let outlook = present.restore_outlook(&target, self.shared.clock.now_ms())?;
        let (mut since, mut since_count, mut after) = (Vec::new(), 0, target.seq());
        let mut walked = target;
        loop {
            let page = self.history(id, after, RECORDS).await?;
            let Some(last) = page.records.last() else {
                break;
            };
            after = last.seq;
            // Of rounds that were let go since, and of before other acts on the past, only the state
            // at that time knows the names.
            for record in &page.records {
                self.advance(&mut walked, record);
                let found = effects_since(std::slice::from_ref(record), &walked);
                since_count += found.len();
                since.extend(found);
            }
            since.truncate(LISTED);
            if !page.more {
                break;
            }
        }
        Ok(RestoreOutlook {
            outlook,
            since,
            since_count,
        })
    }

    /// Has an open instance go on with another version of its workflow.
    ///
    /// # Errors
    /// See [`Instance::migrate_outlook`]; also when there is no such version.
    pub async fn migrate(
        &self,
        id: Id,
        order: MigrateOrder,
        actor: &str,
    ) -> Result<Arc<Instance>, CommandError> {
        self.command(id, Command::Migrate(order), actor).await
    }

    /// What migrating it would come to now.
    ///
    /// # Errors
    /// See [`Instance::migrate_outlook`]; also when there is no such version.
    pub async fn migrate_outlook(
        &self,
        id: Id,
        version: &Version,
        map: &BTreeMap<String, String>,
    ) -> Result<Fit, CommandError> {
        let instance = self.instance(id).await?;
        let to = version_of(&self.shared.catalog.current(), &instance, Some(version))?;
        Ok(instance.migrate_outlook(&to, map)?)
    }

    /// Starts a new instance from the input of this one, whole or from a step on.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn replay(
        &self,
        id: Id,
        order: ReplayOrder,
        actor: &str,
    ) -> Result<Submitted, ReplayError> {
        let instance = self.instance(id).await?;
        let (to, taking) = self.taking(&instance, &order)?;
        let taken = order.from.is_some().then(|| Box::new(taking.steps));
        let submit = Submit {
            version: Some(to.version.clone()),
            idempotency: order.idempotency,
            actor: actor.to_owned(),
            cause: format!("replay:{id}"),
            taken,
            ..again(&instance)
        };
        Ok(self.submit(submit).await?)
    }

    /// What replaying it would come to now.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub async fn replay_outlook(
        &self,
        id: Id,
        order: &ReplayOrder,
    ) -> Result<(Arc<Workflow>, Taking), ReplayError> {
        let instance = self.instance(id).await?;
        self.taking(&instance, order)
    }

    fn taking(
        &self,
        instance: &Instance,
        order: &ReplayOrder,
    ) -> Result<(Arc<Workflow>, Taking), ReplayError> {
        let catalog = self.shared.catalog.current();
        let to = version_of(&catalog, instance, order.version.as_ref());
        let to = to.map_err(CommandError::from)?;
        let taking: Result<Taking, NotTaken> = instance.replay_outlook(&to, order.from.as_deref());
        Ok((to, taking?))
    }

    /// The last record of an instance at or before a time, milliseconds since the epoch; 0 if there
    /// is none.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be read for the moment.
    pub async fn seq_at(&self, id: Id, at_ms: i64) -> Result<u64, CommandError> {
        let latest = self.instance(id).await?.seq();
        let mut fresh = false;
        let store = self.shared.store.as_ref();
        // The times of records never go back.
        let (mut before, mut after) = (0, latest + 1);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let found = read_history(store, id, middle - 1, 1).await;
            let found = found.map_err(Unavailable::from)?;
            if found.is_empty() && !fresh {
                self.fresh_slot(id.slot()).await;
                fresh = true;
                continue;
            }
            if found.first().is_some_and(|record| record.at <= at_ms) {
                before = middle;
            } else {
                after = middle;
            }
        }
        Ok(before)
    }

    /// An instance as it rested once it had one of its records.
    async fn past_of(&self, present: &Instance, seq: u64) -> Result<Instance, CommandError> {
        let latest = present.seq();
        if seq == 0 || seq > latest {
            return Err(Refusal::NoSuchRecord { seq, latest }.into());
        }
        let id = present.id();
        self.fresh_slot(id.slot()).await;
        let store = self.shared.store.as_ref();
        let records = read_history(store, id, seq, DECISION).await;
        let records = records.map_err(Unavailable::from)?;
        let more = resting(&records, seq) as u64;
        let past = self.stored_state(id, seq + more).await?;
        // Else the state is far behind the journal.
        let past = past.filter(|past| past.seq() >= seq);
        Ok(past.ok_or(Unavailable::Closed)?)
    }

    /// Looks up to which state an instance of this process is to go back.
    pub(super) async fn look_up_target(
        &self,
        id: Id,
        order: &mut RestoreOrder,
    ) -> Result<(), CommandError> {
        if order.target.is_none() {
            let present = self.read_here(id, crate::cluster::When::Now).await?;
            order.target = Some(self.past_of(&present, order.to_seq).await?);
        }
        Ok(())
    }
}

/// The definition of this version, or of the one that the instance runs on.
fn version_of(
    catalog: &Catalog,
    instance: &Instance,
    version: Option<&Version>,
) -> Result<Arc<Workflow>, Refusal> {
    let Some(version) = version else {
        return Ok(Arc::clone(instance.workflow()));
    };
    let name = &instance.header().started.workflow;
    let found = catalog.workflow(name, Some(version)).cloned();
    found.ok_or_else(|| Refusal::UnknownWorkflow(format!("{name} {version}")))
}

/// What the instance was started with; what its definition computes is computed anew.
fn again(state: &Instance) -> Submit {
    let (header, workflow) = (state.header(), state.workflow());
    let started = &header.started;
    let given = started.attributes.iter();
    let given = given.filter(|(name, _)| !workflow.attributes.contains_key(*name));
    let attributes: BTreeMap<String, String> = given
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let subject = match workflow.subject {
        Some(_) => String::new(),
        None => started.subject.clone(),
    };
    Submit {
        workflow: started.workflow.clone(),
        input: header.input(),
        event: started.event.clone(),
        meta: started.meta.clone(),
        correlation_id: started.correlation_id.clone(),
        priority: started.priority.clone(),
        subject,
        attributes,
        ..Submit::default()
    }
}
