//! Which steps an expression may name at its place.

use super::needs::Needs;
use super::outline::{Outline, Role};
use crate::workflow::{ListIx, StepIx};

/// When an expression is evaluated.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// No step can be named.
    Header,
    /// As a step starts.
    Start(StepIx),
    /// As a step is undone, or its outcome is asked for: it sees itself.
    Undo(StepIx),
    /// As a list has ended.
    ListEnd(ListIx),
    /// As the workflow has ended.
    End,
}

/// Why a step cannot be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hidden {
    /// It has not ended by then.
    NotEnded,
    /// It stands in a loop that the expression is not in.
    InLoop,
}

/// What has ended of one list at the moment.
enum Ended {
    Before(u32),
    UpTo(u32),
    All,
}

pub(super) fn check(
    outline: &Outline<'_>,
    needs: &Needs,
    moment: Moment,
    target: StepIx,
) -> Result<(), Hidden> {
    let mut in_loop = false;
    let mut current = target;
    loop {
        let step = outline.step(current);
        if let Some(ended) = ended_in(outline, moment, step.list) {
            let has_ended = match ended {
                Ended::All => true,
                Ended::Before(position) => needs.has_ended(step.list, position, step.position),
                Ended::UpTo(position) => {
                    position == step.position || needs.has_ended(step.list, position, step.position)
                }
            };
            return match (has_ended, in_loop) {
                (true, false) => Ok(()),
                (true, true) => Err(Hidden::InLoop),
                (false, _) => Err(Hidden::NotEnded),
            };
        }
        let list = outline.list(step.list);
        in_loop |= list.role == Role::Loop;
        match list.owner {
            Some(owner) => current = owner,
            None => return Err(Hidden::NotEnded),
        }
    }
}

/// What has ended of `list`, when the moment lies in it or in a block of it.
fn ended_in(outline: &Outline<'_>, moment: Moment, list: ListIx) -> Option<Ended> {
    let (mut current, mut ended) = match moment {
        Moment::Header => return None,
        Moment::End => (ListIx::ROOT, Ended::All),
        Moment::ListEnd(list) => (list, Ended::All),
        Moment::Start(step) => (
            outline.step(step).list,
            Ended::Before(outline.step(step).position),
        ),
        Moment::Undo(step) => (
            outline.step(step).list,
            Ended::UpTo(outline.step(step).position),
        ),
    };
    loop {
        if current == list {
            return Some(ended);
        }
        let inner = outline.list(current);
        let Some(owner) = inner.owner else {
            // `finally` runs when the whole root list has ended.
            return (inner.role == Role::Finally && list == ListIx::ROOT).then_some(Ended::All);
        };
        let position = outline.step(owner).position;
        ended = if inner.role == Role::Catch {
            Ended::UpTo(position)
        } else {
            Ended::Before(position)
        };
        current = outline.step(owner).list;
    }
}
