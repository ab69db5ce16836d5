//! Counts and latencies of a time.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::key::Tier;
use super::read::{MAX_ROWS, Place, cover, read};
use super::rows::WorkflowRow;
use super::{RollupError, StatsAbout, StatsAsked, StatsBy, StatsFound, StatsSeries, Tally};
use crate::handle::Runtime;
use crate::reads::Consistency;

/// Tallies, of groups or of their spans, that one answer is put together from at most.
const MAX_TALLIES: usize = 100_000;

/// The groups while rows are read.
#[derive(Default)]
struct Groups {
    by_name: BTreeMap<Vec<String>, Group>,
    tallies: usize,
}

#[derive(Default)]
struct Group {
    total: Tally,
    points: BTreeMap<i64, Tally>,
}

impl Runtime {
    /// Counts and latencies of a time.
    ///
    /// # Errors
    /// When the store fails, or it would take too much.
    pub async fn stats(
        &self,
        asked: &StatsAsked,
        consistency: Consistency,
    ) -> Result<StatsFound, RollupError> {
        let shared = self.shared();
        let incomplete = self.fresh(consistency).await;
        let (mut groups, mut left) = (Groups::default(), MAX_ROWS);
        let tiers = match asked.about() {
            StatsAbout::Workflows | StatsAbout::Steps | StatsAbout::Targets => Tier::WORKFLOWS,
            StatsAbout::Routers | StatsAbout::Rules => Tier::ROUTERS,
        };
        for (tier, time) in cover(tiers, asked.from..asked.to, asked.step_ms) {
            let store = shared.store.as_ref();
            let each = |place: Place<'_>, value: Bytes| groups.add(asked, &place, value);
            read(store, tier, time, &mut left, each).await?;
        }
        let (series, left_out) = groups.busiest(asked.limit);
        Ok(StatsFound {
            series,
            left_out,
            incomplete,
        })
    }
}

fn fits(wanted: Option<&String>, found: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == found)
}

impl Groups {
    fn add(
        &mut self,
        asked: &StatsAsked,
        place: &Place<'_>,
        value: Bytes,
    ) -> Result<(), RollupError> {
        // The name of a router's row is the router's.
        let of = asked.workflow.as_ref().or(asked.router.as_ref());
        let wanted = fits(of, place.workflow) && fits(asked.version.as_ref(), place.version);
        let Some(row) = wanted.then(|| WorkflowRow::decode(value).ok()).flatten() else {
            return Ok(());
        };
        let span = asked.step_ms.map(|step| {
            let before = (place.start - asked.from) % step;
            place.start - before
        });
        match asked.about() {
            StatsAbout::Workflows | StatsAbout::Routers => {
                self.count(asked, place, span, ["", ""], &row.own)
            }
            StatsAbout::Steps | StatsAbout::Rules => row
                .steps
                .iter()
                .filter(|(step, _)| fits(asked.step.as_ref().or(asked.rule.as_ref()), step))
                .try_for_each(|(step, tally)| self.count(asked, place, span, [step, ""], tally)),
            StatsAbout::Targets => {
                let adapters = row.adapters.iter();
                let adapters =
                    adapters.filter(|(adapter, _)| fits(asked.adapter.as_ref(), adapter));
                let targets = adapters.flat_map(|(adapter, targets)| {
                    let targets = targets.by_name.iter();
                    targets.map(move |(target, tally)| (adapter, target, tally))
                });
                let mut wanted =
                    targets.filter(|(_, target, _)| fits(asked.target.as_ref(), target));
                wanted.try_for_each(|(adapter, target, tally)| {
                    self.count(asked, place, span, [adapter, target], tally)
                })
            }
        }
    }

    /// `names` are the step's, or the adapter's and the target's.
    fn count(
        &mut self,
        asked: &StatsAsked,
        place: &Place<'_>,
        span: Option<i64>,
        names: [&str; 2],
        tally: &Tally,
    ) -> Result<(), RollupError> {
        let [first, second] = names;
        let group: &[&str] = match asked.by {
            StatsBy::Nothing => &[],
            StatsBy::Workflow | StatsBy::Router => &[place.workflow],
            StatsBy::Version => &[place.workflow, place.version],
            StatsBy::Step | StatsBy::Rule => &[place.workflow, first],
            StatsBy::Target => &[first, second],
        };
        let name: Vec<String> = group.iter().map(|part| (*part).to_owned()).collect();
        let tallies = &mut self.tallies;
        let group = self.by_name.entry(name).or_insert_with(|| {
            *tallies += 1;
            Group::default()
        });
        group.total.merge(tally);
        if let Some(span) = span {
            let point = group.points.entry(span).or_insert_with(|| {
                *tallies += 1;
                Tally::default()
            });
            point.merge(tally);
        }
        if *tallies > MAX_TALLIES {
            return Err(RollupError::TooMuch {
                what: "values",
                most: MAX_TALLIES,
            });
        }
        Ok(())
    }

    /// The busiest groups, and how many others there are.
    fn busiest(self, limit: usize) -> (Vec<StatsSeries>, usize) {
        let groups = self.by_name.into_iter();
        let mut series: Vec<StatsSeries> = groups
            .map(|(group, Group { total, points })| StatsSeries {
                group,
                total,
                points: points.into_iter().collect(),
            })
            .collect();
        let busy = |tally: &Tally| {
            let Tally {
                started,
                completed,
                failed,
                compensated,
                cancelled,
                ..
            } = tally;
            (*started).max(completed + failed + compensated + cancelled)
        };
        series.sort_by_key(|series| std::cmp::Reverse(busy(&series.total)));
        let left_out = series.len().saturating_sub(limit);
        series.truncate(limit);
        (series, left_out)
    }
}
