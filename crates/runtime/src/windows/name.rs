//! Which window.

use engine::record::WindowOffered;
use engine::{Id, Slot, slot_of};

/// The beginning of the cause of what a window started.
const CAUSE: &str = "window:";

/// The windows of a trigger's key, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WindowName {
    pub(crate) workflow: String,
    pub(crate) trigger: String,
    /// Empty for a trigger without one.
    pub(crate) key: String,
}

impl WindowName {
    pub(crate) fn new(workflow: &str, trigger: &str, key: &str) -> Self {
        Self {
            workflow: workflow.to_owned(),
            trigger: trigger.to_owned(),
            key: key.to_owned(),
        }
    }

    pub(crate) fn of(offered: &WindowOffered) -> Self {
        Self::new(&offered.workflow, &offered.trigger, &offered.key)
    }

    /// Where they live. No name of a workflow or a trigger holds a line break.
    pub(crate) fn slot(&self) -> Slot {
        let Self {
            workflow,
            trigger,
            key,
        } = self;
        slot_of(&format!("window\n{workflow}\n{trigger}\n{key}"))
    }
}

/// The cause of what a window started.
pub(crate) fn cause_of(window: Id) -> String {
    format!("{CAUSE}{window}")
}

/// Whether a window started it.
pub(crate) fn is_cause(cause: &str) -> bool {
    cause.starts_with(CAUSE)
}
