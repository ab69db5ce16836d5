//! Which siblings a step waits for, and circles among them.

use super::outline::{Outline, StepOutline};
use crate::diagnostic::{At, Report, codes, nearest};
use crate::source::Node;
use crate::workflow::{ListIx, StepIx};

/// The siblings that each step waits for directly, by step.
pub(super) struct Needs {
    pub(super) direct: Vec<Vec<StepIx>>,
    /// By list, then by position: the positions that have ended when the step starts.
    ended: Vec<Vec<Positions>>,
}

/// A set of positions in a list.
#[derive(Clone, Default)]
struct Positions(Vec<u64>);

impl Needs {
    pub(super) fn read(report: &mut Report, outline: &Outline<'_>) -> Self {
        let direct: Vec<_> = outline
            .steps
            .iter()
            .map(|step| direct(report, outline, step))
            .collect();
        let lists = outline.lists.iter();
        let ended = lists
            .map(|list| ended(report, outline, &list.steps, &direct))
            .collect();
        Self { direct, ended }
    }

    /// Whether `target` has ended when its sibling `step` starts.
    pub(super) fn has_ended(&self, list: ListIx, step: u32, target: u32) -> bool {
        self.ended[list.0 as usize][step as usize].contains(target)
    }
}

fn direct(report: &mut Report, outline: &Outline<'_>, step: &StepOutline<'_>) -> Vec<StepIx> {
    let siblings = &outline.list(step.list).steps[..step.position as usize];
    let isolated = |ix: &&StepIx| is_isolated(outline.step(**ix).node);
    let mut found: Vec<StepIx> = siblings
        .iter()
        .filter(isolated)
        .filter(|ix| names_step(outline, step.node, outline.step(**ix).id))
        .copied()
        .collect();
    let Some(needs) = step.node.get("needs") else {
        let before = siblings.iter().rev().find(|ix| !isolated(ix));
        found.extend(before);
        return found;
    };
    for need in needs.items() {
        let Some(name) = need.text() else { continue };
        match outline.ids.get(name) {
            Some(ix) if outline.step(*ix).list == step.list => {
                if !found.contains(ix) {
                    found.push(*ix);
                }
            }
            other => unknown_need(
                report,
                outline,
                step,
                &At::node(need),
                name,
                other.is_some(),
            ),
        }
    }
    found
}

/// Whether the list goes on past the step.
fn is_isolated(step: &Node) -> bool {
    step.get("isolate").and_then(Node::bool) == Some(true)
}

/// Whether a text of the step, or of what stands in it, names the other step. A name in a text that
/// is no expression counts as well: the step then waits where it need not, but never runs too early.
fn names_step(outline: &Outline<'_>, step: &Node, id: &str) -> bool {
    let within = |child: &Node| names_step(outline, child, id);
    let named = step.text().is_some_and(|text| {
        let starts = text
            .match_indices("steps.")
            .map(|(at, found)| at + found.len());
        starts
            .into_iter()
            .any(|at| longest_id(outline, &text[at..]) == Some(id))
    });
    named
        || step.items().iter().any(within)
        || step.entries().iter().any(|entry| within(&entry.value))
}

/// The longest known id that a text begins with, as expressions read names with hyphens.
fn longest_id<'t>(outline: &Outline<'_>, text: &'t str) -> Option<&'t str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let run = &text[..text.find(|c| !is_name(c)).unwrap_or(text.len())];
    let shorter = |name: &&'t str| name.rsplit_once('-').map(|(shorter, _)| shorter);
    std::iter::successors(Some(run), shorter).find(|name| outline.ids.contains_key(name))
}

