//! Where a completed output may be used again.

use super::context::Lowering;
use super::expressions::Place;
use crate::cache::{CACHE_TTL_MS, Cache};
use crate::diagnostic::{At, codes};
use crate::source::Node;

impl Lowering<'_> {
    /// `cache` of a call.
    pub(super) fn cache(&mut self, node: &Node, place: &Place) -> Option<Cache> {
        let given = node.get("cache")?;
        if let Some(entry) = node.entry("cache").filter(|_| node.has("compensation")) {
            let message = "what is undone was done for this instance: its output is not used again";
            let found = self
                .report
                .error(&codes::MISPLACED, &At::key(entry), message);
            found.hint("remove `cache`, or the compensation of a call that only reads");
        }
        let key = self.template_at(given, "key", place);
        let ttl_ms = self.cache_ttl_ms(given);
        Some(Cache {
            key: key?,
            ttl_ms: ttl_ms?,
        })
    }

    fn cache_ttl_ms(&mut self, given: &Node) -> Option<u64> {
        let ttl = given.get("ttl")?;
        let text = ttl.text()?;
        let ttl_ms = expression::duration::parse(text).ok()?;
        if CACHE_TTL_MS.contains(&ttl_ms) {
            return Some(ttl_ms);
        }
        let message = format!("expected a duration from 1s to 30d, but found `{text}`");
        self.report
            .error(&codes::BAD_VALUE, &At::node(ttl), message);
        None
    }
}
