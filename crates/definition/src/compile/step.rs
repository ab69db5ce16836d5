//! A step with its modifiers.

use super::context::Lowering;
use super::outline::Role;
use crate::diagnostic::{At, codes};
use crate::source::Node;
use crate::workflow::{OnError, Step, StepIx};

impl Lowering<'_> {
    /// All steps, in document order; fewer when some were refused.
    pub(super) fn steps(&mut self) -> Vec<Step> {
        let count = u32::try_from(self.outline.steps.len()).unwrap_or(u32::MAX);
        (0..count).filter_map(|ix| self.step(StepIx(ix))).collect()
    }

    fn step(&mut self, ix: StepIx) -> Option<Step> {
        let outline = self.outline.step(ix);
        let node = outline.node;
        let place = self.at_start(ix);
        self.check_modifiers(ix, node);
        let when = self.condition_at(node, "when", &place);
        let timeout = self.duration_at(node, "timeout", &place);
        let compensation = self.compensation(ix, node);
        let catches = self.catches(ix);
        let gate = self.gate(ix, node);
        let action = self.action(ix, node)?;
        Some(Step {
            ix,
            id: outline.id.into(),
            list: outline.list,
            position: outline.position,
            needs: self.needs.direct[ix.0 as usize].clone(),
            when,
            action,
            timeout,
            on_error: on_error(node),
            catches,
            compensation,
            gate,
        })
    }

    fn check_modifiers(&mut self, ix: StepIx, node: &Node) {
        let keyed = node
            .entry("concurrency")
            .filter(|entry| entry.value.count().is_none());
        if let Some(entry) = keyed.filter(|_| node.has("for-each")) {
            let message = "expected a number of lanes as `concurrency` of a `for-each`";
            let found = self
                .report
                .error(&codes::WRONG_TYPE, &At::key(entry), message);
            found.hint("a mapping stands on a step that calls an adapter, such as those inside");
        }
        let root = self
            .outline
            .lists_outwards(self.outline.step(ix).list)
            .last();
        let in_finally = root.is_some_and(|list| self.outline.list(list).role == Role::Finally);
        if let Some(entry) = node.entry("compensation").filter(|_| in_finally) {
            let found = self.report.warning(
                &codes::NO_UNDO_IN_FINALLY,
                &At::key(entry),
                "steps of `finally` are never compensated",
            );
            found.hint("remove the compensation");
        }
    }
}

fn on_error(node: &Node) -> Option<OnError> {
    match node.text_at("on-error")? {
        "continue" => Some(OnError::Continue),
        "man" => Some(OnError::Man),
        _ => Some(OnError::Fail),
    }
}
