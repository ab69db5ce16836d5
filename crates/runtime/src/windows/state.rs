//! How a window stands: the fold of its facts.

use bytes::Bytes;
use engine::Id;
use engine::record::{
    WindowClosed, WindowKind, WindowOutcome, WindowReleased, WindowTerms, WindowTook,
};
use prost::Message;
use store::Change;

use super::row::{CLOSED, OPEN, delete_items, delete_open, entry_rows, item_rows, put_state};

/// A window that gathers closes early at so many bytes.
const MAX_BYTES: u64 = 4 << 20;
/// A window holds back starts of so many bytes at most.
const MAX_QUEUED_BYTES: u64 = 16 << 20;
/// A window holds back so many starts at most.
const MAX_QUEUED: u64 = definition::MAX_WINDOW_EVENTS as u64;

/// How a window stands. It is stored: tags stay as they are.
#[derive(Clone, PartialEq, Message)]
pub struct WindowState {
    /// The window (16 bytes).
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    /// The workflow.
    #[prost(string, tag = "2")]
    pub workflow: String,
    /// The trigger's id.
    #[prost(string, tag = "3")]
    pub trigger: String,
    /// What the trigger's `key` says; empty without one.
    #[prost(string, tag = "4")]
    pub key: String,
    /// What it does, as its last event's trigger said.
    #[prost(message, required, tag = "5")]
    pub terms: WindowTerms,
    /// The number of its last fact.
    #[prost(uint64, tag = "6")]
    pub number: u64,
    /// When it opened, milliseconds since the epoch.
    #[prost(int64, tag = "7")]
    pub opened_at: i64,
    /// When it closes, or has room again, milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub due_at: i64,
    /// When the last event came, milliseconds since the epoch.
    #[prost(int64, tag = "9")]
    pub last_at: i64,
    /// Events that it has become one start of.
    #[prost(uint64, tag = "10")]
    pub count: u64,
    /// The place of the first thing that it keeps.
    #[prost(uint64, tag = "11")]
    pub first: u64,
    /// The place behind the last thing that it keeps.
    #[prost(uint64, tag = "12")]
    pub next: u64,
    /// What it keeps weighs so much, in bytes.
    #[prost(uint64, tag = "13")]
    pub bytes: u64,
    /// Starts of a throttle since it had room last.
    #[prost(uint64, tag = "14")]
    pub passed: u64,
    /// Starts of a throttle.
    #[prost(uint64, tag = "15")]
    pub started: u64,
    /// Events for which a throttle had no room.
    #[prost(uint64, tag = "16")]
    pub dropped: u64,
    /// The next event opens a window of its own.
    #[prost(bool, tag = "17")]
    pub full: bool,
    /// When it closed, milliseconds since the epoch; 0: it is open.
    #[prost(int64, tag = "18")]
    pub closed_at: i64,
    /// The instance that it started (16 bytes); empty: none.
    #[prost(bytes = "bytes", tag = "19")]
    pub instance: Bytes,
    /// Why it started none; empty: it did, or is open.
    #[prost(string, tag = "20")]
    pub error: String,
}

/// What becomes of something that comes to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    /// None: it cannot even be held back.
    pub(crate) outcome: Option<WindowOutcome>,
    pub(crate) due_at: i64,
    pub(crate) full: bool,
}

impl WindowState {
    /// Its id.
    pub fn id(&self) -> Id {
        Id::from_slice(&self.id).unwrap_or_default()
    }

    /// Starts that are held back.
    pub fn queued(&self) -> u64 {
        match self.terms.kind() {
            WindowKind::Throttle => self.kept(),
            WindowKind::Debounce | WindowKind::DebounceAll | WindowKind::Batch => 0,
        }
    }

    /// How many things it keeps.
    pub(crate) fn kept(&self) -> u64 {
        self.next - self.first
    }

    /// Whether what comes at this time opens a window of its own.
    pub(crate) fn is_over(&self, now: i64) -> bool {
        self.full || (self.due_at <= now && self.queued() == 0)
    }

