//! The open windows of a partition: which there are, and which is due next.

use std::collections::{BTreeMap, BTreeSet};

use engine::Id;
use engine::record::{SlotBody, WindowKind};
use prost::Message;
use store::{Change, Row};

use super::name::WindowName;
use super::state::WindowState;

/// Windows that one partition has open; above that the first that are due close early.
const MAX_OPEN: usize = 100_000;
/// Windows that are closed together at most.
const TOGETHER: usize = 256;
/// What those keep that are closed together, in bytes (one more may pass it).
const BYTES_TOGETHER: u64 = 8 << 20;

/// The open windows of a partition; the fold of their facts. What they keep is not in memory.
#[derive(Default)]
pub(crate) struct Windows {
    open: BTreeMap<Id, Open>,
    /// The one to which the next of this name comes, unless it is over.
    names: BTreeMap<WindowName, Id>,
    /// By when each is to be looked at.
    due: BTreeSet<(i64, Id)>,
    /// Due, but the state does not have yet what they keep.
    behind: Vec<Id>,
}

struct Open {
    state: WindowState,
    /// The batch of its last fact.
    position: u64,
}

impl Windows {
    /// The window to which something of this name and kind comes at this time; none: it opens one.
    pub(crate) fn named(
        &self,
        name: &WindowName,
        kind: WindowKind,
        now: i64,
    ) -> Option<&WindowState> {
        let state = self.get(*self.names.get(name)?)?;
        let fits = state.terms.kind() == kind && !state.is_over(now);
        fits.then_some(state)
    }

    pub(crate) fn get(&self, id: Id) -> Option<&WindowState> {
        self.open.get(&id).map(|open| &open.state)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// When the next is to be looked at, milliseconds since the epoch.
    pub(crate) fn next_at(&self) -> i64 {
        self.due.first().map_or(i64::MAX, |(at, _)| *at)
    }

    /// Those to close now, or to have something let go of; `projected` is how far the state is.
    pub(crate) fn call(&mut self, now: i64, projected: u64) -> Vec<WindowState> {
        let (mut called, mut bytes) = (Vec::new(), 0);
        let mut too_many = self.open.len().saturating_sub(MAX_OPEN);
        while called.len() < TOGETHER && bytes < BYTES_TOGETHER {
            let Some((at, id)) = self.due.first().copied() else {
                break;
            };
            if at > now && too_many == 0 {
                break;
            }
            self.due.pop_first();
            let Some(open) = self.open.get(&id) else {
                continue;
            };
            if open.state.due_at > now {
                // What is held back stays so; what is not due yet has another entry, unless this is it.
                if too_many == 0 || open.state.queued() > 0 {
                    self.due.insert((open.state.due_at, id));
                    too_many = 0;
                    continue;
                }
                too_many -= 1;
            }
            // Of what is held back, as much is let go of as the state has.
            let whole = open.state.queued() == 0;
            if whole && open.state.kept() > 0 && open.position > projected {
                self.behind.push(id);
                continue;
            }
            bytes += open.state.bytes;
            called.push(open.state.clone());
        }
        called
    }

    /// Looks at a window again at this time.
    pub(crate) fn again_at(&mut self, id: Id, at: i64) {
        if self.open.contains_key(&id) {
            self.due.insert((at, id));
        }
    }

    /// The state is further.
    pub(crate) fn projected(&mut self) {
        for id in std::mem::take(&mut self.behind) {
            if let Some(open) = self.open.get(&id) {
                self.due.insert((open.state.due_at, id));
            }
        }
    }

    /// Takes in a row of an open window.
    pub(crate) fn load(&mut self, row: &Row) {
        match WindowState::decode(row.value.clone()) {
            Ok(state) => {
                self.name_newest(&state);
                self.hold(state, 0);
            }
            Err(error) => tracing::error!(slot = row.slot, %error, "a window cannot be read"),
        }
    }

    fn hold(&mut self, state: WindowState, position: u64) {
        let id = state.id();
        self.due.insert((state.due_at, id));
        self.open.insert(id, Open { state, position });
    }

    /// Of the windows of a name that are read, the one that opened last takes what comes; one that is full never does.
    fn name_newest(&mut self, state: &WindowState) {
        let name = name_of(state);
        let known = self.names.get(&name).and_then(|id| self.get(*id));
        let is_newer = known
            .is_none_or(|known| (!state.full, state.opened_at) > (!known.full, known.opened_at));
        if is_newer {
            self.names.insert(name, state.id());
        }
    }

    /// Applies a fact of the batch at `position`; answers with what is written of it.
    pub(crate) fn apply(&mut self, fact: &SlotBody, position: u64) -> Vec<Change> {
        let window = match fact {
            SlotBody::WindowTook(took) => &took.window,
            SlotBody::WindowClosed(closed) => &closed.window,
            SlotBody::WindowReleased(released) => &released.window,
            _ => return Vec::new(),
        };
        let id = Id::from_slice(window).unwrap_or_default();
        let known = self.open.remove(&id).map(|open| open.state);
        if let Some(known) = &known {
            self.due.remove(&(known.due_at, id));
        }
        let (state, changes) = match (fact, known) {
            (SlotBody::WindowTook(took), known) => {
                let mut state = known.unwrap_or_else(|| {
                    self.names.insert(WindowName::of(&took.offered), id);
                    WindowState::opened(took)
                });
                let changes = state.take(took);
                (Some(state), changes)
            }
            (SlotBody::WindowReleased(released), Some(mut state)) => {
                let changes = state.release(released);
                (Some(state), changes)
            }
            (SlotBody::WindowClosed(closed), Some(state)) => {
                let name = name_of(&state);
                if self.names.get(&name) == Some(&id) {
                    self.names.remove(&name);
                }
                (None, state.close(closed))
            }
            _ => (None, Vec::new()),
        };
        if let Some(state) = state {
            self.hold(state, position);
        }
        changes
    }
}

fn name_of(state: &WindowState) -> WindowName {
    WindowName::new(&state.workflow, &state.trigger, &state.key)
}
