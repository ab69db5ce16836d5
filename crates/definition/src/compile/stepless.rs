//! Resources with expressions but without steps.

use super::context::{Collected, Lowering};
use super::known::Known;
use super::needs::Needs;
use super::outline::Outline;
use crate::diagnostic::Report;
use crate::source::Node;

/// Lowers a resource that has no steps; gives what `lower` made and what it collected beside it.
pub(super) fn without_steps<T>(
    report: &mut Report,
    known: &Known<'_>,
    node: &Node,
    lower: impl FnOnce(&mut Lowering<'_>) -> T,
) -> (T, Collected) {
    let outline = Outline::empty();
    let needs = Needs::read(report, &outline);
    let mut lowering = Lowering::new(report, known, (&outline, &needs), node);
    let lowered = lower(&mut lowering);
    (lowered, lowering.collected)
}
