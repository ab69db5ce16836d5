//! What stands as failed, alike with alike.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bytes::Bytes;
use definition::Catalog;
use engine::{Id, Status};
use prost::Message;
use store::{Expiry, RetentionClass};

use super::key::Tier;
use super::read::{MAX_ROWS, Place, read};
use super::rows::{FailureKind, FailureRow, SAMPLES};
use super::standing::standing;
use super::{FailureGroup, FailurePart, FailureState, Failures, FailuresAsked, RollupError};
use crate::handle::Runtime;
use crate::reads::Consistency;
use crate::retention::expiry;

/// Groups that one answer is put together from at most.
const MAX_GROUPS: usize = 20_000;
/// Samples that are looked at for each group: some of them may have been mended.
const CANDIDATES: usize = 4 * SAMPLES;

/// What a group's failures have in common: workflow, version, step, error, adapter, target.
type Common = [Option<String>; 6];

/// A group while rows are read.
#[derive(Default)]
struct Found {
    /// By what became of the instances.
    counts: BTreeMap<FailureState, i64>,
    first_at: i64,
    last_at: i64,
    message: String,
    /// When each came at the earliest, and whose it was.
    samples: Vec<(i64, Bytes)>,
}

/// What is put together.
struct Gathering<'a> {
    asked: &'a FailuresAsked,
    catalog: &'a Catalog,
    expiry: Expiry,
    groups: BTreeMap<Common, Found>,
}

impl Runtime {
    /// What stands as failed.
    ///
    /// # Errors
    /// When the store fails, or it would take too much.
    pub async fn failures(
        &self,
        asked: &FailuresAsked,
        consistency: Consistency,
    ) -> Result<Failures, RollupError> {
        let incomplete = self.fresh(consistency).await;
        let shared = self.shared();
        let catalog = shared.catalog.current();
        let mut gathering = Gathering {
            asked,
            catalog: &catalog,
            expiry: expiry(&catalog, shared.clock.now_ms()),
            groups: BTreeMap::new(),
        };
        let (time, mut left) = (asked.from..asked.to, MAX_ROWS);
        let each = |place: Place<'_>, value: Bytes| gathering.add(&place, value);
        let store = shared.store.as_ref();
        read(store, Tier::Failures, time, &mut left, each).await?;
        let groups = gathering.groups.into_iter();
        let mut groups: Vec<(Common, Found)> =
            groups.filter(|(_, found)| found.count() > 0).collect();
        groups.sort_by_key(|(_, found)| Reverse((found.count(), found.last_at)));
        let total = groups.iter().map(|(_, found)| found.count()).sum();
        let left_out = groups.len().saturating_sub(asked.limit);
        groups.truncate(asked.limit);
        let mut shown = Vec::with_capacity(groups.len());
        for (common, found) in groups {
            let samples = self.standing_samples(&found.samples).await;
            shown.push(found.group(common, samples));
        }
        Ok(Failures {
            groups: shown,
            total,
            left_out,
            incomplete,
        })
    }

    /// Those of them that still stand as failed.
    async fn standing_samples(&self, samples: &[(i64, Bytes)]) -> Vec<Id> {
        let mut found = Vec::new();
        for (_, id) in samples.iter().take(CANDIDATES) {
            let Some(id) = Id::from_slice(id).filter(|id| !found.contains(id)) else {
                continue;
            };
            // One that cannot be read now is none to show.
            if let Ok(instance) = self.instance(id).await
                && !standing(&instance).is_empty()
            {
                found.push(id);
            }
            if found.len() == SAMPLES {
                break;
            }
        }
        found
    }
}

fn fits(wanted: Option<&String>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

impl Gathering<'_> {
    fn add(&mut self, place: &Place<'_>, value: Bytes) -> Result<(), RollupError> {
        let asked = self.asked;
        let wanted = fits(asked.workflow.as_ref(), place.workflow)
            && fits(asked.version.as_ref(), place.version);
        let Some(row) = wanted.then(|| FailureRow::decode(value).ok()).flatten() else {
            return Ok(());
        };
        let purged = [FailureState::Failed, FailureState::Compensated]
            .map(|state| (state, self.is_purged(place, state)));
        let kinds = row.kinds.iter().filter(|kind| {
            fits(asked.step.as_ref(), &kind.step)
                && fits(asked.error.as_ref(), &kind.error_type)
                && fits(asked.adapter.as_ref(), &kind.adapter)
                && fits(asked.target.as_ref(), &kind.target)
                && asked.states.contains(&kind.state())
                && !purged.contains(&(kind.state(), true))
        });
        for kind in kinds {
            let common = common(&asked.by, place, kind);
            self.groups.entry(common).or_default().add(kind);
        }
        if self.groups.len() > MAX_GROUPS {
            return Err(RollupError::TooMuch {
                what: "groups",
                most: MAX_GROUPS,
            });
        }
        Ok(())
    }

    /// Whether the instances that failed in this hour are no longer kept.
    fn is_purged(&self, place: &Place<'_>, state: FailureState) -> bool {
        let status = match state {
            FailureState::Failed => Status::Failed,
            FailureState::Compensated => Status::Compensated,
            // Open ones are kept.
            FailureState::Open => return false,
        };
        let rule = (self.catalog).retention_rule(place.workflow, status.as_str());
        let class = rule.map(RetentionClass::new).unwrap_or_default();
        let end = place.start + Tier::Failures.span_ms();
        self.expiry.is_over(&class, end)
    }
}

fn common(by: &[FailurePart], place: &Place<'_>, kind: &FailureKind) -> Common {
    let of = |part: FailurePart, value: &str| by.contains(&part).then(|| value.to_owned());
    [
        of(FailurePart::Workflow, place.workflow),
        of(FailurePart::Version, place.version),
        of(FailurePart::Step, &kind.step),
        of(FailurePart::Error, &kind.error_type),
        of(FailurePart::Target, &kind.adapter),
        of(FailurePart::Target, &kind.target),
    ]
}

impl Found {
    fn count(&self) -> u64 {
        [
            FailureState::Failed,
            FailureState::Open,
            FailureState::Compensated,
        ]
        .map(|state| self.count_of(state))
        .iter()
        .sum()
    }

    fn count_of(&self, state: FailureState) -> u64 {
        let count = self.counts.get(&state).copied().unwrap_or_default();
        u64::try_from(count).unwrap_or(0)
    }

    fn add(&mut self, kind: &FailureKind) {
        *self.counts.entry(kind.state()).or_default() += kind.count;
        if kind.first_at == 0 {
            return;
        }
        if self.first_at == 0 || kind.first_at < self.first_at {
            self.first_at = kind.first_at;
        }
        if kind.last_at >= self.last_at {
            self.last_at = kind.last_at;
            self.message.clone_from(&kind.message);
        }
        let samples = kind.samples.iter().map(|id| (kind.last_at, id.clone()));
        self.samples.extend(samples);
        self.samples.sort_by_key(|(at, _)| Reverse(*at));
        self.samples.truncate(CANDIDATES);
    }

    fn group(self, common: Common, samples: Vec<Id>) -> FailureGroup {
        let count = |state| self.count_of(state);
        let [workflow, version, step, error_type, adapter, target] = common;
        FailureGroup {
            workflow,
            version,
            step,
            error_type,
            adapter,
            target,
            failed: count(FailureState::Failed),
            compensated: count(FailureState::Compensated),
            open: count(FailureState::Open),
            first_at: self.first_at,
            last_at: self.last_at,
            message: self.message,
            samples,
        }
    }
}
