//! Carrying an operation out, beside its partition: page after page.
//!
//! It never knows more than the records do. It asks the partition how far the operation is, takes
//! the next few in hand, has each of them carried out, and tells what came of them; whoever drives
//! it after a crash or a take-over goes on from there.

use std::sync::Arc;
use std::time::Duration;

use engine::Id;
use futures_util::{StreamExt, stream};
use store::{InstanceFilter, ListCursor};
use tokio::sync::watch;
use tokio::time::Instant;

use super::deeds::{Came, carry_out};
use super::order::{OperationError, Order, PageOrder};
use super::set::{OperationSet, place_in, place_text};
use super::state::{Finding, Operation, OperationStatus, Rate};
use crate::clock::steady_now;
use crate::dead_letter::LetterFilter;
use crate::handle::Runtime;
use crate::reads::Consistency;

/// How many are taken in hand at once.
const PAGE: usize = 100;
/// How many of them are under way at once.
const AT_ONCE: usize = 16;
/// Pause before something is tried again.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// Reasons that one page tells.
const FINDINGS: usize = 20;

/// Why a driver does not go on.
enum Halt {
    /// There is nothing more to do here.
    Over,
    /// The partition did not answer. One whose lease was not renewed in time says nothing for a
    /// moment; when it is lost its drivers end with it.
    Unanswered,
}

/// Drives an operation until it ends, or its partition goes (`news` ends then). News come when
/// someone turned it.
async fn drive(runtime: Runtime, id: Id, mut news: watch::Receiver<u64>) {
    let mut gone = news.clone();
    let driven = async {
        let mut driver = Driver {
            runtime,
            id,
            due: steady_now(),
            in_hand: None,
        };
        loop {
            match driver.go_on(&mut news).await {
                Ok(()) => {}
                Err(Halt::Unanswered) => tokio::time::sleep(PAUSE).await,
                Err(Halt::Over) => break,
            }
        }
    };
    tokio::select! {
        biased;
        _ended = gone.wait_for(|_| false) => {}
        () = driven => {}
    }
}

/// One drive of one operation.
struct Driver {
    runtime: Runtime,
    id: Id,
    /// When the next one may be done, where there is a rate.
    due: Instant,
    /// The step under which this driver took a page in hand: what it finds in hand otherwise may have
    /// been carried out before.
    in_hand: Option<u64>,
}

impl Driver {
    /// One page further.
    async fn go_on(&mut self, news: &mut watch::Receiver<u64>) -> Result<(), Halt> {
        news.borrow_and_update();
        let operation = self.ask(Order::Look(self.id)).await?;
        let shared = self.runtime.shared();
        shared.check_open().map_err(|_| Halt::Over)?;
        if shared.dispatcher.is_paused() {
            tokio::time::sleep(PAUSE).await;
        } else if !operation.taken.is_empty() {
            let worked = self.work(&operation).await;
            self.tell(&operation, worked).await?;
        } else if operation.status == OperationStatus::Running {
            match self.next_page(&operation).await {
                Some(page) => {
                    self.tell(&operation, page).await?;
                    self.in_hand = Some(operation.step + 1);
                }
                None => tokio::time::sleep(PAUSE).await,
            }
        } else {
            news.changed().await.map_err(|_| Halt::Over)?;
        }
        Ok(())
    }

    /// The operation after an order.
    async fn ask(&self, order: Order) -> Result<Operation, Halt> {
        self.runtime
            .operation_here(order)
            .await
            .map_err(|error| match error {
                OperationError::Unavailable(_) => Halt::Unanswered,
                OperationError::NotFound(_) => Halt::Over,
                error => {
                    tracing::warn!(operation = %self.id, %error, "an operation is driven twice");
                    Halt::Over
                }
            })
    }

    async fn tell(&self, operation: &Operation, page: PageOrder) -> Result<(), Halt> {
        let (id, step) = (self.id, operation.step + 1);
        self.ask(Order::Page { id, step, page }).await.map(drop)
    }

