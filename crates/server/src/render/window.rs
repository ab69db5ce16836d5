//! Windows of triggers as the API shows them.

use api::{CameToWindow, Routed, Time, Window};
use engine::Id;
use engine::record::{EventRoute, WindowKind, WindowOutcome};
use runtime::{WindowEntry, WindowState};

/// A window.
pub fn window(state: &WindowState) -> Window {
    let time = |at: i64| (at > 0).then_some(Time(at));
    let closed_at = time(state.closed_at);
    Window {
        id: state.id().to_string(),
        workflow: state.workflow.clone(),
        trigger: state.trigger.clone(),
        key: state.key.clone(),
        kind: match state.terms.kind() {
            WindowKind::Debounce | WindowKind::DebounceAll => "debounce",
            WindowKind::Batch => "batch",
            WindowKind::Throttle => "throttle",
        }
        .to_owned(),
        opened_at: Time(state.opened_at),
        last_at: Time(state.last_at),
        due_at: time(state.due_at).filter(|_| closed_at.is_none()),
        closed_at,
        count: state.count,
        bytes: state.bytes,
        started: state.started,
        queued: state.queued(),
        dropped: state.dropped,
        workflow_id: instance(&state.instance),
        error: Some(state.error.clone()).filter(|error| !error.is_empty()),
        events: Vec::new(),
    }
}

/// To which window an event went, as far as that was known with the event.
pub(super) fn came(route: &EventRoute) -> Option<CameToWindow> {
    let key = route.window_key.clone()?;
    let id = instance(&route.window);
    let outcome = id.as_ref().map(|_| word(route.window_outcome()).to_owned());
    Some(CameToWindow { key, id, outcome })
}

/// Says of an event's route what came of it at its window by now.
pub fn came_by_now(routed: &mut Routed, entry: &WindowEntry, window: Option<&WindowState>) {
    let Some(came) = &mut routed.window else {
        return;
    };
    came.id = instance(&entry.window);
    let queued = entry.outcome() == WindowOutcome::Queued;
    let waits = queued && window.is_some_and(|window| window.first <= entry.place);
    let outcome = match queued && !waits {
        true => WindowOutcome::Passed,
        false => entry.outcome(),
    };
    came.outcome = Some(word(outcome).to_owned());
    let own = instance(&entry.instance).filter(|_| outcome == WindowOutcome::Passed);
    let shared = window.and_then(|window| instance(&window.instance));
    let kept = shared.filter(|_| outcome == WindowOutcome::Kept);
    if routed.error.is_none() {
        routed.workflow_id = own.or(kept);
    }
}

const fn word(outcome: WindowOutcome) -> &'static str {
    match outcome {
        WindowOutcome::Kept => "kept",
        WindowOutcome::Passed => "started",
        WindowOutcome::Queued => "queued",
        WindowOutcome::Dropped => "dropped",
    }
}

fn instance(bytes: &[u8]) -> Option<String> {
    Id::from_slice(bytes).map(|id| id.to_string())
}