    /// What becomes of something that weighs so much and comes now; `open` is the window that it comes to, if there is
    /// one.
    pub(crate) fn decide(
        open: Option<&Self>,
        terms: &WindowTerms,
        bytes: u64,
        now: i64,
    ) -> Decided {
        let after = |ms: u64| now.saturating_add_unsigned(ms);
        let opened_at = open.map_or(now, |open| open.opened_at);
        let last = opened_at.saturating_add_unsigned(terms.longest_ms);
        if terms.kind() == WindowKind::Throttle {
            return Decided {
                outcome: Self::pass(open, terms, bytes),
                due_at: open.map_or(last, |open| open.due_at),
                full: false,
            };
        }
        let count = open.map_or(0, |open| open.count) + 1;
        let held = open.map_or(0, |open| open.bytes) + bytes;
        let all = terms.kind() != WindowKind::Debounce;
        let full = (terms.most > 0 && count >= u64::from(terms.most)) || (all && held >= MAX_BYTES);
        let due_at = match (full, terms.quiet_ms) {
            (true, _) => now,
            (false, 0) => last,
            (false, quiet_ms) => last.min(after(quiet_ms)),
        };
        Decided {
            outcome: Some(WindowOutcome::Kept),
            due_at,
            full,
        }
    }

    fn pass(open: Option<&Self>, terms: &WindowTerms, bytes: u64) -> Option<WindowOutcome> {
        let (passed, queued, held) =
            open.map_or((0, 0, 0), |open| (open.passed, open.queued(), open.bytes));
        if passed < u64::from(terms.most) && queued == 0 {
            Some(WindowOutcome::Passed)
        } else if !terms.queue {
            Some(WindowOutcome::Dropped)
        } else {
            let room = queued < MAX_QUEUED && held + bytes <= MAX_QUEUED_BYTES;
            room.then_some(WindowOutcome::Queued)
        }
    }

