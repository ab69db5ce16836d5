//! One run of a workflow: its header, its progress, its lanes.

use std::sync::Arc;

use definition::Workflow;
use prost::{Enumeration, Message};

use super::decision::PendingDecision;
use super::events::Events;
use super::lane::{CHUNK, Chunk, Lane, LaneStatus};
use super::lane_set::LaneSet;
use super::signals::Signals;
use super::step::{StepState, StepStatus};
use crate::id::Id;
use crate::payload::Payload;
use crate::record::{
    CancelRequested, DecisionKind, DecisionMade, Ended, Failure, InstanceStarted, Record,
    Rewritten, Shared, StepRef,
};

/// What an instance was started with; never changes.
#[derive(Clone, PartialEq, Message)]
pub struct Header {
    /// The first record's body.
    #[prost(message, required, tag = "1")]
    pub started: Shared<InstanceStarted>,
    /// When it started, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub created_at: i64,
    /// What caused it.
    #[prost(string, tag = "3")]
    pub cause: String,
    /// Who started it; empty for the engine itself.
    #[prost(string, tag = "4")]
    pub actor: String,
}

impl Header {
    /// The workflow's input.
    pub fn input(&self) -> Payload {
        self.started.input.clone().unwrap_or_else(Payload::null)
    }

    /// The triggering event's data: the input, where nothing else was recorded.
    pub fn event(&self) -> Payload {
        self.started.event.clone().unwrap_or_else(|| self.input())
    }

    /// The parent's id.
    pub fn parent_id(&self) -> Option<Id> {
        self.started
            .parent
            .as_ref()
            .and_then(|parent| Id::from_slice(&parent.id))
    }
}

/// How far an instance is, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum Phase {
    /// Its steps run, or are being closed.
    Running = 0,
    /// Its completed steps are being undone.
    Compensating = 1,
    /// `finally` runs.
    Finally = 2,
    /// Ended.
    Ended = 3,
}

/// What changes in an instance beside its lanes.
#[derive(Clone, PartialEq, Message)]
pub struct Progress {
    /// The last record.
    #[prost(uint64, tag = "1")]
    pub seq: u64,
    /// When that was written, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub updated_at: i64,
    /// When it ended; 0 while it is open.
    #[prost(int64, tag = "3")]
    pub ended_at: i64,
    /// How far it is.
    #[prost(enumeration = "Phase", tag = "4")]
    pub phase: i32,
    /// How it ended.
    #[prost(enumeration = "Ended", tag = "5")]
    pub ended: i32,
    /// Why it failed.
    #[prost(message, optional, boxed, tag = "6")]
    pub error: Option<Box<Failure>>,
    /// Its output.
    #[prost(message, optional, tag = "7")]
    pub output: Option<Payload>,
    /// The next id of a lane.
    #[prost(uint32, tag = "8")]
    pub next_lane: u32,
    /// A decision was cut and goes on.
    #[prost(bool, tag = "9")]
    pub cut: bool,
    /// The request to cancel it.
    #[prost(message, optional, boxed, tag = "10")]
    pub cancel: Option<Box<CancelRequested>>,
    /// Decisions that wait.
    #[prost(message, repeated, tag = "11")]
    pub decisions: Vec<PendingDecision>,
    /// Answers that it remembers.
    #[prost(message, repeated, tag = "12")]
    pub answered: Vec<DecisionMade>,
    /// Something was undone.
    #[prost(bool, tag = "13")]
    pub undone: bool,
    /// A person left an undo failed.
    #[prost(bool, tag = "14")]
    pub undo_failed: bool,
    /// The lane of `finally`; 0 if it has not begun.
    #[prost(uint32, tag = "15")]
    pub finally_lane: u32,
    /// The parent undoes this instance.
    #[prost(bool, tag = "16")]
    pub for_parent: bool,
    /// Reopenings so far: the instance's generation, from 0.
    #[prost(uint32, tag = "17")]
    pub generation: u32,
    /// What a person chose for the failed instance ([`crate::record::Choice`]); 0 if nobody was asked.
    #[prost(int32, tag = "18")]
    pub on_failure: i32,
    /// The number of the last notice.
    #[prost(uint32, tag = "19")]
    pub notices: u32,
    /// Signals that came, and steps that wait for one.
    #[prost(message, optional, boxed, tag = "20")]
    pub signals: Option<Box<Signals>>,
    /// When its steps begin, milliseconds since the epoch; 0 once they have.
    #[prost(int64, tag = "21")]
    pub start_at: i64,
    /// Someone holds it.
    #[prost(message, optional, boxed, tag = "22")]
    pub pause: Option<Box<Pause>>,
    /// Since when it waits for its turn, milliseconds since the epoch; 0 when it does not.
    #[prost(int64, tag = "86")]
    pub turn_since: i64,
    /// Its place among those that wait for a turn, or did.
    #[prost(uint64, tag = "87")]
    pub turn_place: u64,
    /// The generation with which steps begin; rises whenever it is taken up again on purpose.
    #[prost(uint32, tag = "23")]
    pub run: u32,
    /// When it times out, where that is not what it was started with; 0 if it is.
    #[prost(int64, tag = "24")]
    pub timeout_at: i64,
    /// The state to which it goes back once what was done since is undone.
    #[prost(message, optional, boxed, tag = "25")]
    pub restoring: Option<Box<Rewritten>>,
    /// The records with which its lanes became others: of restores and migrations.
    #[prost(uint64, repeated, tag = "26")]
    pub rewritten: Vec<u64>,
    /// Events that steps wait for, and deadlines that have passed.
    #[prost(message, optional, boxed, tag = "110")]
    pub events: Option<Box<Events>>,
}

