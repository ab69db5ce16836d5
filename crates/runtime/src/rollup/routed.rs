//! What routers did with the events of a batch.

use std::collections::BTreeMap;

use engine::record::{EventTaken, Record};

use super::key::Tier;
use super::rows::{Adds, WorkflowRow, of_name};

/// What routers did with the events of some batches, by minute and router. Names are copied once for a batch, not for an
/// event.
#[derive(Default)]
pub(crate) struct Routed(BTreeMap<i64, BTreeMap<String, WorkflowRow>>);

/// What a rule, or a router of which none took it, did with one event.
struct Did<'a> {
    router: &'a str,
    /// Empty: no rule took it.
    rule: &'a str,
    failed: bool,
}

impl Routed {
    /// What they did with those of a batch.
    pub(crate) fn of(records: &[Record]) -> Self {
        let mut routed = Self::default();
        for record in records {
            if let Some(taken) = record.event_taken() {
                routed.count(taken);
            }
        }
        routed
    }

    /// Adds what they did with others.
    pub(crate) fn add(&mut self, other: &Self) {
        for (minute, router, row) in other.rows() {
            let routers = self.0.entry(minute).or_default();
            of_name(routers, router).add_up(row);
        }
    }

    /// By minute and router.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, &str, &WorkflowRow)> {
        let minutes = self.0.iter();
        minutes.flat_map(|(minute, routers)| {
            let routers = routers.iter();
            routers.map(|(router, row)| (*minute, router.as_str(), row))
        })
    }

    fn count(&mut self, taken: &EventTaken) {
        if did(taken).next().is_none() {
            return;
        }
        let minute = Tier::RoutersMinute.start_of(taken.at);
        let routers = self.0.entry(minute).or_default();
        for (place, one) in did(taken).enumerate() {
            let row = of_name(routers, one.router);
            let mut earlier = did(taken).take(place);
            if earlier.all(|other| other.router != one.router) {
                let mut all = did(taken).filter(|other| other.router == one.router);
                row.own.started += 1;
                row.own.skipped += u64::from(one.rule.is_empty());
                row.own.completed += u64::from(!one.rule.is_empty());
                row.own.failed += u64::from(all.any(|other| other.failed));
            }
            if !one.rule.is_empty() {
                let rule = row.rule(one.rule);
                rule.started += 1;
                rule.completed += u64::from(!one.failed);
                rule.failed += u64::from(one.failed);
            }
        }
    }
}

/// What each rule did with an event. Of a router that no rule of took it there is but one.
fn did(taken: &EventTaken) -> impl Iterator<Item = Did<'_>> {
    let routes = taken.routes.iter().filter(|route| !route.router.is_empty());
    let sent = routes.map(|route| Did {
        router: &route.router,
        rule: &route.rule,
        failed: route.error.is_some(),
    });
    let passed = taken.passed.iter().map(|passed| Did {
        router: &passed.router,
        rule: &passed.rule,
        failed: false,
    });
    sent.chain(passed)
}

#[cfg(test)]
mod tests {
    use engine::record::{EventPassed, EventRoute, Failure};

    use super::*;

    fn route(router: &str, rule: &str, failed: bool) -> EventRoute {
        EventRoute {
            router: router.to_owned(),
            rule: rule.to_owned(),
            error: failed.then(Failure::default),
            ..EventRoute::default()
        }
    }

    fn passed(router: &str, rule: &str) -> EventPassed {
        EventPassed {
            router: router.to_owned(),
            rule: rule.to_owned(),
        }
    }

    #[test]
    fn a_router_counts_an_event_once_however_many_rules_take_it() {
        let both = EventTaken {
            at: 60_001,
            routes: vec![
                route("", "a-trigger", false),
                route("all", "one", false),
                route("all", "two", true),
            ],
            passed: vec![passed("first", "")],
            ..EventTaken::default()
        };
        let led_on = EventTaken {
            at: 60_002,
            routes: vec![route("all", "one", false)],
            passed: vec![passed("first", "0")],
            ..EventTaken::default()
        };
        let mut routed = Routed::default();
        routed.count(&both);
        let mut more = Routed::default();
        more.count(&led_on);
        more.count(&EventTaken::default());
        routed.add(&more);
        let rows: BTreeMap<&str, &WorkflowRow> = routed
            .rows()
            .map(|(minute, router, row)| {
                assert_eq!(minute, 60_000);
                (router, row)
            })
            .collect();
        let told = |tally: &super::super::Tally| {
            (tally.started, tally.completed, tally.failed, tally.skipped)
        };
        assert_eq!(rows.len(), 2);
        assert_eq!(told(&rows["all"].own), (2, 2, 1, 0));
        assert_eq!(told(&rows["all"].steps["one"]), (2, 2, 0, 0));
        assert_eq!(told(&rows["all"].steps["two"]), (1, 0, 1, 0));
        assert_eq!(told(&rows["first"].own), (2, 1, 0, 1));
        assert_eq!(told(&rows["first"].steps["0"]), (1, 1, 0, 0));
    }
}
