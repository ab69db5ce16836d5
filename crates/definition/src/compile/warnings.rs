//! What is valid but likely to hurt.

use super::context::Lowering;
use super::outline::{Role, StepOutline};
use crate::diagnostic::{At, codes};
use crate::source::Node;
use crate::workflow::StepIx;

pub(super) fn check(lowering: &mut Lowering<'_>, workflow: &Node) {
    no_timeout(lowering, workflow);
    unreachable_steps(lowering);
    unused_values(lowering);
    writes_without_compensation(lowering, workflow);
}

fn no_timeout(lowering: &mut Lowering<'_>, workflow: &Node) {
    let of_steps = lowering
        .outline
        .steps
        .iter()
        .any(|step| has_timeout(step.node));
    let of_defaults = workflow
        .get("defaults")
        .is_some_and(|defaults| defaults.has("timeout"));
    if of_steps || of_defaults || workflow.has("timeout") || lowering.outline.steps.is_empty() {
        return;
    }
    let at = workflow.entry("name").map(At::key).unwrap_or_default();
    let found = lowering.report.warning(
        &codes::NO_TIMEOUT,
        &at,
        "this workflow has no time-out anywhere",
    );
    found.hint("add one for the whole instance, such as `timeout: 1h`");
}

fn has_timeout(step: &Node) -> bool {
    let ask = ["wait", "decision"].into_iter();
    let mut within = ask.filter_map(|action| step.get(action));
    step.has("timeout") || within.any(|action| action.has("timeout"))
}

/// A list never gets past a `complete`, `fail` or `break` that always runs.
fn unreachable_steps(lowering: &mut Lowering<'_>) {
    let outline = lowering.outline;
    for list in &outline.lists {
        let ends = |ix: &&StepIx| ends_list(outline.step(**ix).node);
        let Some(end) = list.steps.iter().find(ends) else {
            continue;
        };
        let (id, position) = (outline.step(*end).id, outline.step(*end).position);
        for after in list.steps.iter().map(|ix| outline.step(*ix)) {
            if lowering
                .needs
                .has_ended(after.list, after.position, position)
            {
                let message =
                    format!("this step is never reached: `{id}` always ends the list before");
                lowering
                    .report
                    .warning(&codes::UNUSED_STEP, &id_of(after), message);
                break;
            }
        }
    }
}

fn ends_list(step: &Node) -> bool {
    let always = !step.has("when") && !step.has("catch") && !step.has("on-error");
    always
        && ["complete", "fail", "break"]
            .iter()
            .any(|action| step.has(action))
}

/// A `set` whose output nothing names and that is not its list's last output.
fn unused_values(lowering: &mut Lowering<'_>) {
    let outline = lowering.outline;
    for step in outline
        .steps
        .iter()
        .filter(|step| step.node.has("set") && !step.id.is_empty())
    {
        let list = outline.list(step.list);
        let is_last = list.steps.len() == step.position as usize + 1;
        let counts = is_last && list.role != Role::Root && list.role != Role::Finally;
        if !counts && !lowering.collected.named_steps.contains(step.id) {
            let message = format!("nothing uses the output of step `{}`", step.id);
            lowering
                .report
                .warning(&codes::UNUSED_STEP, &id_of(step), message);
        }
    }
}

/// Only where the adapter is known to write: a call whose adapter is elsewhere may just as well read.
fn writes_without_compensation(lowering: &mut Lowering<'_>, workflow: &Node) {
    if workflow.text_at("on-failure") == Some("stop") {
        return;
    }
    let outline = lowering.outline;
    for list in &outline.lists {
        if list.role == Role::Finally {
            continue;
        }
        for step in list.steps.iter().map(|ix| outline.step(*ix)) {
            if step.node.has("compensation") || !writes(lowering, step.node) {
                continue;
            }
            if let Some(later) = later_that_can_fail(lowering, step) {
                let message = format!(
                    "step `{}` writes and is not undone when `{later}` fails",
                    step.id
                );
                let found = lowering
                    .report
                    .warning(&codes::NO_COMPENSATION, &id_of(step), message);
                found.hint("add a `compensation`, or move the step after those that can fail");
            }
        }
    }
}

/// The first sibling that starts after a step has ended and can fail.
fn later_that_can_fail<'a>(lowering: &Lowering<'a>, step: &StepOutline<'_>) -> Option<&'a str> {
    let outline = lowering.outline;
    let siblings = outline
        .list(step.list)
        .steps
        .iter()
        .map(|ix| outline.step(*ix));
    let mut after = siblings.filter(|after| {
        lowering
            .needs
            .has_ended(after.list, after.position, step.position)
    });
    after
        .find(|after| can_fail(lowering, after.node))
        .map(|after| after.id)
}

fn can_fail(lowering: &Lowering<'_>, step: &Node) -> bool {
    let borne = step.text_at("on-error") == Some("continue")
        || step.text_at("retry") == Some("optional")
        || step.has("catch");
    let calls = step.has("workflow")
        || step.has("fail")
        || step
            .text_at("adapter")
            .is_some_and(|name| !is_builtin(lowering, name));
    calls && !borne
}

fn is_builtin(lowering: &Lowering<'_>, adapter: &str) -> bool {
    let others = lowering.known.others.as_ref();
    others
        .and_then(|others| others.adapters.get(adapter))
        .is_some_and(|adapter| adapter.kind == "builtin")
}

fn writes(lowering: &Lowering<'_>, step: &Node) -> bool {
    let others = lowering.known.others.as_ref();
    let adapter = step
        .text_at("adapter")
        .and_then(|name| others?.adapters.get(name));
    let Some(adapter) = adapter.filter(|adapter| adapter.kind == "http") else {
        return false;
    };
    // What is used again only reads.
    if step.has("cache") {
        return false;
    }
    let action = step.text_at("action").or(adapter.default_action.as_deref());
    let action = action.and_then(|action| adapter.settings.get("actions")?.get(action));
    let method = action
        .and_then(|action| action.get("method"))
        .and_then(serde_json::Value::as_str);
    !matches!(method, Some("GET" | "HEAD" | "OPTIONS"))
}

fn id_of(step: &StepOutline<'_>) -> At {
    step.node
        .get("id")
        .map_or_else(|| At::node(step.node), At::node)
}