    /// The window that this opens.
    pub(super) fn opened(took: &WindowTook) -> Self {
        Self {
            id: took.window.clone(),
            workflow: took.offered.workflow.clone(),
            trigger: took.offered.trigger.clone(),
            key: took.offered.key.clone(),
            opened_at: took.at,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, took: &WindowTook) -> Vec<Change> {
        let id = self.id();
        self.terms = took.offered.terms;
        (self.number, self.due_at) = (took.number, took.due_at);
        (self.last_at, self.full) = (took.at, took.full);
        let outcome = took.outcome();
        let mut changes = entry_rows(id, &took.offered, outcome, self.next);
        match outcome {
            WindowOutcome::Kept if self.terms.kind() == WindowKind::Debounce => {
                self.count += 1;
                (self.next, self.bytes) = (1, took.bytes);
                changes.extend(item_rows(id, 0, &took.offered));
            }
            WindowOutcome::Kept | WindowOutcome::Queued => {
                self.count += u64::from(outcome == WindowOutcome::Kept);
                changes.extend(item_rows(id, self.next, &took.offered));
                (self.next, self.bytes) = (self.next + 1, self.bytes + took.bytes);
            }
            WindowOutcome::Passed => {
                self.passed += 1;
                self.started += 1;
            }
            WindowOutcome::Dropped => self.dropped += 1,
        }
        changes.push(put_state(OPEN, self));
        changes
    }

    pub(super) fn release(&mut self, released: &WindowReleased) -> Vec<Change> {
        let through = (self.first + u64::from(released.count)).min(self.next);
        let mut changes: Vec<Change> = delete_items(self.id(), self.first..through).collect();
        self.first = through;
        self.bytes = self.bytes.saturating_sub(released.bytes);
        (self.number, self.due_at) = (released.number, released.due_at);
        self.passed = u64::from(released.count);
        self.started += self.passed;
        changes.push(put_state(OPEN, self));
        changes
    }

    pub(super) fn close(mut self, closed: &WindowClosed) -> Vec<Change> {
        let id = self.id();
        let mut changes: Vec<Change> = delete_items(id, self.first..self.next).collect();
        changes.push(delete_open(id));
        (self.number, self.closed_at) = (closed.number, closed.at);
        self.first = self.next;
        self.instance = closed.instance.clone();
        self.error = closed
            .error
            .as_ref()
            .map_or_else(String::new, |error| error.message.clone());
        // What a throttle did is told by what it started, and with its events.
        if self.terms.kind() != WindowKind::Throttle {
            changes.push(put_state(CLOSED, &self));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn terms(kind: WindowKind, quiet_ms: u64, longest_ms: u64, most: u32) -> WindowTerms {
        WindowTerms {
            kind: kind as i32,
            quiet_ms,
            longest_ms,
            most,
            queue: false,
        }
    }

    /// A window of these terms that opened so long ago, in milliseconds.
    fn open(terms: WindowTerms, ago_ms: i64) -> WindowState {
        WindowState {
            terms,
            opened_at: NOW - ago_ms,
            due_at: NOW - ago_ms + 10_000,
            count: 1,
            next: 1,
            ..WindowState::default()
        }
    }

    fn decided(open: Option<&WindowState>, terms: &WindowTerms, bytes: u64) -> (i64, bool) {
        let decided = WindowState::decide(open, terms, bytes, NOW);
        assert_eq!(decided.outcome, Some(WindowOutcome::Kept));
        (decided.due_at - NOW, decided.full)
    }

    #[test]
    fn a_run_closes_when_it_is_quiet_or_too_long_and_a_batch_when_it_is_full_or_old() {
        let run = terms(WindowKind::DebounceAll, 2_000, 10_000, 10_000);
        assert_eq!(decided(None, &run, 1), (2_000, false));
        assert_eq!(decided(Some(&open(run, 5_000)), &run, 1), (2_000, false));
        assert_eq!(decided(Some(&open(run, 9_000)), &run, 1), (1_000, false));
        assert_eq!(decided(Some(&open(run, 1)), &run, MAX_BYTES), (0, true));
        let last = terms(WindowKind::Debounce, 2_000, 10_000, 0);
        let many = WindowState {
            count: 1_000_000,
            ..open(last, 1)
        };
        assert_eq!(decided(Some(&many), &last, MAX_BYTES), (2_000, false));
        let batch = terms(WindowKind::Batch, 0, 10_000, 2);
        assert_eq!(decided(None, &batch, 1), (10_000, false));
        assert_eq!(decided(Some(&open(batch, 4_000)), &batch, 1), (0, true));
        let single = terms(WindowKind::Batch, 0, 10_000, 1);
        assert_eq!(decided(None, &single, 1), (0, true));
    }

    #[test]
    fn a_throttle_has_room_for_so_many_and_holds_back_up_to_a_bound() {
        let drops = terms(WindowKind::Throttle, 0, 10_000, 2);
        let queues = WindowTerms {
            queue: true,
            ..drops
        };
        let state = |passed, kept, bytes| WindowState {
            passed,
            next: kept,
            bytes,
            ..open(queues, 1)
        };
        let outcome =
            |state: &WindowState, terms| WindowState::decide(Some(state), terms, 10, NOW).outcome;
        assert_eq!(
            outcome(&state(1, 0, 0), &drops),
            Some(WindowOutcome::Passed)
        );
        assert_eq!(
            outcome(&state(2, 0, 0), &drops),
            Some(WindowOutcome::Dropped)
        );
        assert_eq!(
            outcome(&state(2, 0, 0), &queues),
            Some(WindowOutcome::Queued)
        );
        // What comes later does not overtake what waits.
        assert_eq!(
            outcome(&state(0, 1, 9), &queues),
            Some(WindowOutcome::Queued)
        );
        assert_eq!(outcome(&state(2, MAX_QUEUED, 9), &queues), None);
        assert_eq!(outcome(&state(2, 3, MAX_QUEUED_BYTES), &queues), None);
    }

    #[test]
    fn what_comes_when_a_window_was_due_opens_the_next_one_unless_it_holds_something_back() {
        let run = open(terms(WindowKind::Debounce, 2_000, 10_000, 0), 0);
        assert!(!run.is_over(run.due_at - 1) && run.is_over(run.due_at));
        let throttle = open(terms(WindowKind::Throttle, 0, 10_000, 2), 0);
        assert!(!throttle.is_over(throttle.due_at), "one waits");
        let throttle = WindowState {
            next: 0,
            ..throttle
        };
        assert!(throttle.is_over(throttle.due_at));
    }
}