/// That someone holds an instance.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Pause {
    /// Since when, milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub since: i64,
    /// Why.
    #[prost(string, tag = "2")]
    pub reason: String,
    /// Who; empty for the engine itself.
    #[prost(string, tag = "3")]
    pub by: String,
}

/// The answers that an instance remembers, so that a second one is told the first.
pub const REMEMBERED_ANSWERS: usize = 100;

/// A word for how an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its steps begin later.
    Queued,
    /// Someone holds it.
    Paused,
    /// Work is in flight.
    Running,
    /// It waits for time, a callback, a child or a person.
    Waiting,
    /// Its completed steps are being undone.
    Compensating,
    /// An undo failed for good; a person decides.
    Stuck,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended with an error, and something was undone.
    Compensated,
    /// Ended by request.
    Cancelled,
}

impl Status {
    /// The word that the API shows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Paused => "paused",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Compensating => "compensating",
            Self::Stuck => "stuck",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Compensated => "compensated",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it has not ended.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Queued
                | Self::Paused
                | Self::Running
                | Self::Waiting
                | Self::Compensating
                | Self::Stuck
        )
    }
}

/// One run of a workflow. Cloning shares what is not changed afterwards.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) id: Id,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) header: Arc<Header>,
    pub(crate) progress: Progress,
    pub(crate) chunks: Vec<Option<Arc<Chunk>>>,
    /// Lanes that the engine still has to look at; derived from them.
    pub(crate) active: LaneSet,
}

impl Instance {
    /// The instance that begins with this record, if it is an `instance-started`.
    pub fn from_record(first: &Record, workflow: Arc<Workflow>) -> Option<Self> {
        let Some(crate::record::Body::InstanceStarted(started)) = &first.body else {
            return None;
        };
        let header = Header {
            started: started.clone(),
            created_at: first.at,
            cause: first.cause().to_owned(),
            actor: first.actor().to_owned(),
        };
        let mut instance = Self {
            id: first.entity,
            workflow,
            header: Arc::new(header),
            progress: Progress::default(),
            chunks: Vec::new(),
            active: LaneSet::default(),
        };
        instance.apply(first);
        Some(instance)
    }

    /// Its id.
    pub const fn id(&self) -> Id {
        self.id
    }

    /// The last record that it holds.
    pub const fn seq(&self) -> u64 {
        self.progress.seq
    }

    /// Its definition.
    pub const fn workflow(&self) -> &Arc<Workflow> {
        &self.workflow
    }

    /// What it was started with.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What it was started with, shared.
    pub const fn shared_header(&self) -> &Arc<Header> {
        &self.header
    }

    /// How far it is.
    pub fn phase(&self) -> Phase {
        self.progress.phase()
    }

    /// When it ended, milliseconds since the epoch.
    pub fn ended_at(&self) -> Option<i64> {
        (self.phase() == Phase::Ended).then_some(self.progress.ended_at)
    }

    /// When its last record was written, milliseconds since the epoch.
    pub const fn updated_at(&self) -> i64 {
        self.progress.updated_at
    }

    /// Why it failed.
    pub fn error(&self) -> Option<&Failure> {
        self.progress.error.as_deref()
    }

