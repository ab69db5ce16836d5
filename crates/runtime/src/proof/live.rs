//! The proof on a store that is in use: what moves meanwhile is looked at again.

use std::sync::Arc;

use engine::{Id, Instance, Status, TimerKey};
use store::{InstanceFilter, ListCursor};
use tokio::sync::oneshot;

use super::children::{OnTheWay, missing_children};
use super::rows::{missing_rows, told};
use super::waits::missing_waits;
use crate::error::{CommandError, Unavailable};
use crate::handle::Runtime;
use crate::partition::{Internal, Work};
use crate::reads::Consistency;

/// How often an instance is looked at that moves on meanwhile; one that still does is well.
const LOOKS: usize = 5;
/// All states of an open instance.
const OPEN: [Status; 6] = [
    Status::Queued,
    Status::Paused,
    Status::Running,
    Status::Waiting,
    Status::Compensating,
    Status::Stuck,
];

/// Some of the open instances, proven.
#[derive(Debug, Default)]
pub struct Proven {
    /// How many were looked at.
    pub checked: u64,
    /// Those that wait for nothing that will come.
    pub findings: Vec<Unproven>,
    /// Where the next ones begin; none: these were the last.
    pub next: Option<ListCursor>,
}

/// Something that waits for nothing that will come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unproven {
    /// The instance.
    pub id: Id,
    /// What is wrong.
    pub what: String,
}

impl Runtime {
    /// Proves of open instances, newest first, at most `limit` (1 to 1,000), that each waits for
    /// something that will come. Timers in memory are looked at where the instance is this node's.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prove(
        &self,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Result<Proven, Unavailable> {
        let filter = InstanceFilter {
            statuses: OPEN.map(|status| status.as_str().to_owned()).to_vec(),
            ..InstanceFilter::default()
        };
        let listed = self.list(&filter, after, limit, Consistency::Fresh).await?;
        let mut proven = Proven {
            next: listed.page.next,
            ..Proven::default()
        };
        self.fresh(Consistency::Fresh).await;
        for row in &listed.page.items {
            let id = Id::from_bytes(row.id);
            proven.checked += 1;
            let found = self.unproven(id).await?.into_iter();
            proven
                .findings
                .extend(found.map(|what| Unproven { id, what }));
        }
        Ok(proven)
    }

    /// What is wrong with an instance, at a moment at which it stands still.
    async fn unproven(&self, id: Id) -> Result<Vec<String>, Unavailable> {
        let mut fresh = false;
        for _ in 0..LOOKS {
            let Some(instance) = self.open_instance(id).await? else {
                return Ok(Vec::new());
            };
            if fresh && !self.fresh(Consistency::Fresh).await.is_empty() {
                let told = "the tables are behind the journal; ask again";
                return Err(Unavailable::Store(told.to_owned()));
            }
            let found = self.look_at(&instance).await?;
            if found.is_empty() {
                return Ok(found);
            }
            // It may have moved while it was looked at, or before the tables were.
            let still = self.open_instance(id).await?;
            if fresh && still.is_some_and(|still| still.seq() == instance.seq()) {
                return Ok(found);
            }
            fresh = true;
        }
        Ok(Vec::new())
    }

    async fn open_instance(&self, id: Id) -> Result<Option<Arc<Instance>>, Unavailable> {
        match self.instance(id).await {
            Ok(instance) => Ok(Some(instance).filter(|found| found.status().is_open())),
            Err(CommandError::Unavailable(outage)) => Err(outage),
            Err(CommandError::NotFound(_) | CommandError::Refused(_)) => Ok(None),
        }
    }

    async fn look_at(&self, instance: &Instance) -> Result<Vec<String>, Unavailable> {
        let store = self.shared().store.clone();
        let violations = instance.check();
        let mut found: Vec<String> = violations.iter().map(ToString::to_string).collect();
        found.extend(missing_rows(store.as_ref(), instance).await?);
        found.extend(missing_waits(store.as_ref(), instance, &[]).await?);
        found.extend(missing_children(store.as_ref(), instance, &OnTheWay::new()).await?);
        let timers = instance.outstanding().timers;
        let forgotten = self.forgotten_timers(instance.id(), timers).await;
        let forgotten = forgotten.into_iter();
        found.extend(forgotten.map(|timer| {
            let timer = told(instance, timer);
            format!("{timer} is set, but its partition does not know it")
        }));
        Ok(found)
    }

    /// Those of an instance's timers that its partition should have in memory and has not; none where
    /// the partition is not here.
    async fn forgotten_timers(&self, id: Id, timers: Vec<TimerKey>) -> Vec<TimerKey> {
        let shared = self.shared();
        let port = shared.port(id.slot());
        if timers.is_empty() || !port.is_open() {
            return Vec::new();
        }
        let (reply, answer) = oneshot::channel();
        let work = Work::Timers { timers, reply };
        port.notify(Internal::Work { id, work });
        answer.await.unwrap_or_default()
    }
}
