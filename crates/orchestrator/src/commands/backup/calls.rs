//! The calls that were made after the moment that is restored: other systems know of them, the restored store does
//! not.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use api::Time;
use engine::record::{Body, Plan, Record, StepRef, TaskKey, TaskKind};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::output::columns;

/// Calls that are printed; all are in the file.
const SHOWN: usize = 20;

/// One fact about a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFact {
    /// When it was recorded.
    pub at: String,
    /// The instance.
    pub workflow_id: String,
    /// `called`, `accepted`, `completed` or `failed`.
    pub what: String,
    /// The step's lane and its place there.
    pub lane: u32,
    /// See `lane`.
    pub place: u32,
    /// `run`, `undo` or `verify`.
    pub purpose: String,
    /// The generation, as in the call's `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// Which attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The adapter and its action, where the record says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub adapter: String,
    /// See `adapter`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// The target that answered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

/// A file of them, and the first.
pub struct Calls {
    /// The file.
    pub path: PathBuf,
    /// Calls begun.
    pub count: u64,
    /// The first facts.
    pub first: Vec<CallFact>,
    file: BufWriter<File>,
}

impl Calls {
    /// A new file; one that is there is not overwritten.
    pub fn at(path: &Path) -> Result<Self, Failure> {
        let file = File::create_new(path).map_err(|error| {
            let path = path.display();
            Failure::usage(format!(
                "expected to write the list of calls to {path}, but: {error}; name another with --calls"
            ))
        })?;
        Ok(Self {
            path: path.to_owned(),
            count: 0,
            first: vec![],
            file: BufWriter::new(file),
        })
    }

    /// Takes note of a record, if it is about a call.
    pub fn note(&mut self, record: &Record) -> Result<(), String> {
        let Some(fact) = fact_of(record) else {
            return Ok(());
        };
        self.count += u64::from(fact.what == "called");
        let line = serde_json::to_string(&fact).map_err(|error| error.to_string())?;
        writeln!(self.file, "{line}").map_err(|error| error.to_string())?;
        if self.first.len() < SHOWN {
            self.first.push(fact);
        }
        Ok(())
    }

    /// Makes the file durable.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.file.flush()?;
        Ok(self.file.get_ref().sync_all()?)
    }

    /// Removes the file: nothing was restored.
    pub fn discard(self) {
        // It is empty or of no use; one that stays is refused by name the next time.
        let _ = std::fs::remove_file(self.path);
    }
}

/// The first of them as text, below what is said before.
pub fn table(calls: &[CallFact]) -> String {
    if calls.is_empty() {
        return String::new();
    }
    let row = |call: &CallFact| {
        let place = format!("{}/{}", call.lane, call.place);
        let whom = [&call.adapter, &call.action, &call.target];
        let whom: Vec<&str> = whom
            .into_iter()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        vec![
            call.at.clone(),
            call.workflow_id.clone(),
            place,
            call.what.clone(),
            whom.join(" "),
        ]
    };
    let heading = ["AT (UTC)", "WORKFLOW", "LANE/PLACE", "WHAT", "WHOM"];
    format!("\n\n{}", columns(&heading, calls.iter().map(row)))
}

fn fact_of(record: &Record) -> Option<CallFact> {
    let fact = |what: &str, at: StepRef| CallFact {
        at: Time(record.at).to_string(),
        workflow_id: record.entity.to_string(),
        what: what.to_owned(),
        lane: at.lane,
        place: at.step,
        purpose: "run".to_owned(),
        ..CallFact::default()
    };
    let of_task = |what: &str, task: &TaskKey| CallFact {
        purpose: purpose(task).to_owned(),
        generation: Some(task.generation),
        attempt: Some(task.attempt),
        ..fact(what, task.at)
    };
    match record.body.as_ref()? {
        Body::StepScheduled(scheduled) => Some(CallFact {
            attempt: Some(1),
            ..planned(fact("called", scheduled.at), scheduled.plan.as_deref())
        }),
        Body::AttemptStarted(started) if started.child.is_none() => {
            Some(of_task("called", &started.task))
        }
        Body::UndoScheduled(undo) if undo.child.is_none() => {
            Some(planned(of_task("called", &undo.task), undo.plan.as_deref()))
        }
        Body::TaskAccepted(accepted) => Some(of_task("accepted", &accepted.task)),
        Body::AttemptFailed(failed) => Some(CallFact {
            target: failed.target.clone(),
            error: format!("{}: {}", failed.error.error_type, failed.error.message),
            ..of_task("failed", &failed.task)
        }),
        Body::StepCompleted(completed) if !completed.target.is_empty() => Some(CallFact {
            target: completed.target.clone(),
            ..fact("completed", completed.at)
        }),
        _ => None,
    }
}

fn planned(fact: CallFact, plan: Option<&Plan>) -> CallFact {
    let (adapter, action) = plan
        .map(|plan| (plan.adapter.clone(), plan.action.clone()))
        .unwrap_or_default();
    CallFact {
        adapter,
        action,
        ..fact
    }
}

fn purpose(task: &TaskKey) -> &'static str {
    match TaskKind::try_from(task.kind) {
        Ok(TaskKind::Undo) => "undo",
        Ok(TaskKind::Verify) => "verify",
        Ok(TaskKind::Notify) => "notify",
        Ok(TaskKind::Run) | Err(_) => "run",
    }
}