    /// Its output, once it has ended well.
    pub const fn output(&self) -> Option<&Payload> {
        self.progress.output.as_ref()
    }

    /// Whether a completed step was undone.
    pub const fn was_undone(&self) -> bool {
        self.progress.undone
    }

    /// How often it was reopened on purpose.
    pub const fn generation(&self) -> u32 {
        self.progress.generation + self.progress.run
    }

    /// How often its parent had it undo itself: its keys tell that apart.
    pub const fn reopenings(&self) -> u32 {
        self.progress.generation
    }

    /// The first record after this one with which its lanes became others: those before it speak of
    /// lanes and places as they were until then.
    pub fn rewritten_after(&self, seq: u64) -> Option<u64> {
        let mut rewritten = self.progress.rewritten.iter().copied();
        rewritten.find(|at| *at > seq)
    }

    /// When it times out, milliseconds since the epoch; 0 means never.
    pub fn timeout_at(&self) -> i64 {
        match self.progress.timeout_at {
            0 => self.header.started.timeout_at,
            later => later,
        }
    }

    /// The cancel request, if there was one.
    pub fn cancel_request(&self) -> Option<&CancelRequested> {
        self.progress.cancel.as_deref()
    }

    /// Decisions that wait for a person, oldest first.
    pub fn pending_decisions(&self) -> &[PendingDecision] {
        &self.progress.decisions
    }

    /// Answers given so far, oldest first, at most a hundred.
    pub fn answered_decisions(&self) -> &[DecisionMade] {
        &self.progress.answered
    }

    /// How it is, in a word.
    pub fn status(&self) -> Status {
        match self.phase() {
            Phase::Ended => match self.progress.ended() {
                Ended::Completed => Status::Completed,
                Ended::Failed => Status::Failed,
                Ended::Compensated => Status::Compensated,
                Ended::Cancelled => Status::Cancelled,
            },
            _ if self.pause().is_some() => Status::Paused,
            _ if self.is_queued() => Status::Queued,
            _ if self.is_stuck() => Status::Stuck,
            Phase::Compensating => Status::Compensating,
            Phase::Running | Phase::Finally if self.has_work_in_flight() => Status::Running,
            Phase::Running | Phase::Finally => Status::Waiting,
        }
    }

    /// When its steps begin, milliseconds since the epoch, while they have not.
    pub fn start_at(&self) -> Option<i64> {
        let start_at = self.progress.start_at;
        (start_at > 0 && self.is_queued()).then_some(start_at)
    }

    /// That someone holds it, and why.
    pub fn pause(&self) -> Option<&Pause> {
        self.progress.pause.as_deref()
    }

    /// Whether its steps begin later, at a time or when its turn comes.
    pub(crate) fn is_queued(&self) -> bool {
        let root = self.lane(0);
        let open = root.is_some_and(|root| root.status() == LaneStatus::Running);
        !self.has_begun() && self.phase() == Phase::Running && open
    }

    /// Whether nothing new begins for now.
    pub(crate) fn is_held(&self) -> bool {
        self.progress.pause.is_some() || self.is_queued()
    }

    fn is_stuck(&self) -> bool {
        let kind = DecisionKind::CompensationFailed;
        self.progress
            .decisions
            .iter()
            .any(|decision| decision.kind() == kind)
    }

    /// Whether it failed and a person is asked what becomes of what it did.
    pub(crate) fn is_asked_what_becomes(&self) -> bool {
        let kind = DecisionKind::InstanceFailed;
        let mut decisions = self.progress.decisions.iter();
        decisions.any(|decision| decision.kind() == kind)
    }

    fn has_work_in_flight(&self) -> bool {
        self.progress.cut
            || self.active_lanes().any(|lane| {
                lane.steps
                    .iter()
                    .any(|step| step.status() == StepStatus::Out)
            })
    }

    /// The lanes that are not over, in order of their ids.
    pub fn active_lanes(&self) -> impl Iterator<Item = &Lane> {
        self.active.iter().filter_map(|&id| self.lane(id))
    }

    /// All lanes, in order of their ids.
    pub fn lanes(&self) -> impl Iterator<Item = &Lane> {
        let chunks = self.chunks.iter().flatten();
        chunks
            .flat_map(|chunk| chunk.lanes.iter().flatten())
            .map(Arc::as_ref)
    }

    /// The lane with this id.
    pub fn lane(&self, id: u32) -> Option<&Lane> {
        let chunk = self.chunks.get((id / CHUNK) as usize)?.as_ref()?;
        chunk.lanes.get((id % CHUNK) as usize)?.as_deref()
    }

