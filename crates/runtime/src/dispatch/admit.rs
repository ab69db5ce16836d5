//! Whether a call may begin: where there is room, at which adapter and target.

use std::collections::BTreeMap;

use adapter::Failure;

use super::queue::AdapterQueue;
use crate::limits::{Desk, Held, Lookout, Passage, Refused};

/// A chain of fallbacks that is longer ends where it is.
const FALLBACKS: usize = 4;

/// What becomes of a call.
pub(super) enum Admission {
    /// It begins, at this adapter, and counts as running there.
    Run(String, Passage),
    /// It waits for this adapter.
    Wait(String),
    /// It fails at once.
    Fail(Box<Failure>),
}

/// The queues of all adapters, by name.
pub(super) type Queues = BTreeMap<String, AdapterQueue>;

/// Lets a call of an adapter begin, or says what becomes of it. A `fresh` one goes behind those that
/// wait already.
pub(super) fn admit(
    queues: &mut Queues,
    lookout: &Lookout<'_>,
    adapter: &str,
    mut fresh: bool,
) -> Admission {
    let mut at = adapter.to_owned();
    for _ in 0..=FALLBACKS {
        let queue = queue_of(queues, &at);
        if fresh && !queue.is_idle() {
            return Admission::Wait(at);
        }
        if queue.room(lookout.room(&at)) == 0 {
            queue.held = Some(no_room(&at));
            return Admission::Wait(at);
        }
        match pass(queue, lookout, &at) {
            Ok(passage) => {
                queue.begin();
                queue.held = None;
                return Admission::Run(at, passage);
            }
            Err(Refused::Wait(held)) => {
                // Whoever looks after the limits would wake itself where it knows of the wait already. What an empty
                // queue was held by is a wait that was called off, and forgotten.
                let known = |before: &Held| !queue.is_idle() && before.outlasted_by(&held);
                if !queue.held.as_ref().is_some_and(known) {
                    lookout.shared.homes.look();
                }
                queue.held = Some(held);
                return Admission::Wait(at);
            }
            Err(Refused::Fail(failure)) => return Admission::Fail(failure),
            Err(Refused::Fallback(other)) => at = other,
        }
        fresh = true;
    }
    Admission::Wait(at)
}

fn pass(queue: &mut AdapterQueue, lookout: &Lookout<'_>, at: &str) -> Result<Passage, Refused> {
    let Some(desk) = Desk::at(lookout, at) else {
        return Ok(Passage::default());
    };
    let waiting = u32::try_from(queue.waiting()).unwrap_or(u32::MAX);
    queue.gate.pass(&desk, waiting.max(1))
}

fn no_room(adapter: &str) -> Held {
    Held {
        kind: "limit",
        what: format!("as many calls of {adapter} as may be are under way"),
        until: None,
    }
}

/// The queue of an adapter; a new one if it has none yet.
pub(super) fn queue_of<'q>(queues: &'q mut Queues, adapter: &str) -> &'q mut AdapterQueue {
    // Looked up first: the name is copied once, not for every task.
    if !queues.contains_key(adapter) {
        queues.insert(adapter.to_owned(), AdapterQueue::default());
    }
    queues
        .get_mut(adapter)
        .expect("it was inserted if it was not there")
}
