//! When a schedule ticks.

use expression::duration;
use schedule::{
    CatchUp, Cron, CronError, LEAST_EVERY_MS, MOST_JITTER_MS, Overlap, Schedule, When, Zone,
    zone_names,
};

use super::context::Lowering;
use crate::diagnostic::{At, codes, nearest};
use crate::source::Node;

impl Lowering<'_> {
    pub(super) fn schedule(&mut self, node: &Node) -> Option<Schedule> {
        // Both are looked at, so that both are told.
        let when = self.when(node);
        let longest = 0..=MOST_JITTER_MS;
        let jitter_ms = match node.get("jitter") {
            Some(given) => self.lasting(given, longest, "of at most 24h"),
            None => Some(0),
        };
        Some(Schedule {
            when: when?,
            jitter_ms: jitter_ms?,
            catch_up: match node.text_at("catch-up") {
                Some("last") => CatchUp::Last,
                Some("all") => CatchUp::All,
                _ => CatchUp::None,
            },
            overlap: match node.text_at("overlap") {
                Some("queue") => Overlap::Queue,
                Some("allow") => Overlap::Allow,
                _ => Overlap::Skip,
            },
        })
    }

    fn when(&mut self, node: &Node) -> Option<When> {
        let zone = match node.get("time-zone") {
            Some(given) => self.zone(given)?,
            None => Zone::utc(),
        };
        match (node.get("cron"), node.get("every")) {
            (Some(given), None) => self.cron(given, zone).map(When::Cron),
            (None, Some(given)) => {
                if let Some(entry) = node.entry("time-zone") {
                    let message = "`time-zone` belongs to `cron`: `every` goes by no calendar";
                    self.report
                        .error(&codes::MISPLACED, &At::key(entry), message);
                }
                let range = LEAST_EVERY_MS..=duration::MAX_MS;
                self.lasting(given, range, "of at least 1s")
                    .map(When::Every)
            }
            (Some(_), Some(_)) => {
                let entry = node.entry("every")?;
                let message = "`every` stands instead of `cron`, not beside it";
                self.report
                    .error(&codes::MISPLACED, &At::key(entry), message);
                None
            }
            (None, None) => {
                let message = "a schedule lacks the key `cron` or `every`";
                let found = self
                    .report
                    .error(&codes::MISSING_KEY, &At::node(node), message);
                found.hint("add `cron: \"0 8 * * 1-5\"`, or `every: 15m`");
                None
            }
        }
    }

    fn cron(&mut self, given: &Node, zone: Zone) -> Option<Cron> {
        let error = match Cron::parse(given.text()?, zone) {
            Ok(cron) => return Some(cron),
            Err(error) => error,
        };
        let found = self
            .report
            .error(&codes::BAD_VALUE, &At::node(given), error.to_string());
        if matches!(error, CronError::Fields(_)) {
            found.hint("minute, hour, day of the month, month, day of the week: `0 8 * * 1-5`");
        }
        None
    }

    fn zone(&mut self, given: &Node) -> Option<Zone> {
        let name = given.text()?;
        let zone = Zone::named(name);
        if zone.is_none() {
            let message = format!("there is no time zone `{name}`");
            let names = zone_names();
            let near = nearest(name, names.iter().map(String::as_str));
            let found = self
                .report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            found.hint(match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "expected a name such as `Europe/Berlin` or `UTC`".to_owned(),
            });
        }
        zone
    }
}
