//! Which schedule.

use std::fmt;
use std::str::FromStr;

use engine::{Slot, slot_of};
use serde::{Deserialize, Serialize};

/// A schedule: a trigger of a workflow, over all its versions. Written `workflow.trigger`; neither name holds a dot.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScheduleName {
    /// The workflow.
    pub workflow: String,
    /// The trigger's id.
    pub trigger: String,
}

impl ScheduleName {
    /// The schedule of a workflow's trigger.
    pub fn new(workflow: &str, trigger: &str) -> Self {
        Self {
            workflow: workflow.to_owned(),
            trigger: trigger.to_owned(),
        }
    }

    /// Where it lives.
    pub(crate) fn slot(&self) -> Slot {
        slot_of(&format!("schedule\n{}\n{}", self.workflow, self.trigger))
    }

    /// The cause of what it starts.
    pub(crate) fn cause(&self) -> String {
        format!("schedule:{}/{}", self.workflow, self.trigger)
    }
}

impl fmt::Display for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.workflow, self.trigger)
    }
}

impl FromStr for ScheduleName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (workflow, trigger) = text.split_once('.').ok_or(())?;
        Ok(Self::new(workflow, trigger))
    }
}
