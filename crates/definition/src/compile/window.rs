//! `debounce`, `batch` and `throttle` of triggers.

use super::context::Lowering;
use crate::diagnostic::{At, codes};
use crate::limits::RateSpec;
use crate::source::Node;
use crate::window::{MAX_WINDOW_EVENTS, Window, WindowShape};

/// The keys that make a window; one of them at most.
const KINDS: [&str; 3] = ["debounce", "batch", "throttle"];
const HOUR_MS: u64 = 3_600_000;
/// The longest `quiet`, and how long a run of events may last where nothing is said, in milliseconds.
const DAY_MS: u64 = 24 * HOUR_MS;
/// No window lasts longer, in milliseconds: so long events are kept.
const LONGEST_MS: u64 = 7 * DAY_MS;

impl Lowering<'_> {
    pub(super) fn window(&mut self, trigger: &Node) -> Option<Window> {
        let mut given = KINDS.into_iter().filter(|kind| trigger.has(kind));
        let kind = given.next()?;
        if let Some(entry) = given.next().and_then(|other| trigger.entry(other)) {
            let message = format!("`{}` stands instead of `{kind}`, not beside it", entry.key);
            let found = self
                .report
                .error(&codes::MISPLACED, &At::key(entry), message);
            found.hint("a trigger has one of `debounce`, `batch` and `throttle`");
            return None;
        }
        let node = trigger.get(kind)?;
        let place = self.routing();
        let key = self.template_at(node, "key", &place);
        let shape = match kind {
            "debounce" => self.debounce(node)?,
            "batch" => self.batch(node)?,
            _ => self.throttle(node)?,
        };
        Some(Window { key, shape })
    }

    fn debounce(&mut self, node: &Node) -> Option<WindowShape> {
        let quiet_ms = self.lasting(node.get("quiet")?, 1..=DAY_MS, "from 1ms to 24h")?;
        let max_ms = match node.get("max") {
            Some(given) => self.lasting(given, quiet_ms..=LONGEST_MS, "from `quiet` to 7d")?,
            None => DAY_MS,
        };
        Some(WindowShape::Debounce {
            quiet_ms,
            max_ms,
            keep_all: node.text_at("keep") == Some("all"),
        })
    }

    fn batch(&mut self, node: &Node) -> Option<WindowShape> {
        // Both are looked at, so that both are told.
        let max_size = match node.get("max-size") {
            Some(given) => self.most_events(given, given.count()?, "events"),
            None => Some(MAX_WINDOW_EVENTS),
        };
        let max_wait_ms = self.lasting(node.get("max-wait")?, 1..=LONGEST_MS, "from 1ms to 7d");
        Some(WindowShape::Batch {
            max_size: max_size?,
            max_wait_ms: max_wait_ms?,
        })
    }

    fn throttle(&mut self, node: &Node) -> Option<WindowShape> {
        let given = node.get("limit")?;
        let text = given.text()?;
        let Some(rate) = RateSpec::parse(text, None) else {
            let message = format!("expected starts per time such as `10/m`, but found `{text}`");
            let found = self
                .report
                .error(&codes::BAD_VALUE, &At::node(given), message);
            found.hint("a whole number, `/` and one of `s`, `m`, `h`");
            return None;
        };
        Some(WindowShape::Throttle {
            limit: self.most_events(given, u64::from(rate.calls), "starts")?,
            per_ms: rate.per_ms,
            queue: node.text_at("on-limit") == Some("queue"),
        })
    }

    fn most_events(&mut self, given: &Node, count: u64, what: &str) -> Option<u32> {
        if count <= u64::from(MAX_WINDOW_EVENTS) {
            return u32::try_from(count).ok();
        }
        let message = format!("expected at most {MAX_WINDOW_EVENTS} {what}, but got {count}");
        self.report
            .error(&codes::BAD_VALUE, &At::node(given), message);
        None
    }
}