    /// The next few; none while they cannot be listed whole.
    async fn next_page(&self, operation: &Operation) -> Option<PageOrder> {
        let limit = page_size(operation.asked.rate);
        match &operation.asked.set {
            OperationSet::Ids(ids) => {
                let from = usize::try_from(operation.worked()).unwrap_or(usize::MAX);
                let left = ids.get(from..).unwrap_or_default();
                let items: Vec<Id> = left.iter().take(limit).copied().collect();
                let more = left.len() > items.len();
                let next = if more {
                    "more".to_owned()
                } else {
                    String::new()
                };
                Some(PageOrder::Taken { items, next })
            }
            OperationSet::Filter(filter) => {
                let mut filter = InstanceFilter::from(filter.as_ref().clone());
                let then = operation.made_at + 1;
                let before = filter
                    .created_before
                    .map_or(then, |before| before.min(then));
                filter.created_before = Some(before);
                let after = operation.next.as_deref().and_then(place_in);
                self.listed(&filter, after, limit).await
            }
            OperationSet::Letters(filter) => self.letters(operation, filter, limit).await,
        }
    }

    async fn letters(
        &self,
        operation: &Operation,
        filter: &LetterFilter,
        limit: usize,
    ) -> Option<PageOrder> {
        let after = operation.next.clone();
        match self.runtime.dead_letters(filter, after, limit).await {
            Ok(page) => {
                // What failed since, perhaps by this operation, is not among them.
                let ids = page.items.iter().map(|letter| letter.id);
                let items = ids.filter(|id| id.made_at() <= operation.made_at);
                Some(PageOrder::Taken {
                    items: items.collect(),
                    next: page.next.unwrap_or_default(),
                })
            }
            Err(error) => {
                tracing::warn!(operation = %self.id, %error, "an operation waits for its list");
                None
            }
        }
    }

    async fn listed(
        &self,
        filter: &InstanceFilter,
        after: Option<ListCursor>,
        limit: usize,
    ) -> Option<PageOrder> {
        let listed = self
            .runtime
            .list(filter, after, limit, Consistency::Fresh)
            .await;
        match listed {
            Ok(listed) if listed.incomplete.is_empty() => {
                let rows = listed.page.items.iter();
                Some(PageOrder::Taken {
                    items: rows.map(|row| Id::from_bytes(row.id)).collect(),
                    next: listed.page.next.map(place_text).unwrap_or_default(),
                })
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(operation = %self.id, %error, "an operation waits for its list");
                None
            }
        }
    }

    /// Does what is asked with those in hand.
    async fn work(&mut self, operation: &Operation) -> PageOrder {
        let again = self.in_hand != Some(operation.step);
        let interval = operation.asked.rate.map(interval);
        let mut due = self.due.max(steady_now());
        let timed = operation.taken.iter().map(|id| {
            let at = due;
            due += interval.unwrap_or_default();
            (*id, at)
        });
        let timed: Vec<(Id, Instant)> = timed.collect();
        self.due = due;
        let runtime = &self.runtime;
        let came = stream::iter(timed).map(|(id, at)| async move {
            if interval.is_some() {
                tokio::time::sleep_until(at).await;
            }
            (id, carry_out(runtime, operation, id, again).await)
        });
        // Told in the order of the list, however they come back.
        let came: Vec<(Id, Came)> = came.buffered(AT_ONCE).collect().await;
        summed(came)
    }
}

fn page_size(rate: Option<Rate>) -> usize {
    let second = rate.map(|rate| u64::from(rate.calls) * 1_000 / rate.per_ms.max(1));
    second.map_or(PAGE, |second| {
        usize::try_from(second).unwrap_or(PAGE).clamp(1, PAGE)
    })
}

fn interval(rate: Rate) -> Duration {
    Duration::from_micros(rate.per_ms * 1_000 / u64::from(rate.calls.max(1)))
}

fn summed(came: Vec<(Id, Came)>) -> PageOrder {
    let (mut done, mut refused, mut failed, mut findings) = (0, 0, 0, Vec::new());
    for (id, came) in came {
        let (message, is_failure) = match came {
            Came::Done => {
                done += 1;
                continue;
            }
            Came::Refused(message) => {
                refused += 1;
                (message, false)
            }
            Came::Failed(message) => {
                failed += 1;
                (message, true)
            }
        };
        if findings.len() < FINDINGS {
            findings.push(Finding {
                id,
                failed: is_failure,
                message,
            });
        }
    }
    PageOrder::Worked {
        done,
        refused,
        failed,
        findings,
    }
}

impl Runtime {
    /// Drives an operation of a partition of this process, beside it.
    pub(crate) fn drive_beside(
        shared: &Arc<crate::shared::Shared>,
        id: Id,
        news: watch::Receiver<u64>,
    ) {
        let runtime = Self::of(Arc::clone(shared));
        shared.tasks.spawn(drive(runtime, id, news));
    }
}
