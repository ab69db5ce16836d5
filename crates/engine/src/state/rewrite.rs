//! Applying the records of acts on the past.

use std::sync::Arc;

use definition::Workflow;

use super::instance::{Instance, Phase, Progress};
use super::lane::Lane;
use super::lane_set::LaneSet;
use super::step::StepStatus;
use crate::payload::Payload;
use crate::record::{InstanceStarted, Record, Rewritten, StepsTaken, TaskKind};

impl Instance {
    /// The instance goes on from the state that the record carries.
    pub(super) fn rewritten(&mut self, body: &Rewritten, record: &Record) {
        let rewritten = std::mem::take(&mut self.progress.rewritten);
        self.progress = Progress::clone(&body.progress);
        self.progress.seq = record.seq;
        self.progress.updated_at = record.at;
        self.progress.rewritten = rewritten;
        if !body.others_stay {
            self.progress.rewritten.push(record.seq);
            self.active = LaneSet::default();
            // An empty chunk is written over the one that is stored.
            for chunk in self.chunks.iter_mut().flatten() {
                *chunk = Arc::default();
            }
        }
        for lane in &body.lanes {
            self.active.remove(lane.id);
            self.put_lane(lane.clone());
        }
        if self.header.started.version != body.version {
            let header = Arc::make_mut(&mut self.header);
            let mut started = InstanceStarted::clone(&header.started);
            started.version.clone_from(&body.version);
            header.started = started.into();
        }
    }

    /// What was done since is undone before the instance goes on from an earlier state.
    pub(super) fn restore_requested(&mut self, body: &Rewritten) {
        let ended = self.phase() == Phase::Ended;
        self.progress.restoring = Some(Box::new(body.clone()));
        // Undos of losers go on, and are asked about as before.
        self.progress
            .decisions
            .retain(|decision| decision.task.kind() != TaskKind::Run);
        if ended {
            self.progress.set_phase(Phase::Running);
            self.progress.ended_at = 0;
            self.progress.output = None;
        }
    }

    /// Steps count as ended because they ended so in another instance.
    pub(super) fn steps_taken(&mut self, body: &StepsTaken, record: &Record) {
        for taken in &body.steps {
            let Some(step) = self.step_mut(taken.at) else {
                continue;
            };
            step.set_status(if taken.skipped {
                StepStatus::Skipped
            } else {
                StepStatus::Completed
            });
            step.output = taken.output.clone();
            step.taken = true;
            step.started_at = record.at;
            step.ended_at = record.at;
            step.ended_seq = record.seq;
        }
    }

    /// Whether its definition is not the one of the version on which it runs: a record of another
    /// version was applied, which names the version alone. See [`Self::bind`].
    pub fn is_unbound(&self) -> bool {
        let bound = &self.workflow.version;
        semver::Version::parse(&self.header.started.version).is_ok_and(|own| own != *bound)
    }

    /// Takes the definition of the version on which it runs, where it has another one.
    pub fn bind(&mut self, workflow: impl Fn(&str, &str) -> Option<Arc<Workflow>>) {
        if !self.is_unbound() {
            return;
        }
        let started = &self.header.started;
        if let Some(found) = workflow(&started.workflow, &started.version) {
            self.workflow = found;
        }
    }

    /// All its lanes and its progress, as a record carries them.
    pub(crate) fn image(&self) -> Rewritten {
        Rewritten {
            version: self.header.started.version.clone(),
            progress: Box::new(self.progress.clone()),
            lanes: self.lanes().cloned().collect(),
            ..Rewritten::default()
        }
    }

    /// The instance with this state.
    pub(crate) fn with_image(&self, image: &Rewritten, workflow: Arc<Workflow>) -> Self {
        let mut other = self.clone();
        let (seq, at) = (image.progress.seq, image.progress.updated_at);
        let record = Record {
            seq,
            at,
            ..Record::default()
        };
        other.rewritten(image, &record);
        other.workflow = workflow;
        other
    }
}

impl Progress {
    /// The payloads in it.
    pub(crate) fn payloads(&self) -> Box<dyn Iterator<Item = &Payload> + Send + '_> {
        let decisions = self.decisions.iter();
        let decisions = decisions.flat_map(|decision| decision.payloads());
        let kept = self.signals.iter().flat_map(|signals| &signals.kept);
        let signals = kept.filter_map(|signal| signal.data.as_ref());
        let restoring = self.restoring.iter();
        let restoring = restoring.flat_map(|image| image.payloads());
        Box::new(
            self.output
                .iter()
                .chain(signals)
                .chain(decisions)
                .chain(restoring),
        )
    }
}

impl Lane {
    /// The payloads in it.
    pub(crate) fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let closing = self
            .closing
            .as_deref()
            .and_then(|closing| closing.output.as_ref());
        let steps = self.steps.iter().flat_map(|step| {
            let blocks = step.block.as_deref().into_iter().chain(&step.earlier);
            let items = blocks.filter_map(|block| block.items.as_ref());
            let undo = step.undo.as_deref();
            let undo = undo
                .into_iter()
                .flat_map(|undo| [&undo.input, &undo.found])
                .flatten();
            [&step.input, &step.output]
                .into_iter()
                .flatten()
                .chain(items)
                .chain(undo)
        });
        [&self.output, &self.state]
            .into_iter()
            .flatten()
            .chain(closing)
            .chain(steps)
    }
}