fn unknown_need(
    report: &mut Report,
    outline: &Outline<'_>,
    step: &StepOutline<'_>,
    at: &At,
    name: &str,
    exists: bool,
) {
    if exists {
        let message = format!("`needs` names `{name}`, which is not in the same list");
        let found = report.error(&codes::BAD_NEED, at, message);
        found.hint("name the block that holds it");
        return;
    }
    let siblings = outline
        .list(step.list)
        .steps
        .iter()
        .map(|ix| outline.step(*ix).id);
    let near = nearest(name, siblings);
    let found = report.error(
        &codes::BAD_NEED,
        at,
        format!("`needs` names `{name}`, but there is no such step"),
    );
    found.hint = near.map(|near| format!("did you mean `{near}`?"));
}

/// Orders a list by its needs; what cannot be ordered stands in circles, which are reported.
fn ended(
    report: &mut Report,
    outline: &Outline<'_>,
    list: &[StepIx],
    direct: &[Vec<StepIx>],
) -> Vec<Positions> {
    let mut ended = vec![Positions::default(); list.len()];
    let mut waits: Vec<usize> = list.iter().map(|ix| direct[ix.0 as usize].len()).collect();
    let mut dependents = vec![Vec::new(); list.len()];
    for (position, ix) in list.iter().enumerate() {
        for need in &direct[ix.0 as usize] {
            dependents[outline.step(*need).position as usize].push(position);
        }
    }
    let mut ready: Vec<usize> = (0..list.len())
        .filter(|position| waits[*position] == 0)
        .collect();
    while let Some(position) = ready.pop() {
        for dependent in std::mem::take(&mut dependents[position]) {
            let before = ended[position].clone();
            ended[dependent].extend(&before);
            ended[dependent].insert(position);
            waits[dependent] -= 1;
            if waits[dependent] == 0 {
                ready.push(dependent);
            }
        }
    }
    let stuck: Vec<usize> = (0..list.len())
        .filter(|position| waits[*position] > 0)
        .collect();
    report_cycles(report, outline, list, direct, &stuck);
    ended
}

fn report_cycles(
    report: &mut Report,
    outline: &Outline<'_>,
    list: &[StepIx],
    direct: &[Vec<StepIx>],
    stuck: &[usize],
) {
    let mut walked = vec![false; list.len()];
    for start in stuck {
        let Some(mut circle) = circle_from(outline, list, direct, &mut walked, stuck, *start)
        else {
            continue;
        };
        circle.sort_unstable();
        let names: Vec<_> = circle
            .iter()
            .map(|position| format!("`{}`", outline.step(list[*position]).id))
            .collect();
        let first = outline.step(list[circle[0]]);
        let entry = first.node.entry("needs").or_else(|| first.node.entry("id"));
        let at = entry.map_or_else(|| At::node(first.node), At::key);
        let message = match names.as_slice() {
            [own] => format!("step {own} waits for itself"),
            [own, others @ ..] => {
                format!("step {own} waits for itself through {}", others.join(", "))
            }
            [] => continue,
        };
        let found = report.error(&codes::CYCLE, &at, message);
        found.hint(
            "a step without `needs` waits for the one before it; `needs: []` starts it at once",
        );
    }
}

/// The circle that following the needs from a stuck step runs into, unless the way was walked before.
fn circle_from(
    outline: &Outline<'_>,
    list: &[StepIx],
    direct: &[Vec<StepIx>],
    walked: &mut [bool],
    stuck: &[usize],
    start: usize,
) -> Option<Vec<usize>> {
    let mut way = Vec::new();
    let mut next = start;
    while !std::mem::replace(&mut walked[next], true) {
        way.push(next);
        let needs = direct[list[next].0 as usize]
            .iter()
            .map(|need| outline.step(*need).position as usize);
        next = needs
            .into_iter()
            .find(|position| stuck.binary_search(position).is_ok())?;
    }
    let begin = way.iter().position(|position| *position == next)?;
    Some(way.split_off(begin))
}

impl Positions {
    fn insert(&mut self, position: usize) {
        let word = position / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (position % 64);
    }

    fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    fn contains(&self, position: u32) -> bool {
        let word = self.0.get(position as usize / 64);
        word.is_some_and(|word| word & (1 << (position % 64)) != 0)
    }
}