    /// The state of a step in a lane.
    pub fn step(&self, at: StepRef) -> Option<&StepState> {
        self.lane(at.lane)?.steps.get(at.step as usize)
    }

    /// The definition of a step in a lane.
    pub fn step_definition(&self, at: StepRef) -> Option<&definition::Step> {
        let list = self.workflow.lists.get(self.lane(at.lane)?.list as usize)?;
        list.steps
            .get(at.step as usize)
            .map(|&ix| self.workflow.step(ix))
    }

    /// Whether all that a step waits for has ended. Where the instance was taken up again, something
    /// further up may be done anew though what is between stays: that is waited for too.
    pub(crate) fn needs_have_ended(&self, at: StepRef) -> bool {
        if self.progress.run == 0 {
            return self.all_needs(at, |_, ended| ended);
        }
        let mut at = Some(at);
        while let Some(step) = at {
            if !self.all_before_have_ended(step) {
                return false;
            }
            at = self.lane(step.lane).and_then(|lane| lane.parent);
        }
        true
    }

    fn all_before_have_ended(&self, at: StepRef) -> bool {
        let mut seen = std::collections::BTreeSet::new();
        let mut ahead = vec![at.step];
        while let Some(step) = ahead.pop() {
            let look = |need: u32, ended: bool| {
                if seen.insert(need) {
                    ahead.push(need);
                }
                ended
            };
            if !self.all_needs(StepRef { step, ..at }, look) {
                return false;
            }
        }
        true
    }

    /// Whether `holds` for the place of each step that one needs directly, and whether that has ended.
    fn all_needs(&self, at: StepRef, mut holds: impl FnMut(u32, bool) -> bool) -> bool {
        let (Some(step), Some(lane)) = (self.step_definition(at), self.lane(at.lane)) else {
            return false;
        };
        step.needs.iter().all(|&need| {
            let place = self.workflow.step(need).position;
            let state = lane.steps.get(place as usize);
            holds(place, state.is_some_and(StepState::has_ended))
        })
    }

    /// Whether `lane` is, or stands below, `ancestor`.
    pub(crate) fn is_within(&self, lane: u32, ancestor: u32) -> bool {
        let mut at = Some(lane);
        while let Some(id) = at {
            if id == ancestor {
                return true;
            }
            at = self
                .lane(id)
                .and_then(|lane| lane.parent)
                .map(|parent| parent.lane);
        }
        false
    }

    /// Whether nothing in the lane, or below it, is still at work.
    pub(crate) fn is_quiet(&self, lane: u32) -> bool {
        let own = self
            .lane(lane)
            .is_some_and(|lane| lane.steps.iter().any(StepState::in_flight));
        let below = |&other: &u32| other != lane && self.is_within(other, lane);
        !own && !self.active.iter().any(below)
    }

    pub(crate) fn lane_mut(&mut self, id: u32) -> Option<&mut Lane> {
        let chunk = self.chunks.get_mut((id / CHUNK) as usize)?.as_mut()?;
        let lane = Arc::make_mut(chunk)
            .lanes
            .get_mut((id % CHUNK) as usize)?
            .as_mut()?;
        Some(Arc::make_mut(lane))
    }

    pub(crate) fn step_mut(&mut self, at: StepRef) -> Option<&mut StepState> {
        self.lane_mut(at.lane)?.steps.get_mut(at.step as usize)
    }

    /// The chunk of this number, empty if there was none.
    pub(super) fn hold_chunk(&mut self, number: usize) -> &mut Arc<Chunk> {
        if self.chunks.len() <= number {
            self.chunks.resize_with(number + 1, || None);
        }
        self.chunks[number].get_or_insert_default()
    }

    pub(crate) fn put_lane(&mut self, lane: Lane) {
        let (chunk, place) = ((lane.id / CHUNK) as usize, (lane.id % CHUNK) as usize);
        if lane.is_active() {
            self.active.insert(lane.id);
        }
        let lanes = &mut Arc::make_mut(self.hold_chunk(chunk)).lanes;
        if lanes.len() <= place {
            lanes.resize_with(place + 1, || None);
        }
        lanes[place] = Some(Arc::new(lane));
    }

    pub(crate) fn root_status(&self) -> LaneStatus {
        self.lane(0).map_or(LaneStatus::Cancelled, Lane::status)
    }
}
