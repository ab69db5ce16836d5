//! Figures of a running node.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use engine::record::{Body, Choice, DecisionAnswered, Record};
use engine::{Id, Status, TaskOutcome};

use crate::measures::Histograms;

/// Counters of the whole runtime, since it opened.
#[derive(Debug, Default)]
pub struct Stats {
    pub(crate) commits: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) refused_at_door: AtomicU64,
    pub(crate) unknown_appends: AtomicU64,
    pub(crate) calls_started: AtomicU64,
    pub(crate) calls_ended: AtomicU64,
    pub(crate) calls_waiting: AtomicI64,
    pub(crate) calls_succeeded: AtomicU64,
    pub(crate) calls_accepted: AtomicU64,
    pub(crate) calls_failed_retryable: AtomicU64,
    pub(crate) calls_failed_permanent: AtomicU64,
    pub(crate) breakers_opened: AtomicU64,
    pub(crate) breakers_closed: AtomicU64,
    pub(crate) calls_called_off: AtomicU64,
    pub(crate) outputs_reused: AtomicU64,
    pub(crate) outputs_kept: AtomicU64,
    pub(crate) instances_started: AtomicU64,
    pub(crate) instances_completed: AtomicU64,
    pub(crate) instances_failed: AtomicU64,
    pub(crate) instances_compensated: AtomicU64,
    pub(crate) instances_cancelled: AtomicU64,
    pub(crate) decisions_requested: AtomicU64,
    pub(crate) decisions_approved: AtomicU64,
    pub(crate) decisions_amended: AtomicU64,
    pub(crate) decisions_rejected: AtomicU64,
    pub(crate) decisions_expired: AtomicU64,
    pub(crate) decisions_escalated: AtomicU64,
    pub(crate) notices_failed: AtomicU64,
    pub(crate) turns_called: AtomicU64,
    pub(crate) turns_refused: AtomicU64,
    pub(crate) turns_cancelled: AtomicU64,
    pub(crate) dead_letters: AtomicU64,
    pub(crate) events_taken: AtomicU64,
    pub(crate) events_repeated: AtomicU64,
    pub(crate) events_unrouted: AtomicU64,
    pub(crate) event_waits_refused: AtomicU64,
    pub(crate) event_waits_cut: AtomicU64,
    pub(crate) ticks_started: AtomicU64,
    pub(crate) ticks_missed: AtomicU64,
    pub(crate) ticks_skipped: AtomicU64,
    pub(crate) ticks_refused: AtomicU64,
    pub(crate) windows_opened: AtomicU64,
    pub(crate) windows_kept: AtomicU64,
    pub(crate) windows_passed: AtomicU64,
    pub(crate) windows_queued: AtomicU64,
    pub(crate) windows_dropped: AtomicU64,
    pub(crate) windows_closed: AtomicU64,
    pub(crate) timers_fired: AtomicU64,
    pub(crate) timer_lateness_ms_max: AtomicU64,
    pub(crate) message_order_errors: AtomicU64,
    pub(crate) partitions_taken: AtomicU64,
    pub(crate) partitions_lost: AtomicU64,
    pub(crate) forwarded: AtomicU64,
    pub(crate) forwarded_again: AtomicU64,
    pub(crate) loads: AtomicU64,
    pub(crate) evictions: AtomicU64,
    pub(crate) projections: AtomicU64,
    pub(crate) rollups_beyond: AtomicU64,
    pub(crate) checkpoints: AtomicU64,
    pub(crate) purged_buckets: AtomicU64,
    pub(crate) purged_instances: AtomicU64,
    pub(crate) purged_bytes: AtomicU64,
    pub(crate) swept_blobs: AtomicU64,
    pub(crate) swept_blob_bytes: AtomicU64,
    pub(crate) projection_lag_bytes: AtomicI64,
    pub(crate) histograms: Histograms,
}

pub(crate) fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

/// [`Stats`] at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Batches made durable.
    pub commits: u64,
    /// Records in them.
    pub records: u64,
    /// Commands decided.
    pub commands: u64,
    /// Commands refused because too much waited.
    pub refused_at_door: u64,
    /// Appends whose outcome was unknown and that were repeated.
    pub unknown_appends: u64,
    /// Calls handed to adapters.
    pub calls_started: u64,
    /// Calls that came back.
    pub calls_ended: u64,
    /// Calls that wait for room at their adapter.
    pub calls_waiting: u64,
    /// Calls that succeeded.
    pub calls_succeeded: u64,
    /// Calls that were accepted and are answered later, by callback.
    pub calls_accepted: u64,
    /// Calls that failed and may be made again.
    pub calls_failed_retryable: u64,
    /// Calls that failed for good.
    pub calls_failed_permanent: u64,
    /// Circuit breakers, of adapters whose home is here, that opened.
    pub breakers_opened: u64,
    /// Circuit breakers, of adapters whose home is here, that closed.
    pub breakers_closed: u64,
    /// Calls that waited and were not needed any more.
    pub calls_called_off: u64,
    /// Calls that were not made, for their output was kept.
    pub outputs_reused: u64,
    /// Outputs that were kept to be used again.
    pub outputs_kept: u64,
    /// Instances that began, durable.
    pub instances_started: u64,
    /// Instances that ended well.
    pub instances_completed: u64,
    /// Instances that ended with an error.
    pub instances_failed: u64,
    /// Instances that ended with an error after something was undone.
    pub instances_compensated: u64,
    /// Instances that ended by request.
    pub instances_cancelled: u64,
    /// Decisions asked of people.
    pub decisions_requested: u64,
    /// Decisions that let what was asked go on, by people or by the time.
    pub decisions_approved: u64,
    /// Decisions that let it go on with other data.
    pub decisions_amended: u64,
    /// Decisions that did not let it go on, given-up failures included.
    pub decisions_rejected: u64,
    /// Decisions that nobody made in time, and that count as rejected.
    pub decisions_expired: u64,
    /// Decisions whose time was over, so that others were asked.
    pub decisions_escalated: u64,
    /// Calls that tell of a decision and never got through.
    pub notices_failed: u64,
    /// Instances that waited for their turn and had it.
    pub turns_called: u64,
    /// Starts that were refused because a limit was reached.
    pub turns_refused: u64,
    /// Events taken.
    pub events_taken: u64,
    /// Events that had been taken before.
    pub events_repeated: u64,
    /// Events that no trigger and no router took further.
    pub events_unrouted: u64,
    /// Waits for events that were refused, for too many wait for the same.
    pub event_waits_refused: u64,
    /// Waits that were told of the newest of the events that are kept for them alone, for there are too many.
    pub event_waits_cut: u64,
    /// Instances that were cancelled because a newer one takes their place under a limit.
    pub turns_cancelled: u64,
    /// Calls that failed for good and were kept.
    pub dead_letters: u64,
    /// Instances that schedules started.
    pub ticks_started: u64,
    /// Ticks of schedules that were missed and passed over.
    pub ticks_missed: u64,
    /// Ticks of schedules that were passed over because an instance was open.
    pub ticks_skipped: u64,
    /// Ticks of schedules whose start was refused.
    pub ticks_refused: u64,
    /// Windows of triggers that opened.
    pub windows_opened: u64,
    /// Events that windows gathered.
    pub windows_kept: u64,
    /// Events that a throttle had room for.
    pub windows_passed: u64,
    /// Events that a throttle held back.
    pub windows_queued: u64,
    /// Events that a throttle had no room for.
    pub windows_dropped: u64,
    /// Windows of triggers that closed.
    pub windows_closed: u64,
    /// Timers that fired.
    pub timers_fired: u64,
    /// The worst lateness of a timer, in milliseconds.
    pub timer_lateness_ms_max: u64,
    /// Messages that contradicted their sender's numbering.
    pub message_order_errors: u64,
    /// Partitions that this node took, from others or for the first time.
    pub partitions_taken: u64,
    /// Partitions that another node took without being handed them.
    pub partitions_lost: u64,
    /// Requests sent on to the nodes that own their partitions.
    pub forwarded: u64,
    /// Of these, those that had been tried before.
    pub forwarded_again: u64,
    /// Instances loaded from the store.
    pub loads: u64,
    /// Instances evicted from memory.
    pub evictions: u64,
    /// Writes of the projector.
    pub projections: u64,
    /// Times that something was counted with others because a span had too many series.
    pub rollups_beyond: u64,
    /// Checkpoints made.
    pub checkpoints: u64,
    /// Buckets of ended instances that were dropped by retention.
    pub purged_buckets: u64,
    /// The instances in them.
    pub purged_instances: u64,
    /// What they took on the disk, in bytes.
    pub purged_bytes: u64,
    /// Large payloads that were removed because nothing named them any more.
    pub swept_blobs: u64,
    /// Their bytes.
    pub swept_blob_bytes: u64,
    /// Bytes of records that are durable but not projected yet.
    pub projection_lag_bytes: u64,
}

impl Stats {
    /// Counts an instance that ended with this status; an open one has not.
    pub(crate) fn count_end(&self, status: Status) {
        let counter = match status {
            Status::Completed => &self.instances_completed,
            Status::Failed => &self.instances_failed,
            Status::Compensated => &self.instances_compensated,
            Status::Cancelled => &self.instances_cancelled,
            Status::Queued
            | Status::Paused
            | Status::Running
            | Status::Waiting
            | Status::Compensating
            | Status::Stuck => return,
        };
        add(counter, 1);
    }

    /// Counts what a record says of decisions.
    pub(crate) fn count_decision(&self, record: &Record) {
        match &record.body {
            Some(
                Body::DecisionRequested(_) | Body::ApprovalRequested(_) | Body::UndoHeldBack(_),
            ) => {
                add(&self.decisions_requested, 1);
            }
            Some(Body::DecisionResolved(made)) => self.count_answer(&made.answer, record.at),
            Some(Body::DecisionEscalated(_)) => add(&self.decisions_escalated, 1),
            Some(Body::NoticeEnded(ended)) if ended.error.is_some() => {
                add(&self.notices_failed, 1);
            }
            Some(Body::DeadLettered(_)) => add(&self.dead_letters, 1),
            _ => {}
        }
    }

    fn count_answer(&self, answer: &DecisionAnswered, at: i64) {
        let counter = match answer.choice() {
            Choice::Amend => &self.decisions_amended,
            Choice::Reject | Choice::Fail => &self.decisions_rejected,
            Choice::Expire => &self.decisions_expired,
            Choice::Retry
            | Choice::Skip
            | Choice::Approve
            | Choice::Supply
            | Choice::Compensate
            | Choice::Done => &self.decisions_approved,
        };
        add(counter, 1);
        let asked_at = Id::from_slice(&answer.id).unwrap_or_default().made_at();
        let took = u64::try_from((at - asked_at) / 1_000).unwrap_or(0);
        self.histograms.review_s.add(took);
    }

    /// Counts what came of a call.
    pub(crate) fn count_outcome(&self, outcome: &TaskOutcome) {
        let counter = match outcome {
            TaskOutcome::Completed { .. } => &self.calls_succeeded,
            TaskOutcome::Accepted { .. } => &self.calls_accepted,
            TaskOutcome::Failed { error, .. } if error.retryable => &self.calls_failed_retryable,
            TaskOutcome::Failed { .. } => &self.calls_failed_permanent,
        };
        add(counter, 1);
    }

    /// What the counters show now.
    pub fn figures(&self) -> Figures {
        Figures {
            commits: read(&self.commits),
            records: read(&self.records),
            commands: read(&self.commands),
            refused_at_door: read(&self.refused_at_door),
            unknown_appends: read(&self.unknown_appends),
            calls_started: read(&self.calls_started),
            calls_ended: read(&self.calls_ended),
            calls_waiting: gauge(&self.calls_waiting),
            calls_succeeded: read(&self.calls_succeeded),
            calls_accepted: read(&self.calls_accepted),
            calls_failed_retryable: read(&self.calls_failed_retryable),
            calls_failed_permanent: read(&self.calls_failed_permanent),
            breakers_opened: read(&self.breakers_opened),
            breakers_closed: read(&self.breakers_closed),
            calls_called_off: read(&self.calls_called_off),
            outputs_reused: read(&self.outputs_reused),
            outputs_kept: read(&self.outputs_kept),
            instances_started: read(&self.instances_started),
            instances_completed: read(&self.instances_completed),
            instances_failed: read(&self.instances_failed),
            instances_compensated: read(&self.instances_compensated),
            instances_cancelled: read(&self.instances_cancelled),
            decisions_requested: read(&self.decisions_requested),
            decisions_approved: read(&self.decisions_approved),
            decisions_amended: read(&self.decisions_amended),
            decisions_rejected: read(&self.decisions_rejected),
            decisions_expired: read(&self.decisions_expired),
            decisions_escalated: read(&self.decisions_escalated),
            notices_failed: read(&self.notices_failed),
            turns_called: read(&self.turns_called),
            turns_refused: read(&self.turns_refused),
            events_taken: read(&self.events_taken),
            events_repeated: read(&self.events_repeated),
            events_unrouted: read(&self.events_unrouted),
            event_waits_refused: read(&self.event_waits_refused),
            event_waits_cut: read(&self.event_waits_cut),
            turns_cancelled: read(&self.turns_cancelled),
            dead_letters: read(&self.dead_letters),
            ticks_started: read(&self.ticks_started),
            ticks_missed: read(&self.ticks_missed),
            ticks_skipped: read(&self.ticks_skipped),
            ticks_refused: read(&self.ticks_refused),
            windows_opened: read(&self.windows_opened),
            windows_kept: read(&self.windows_kept),
            windows_passed: read(&self.windows_passed),
            windows_queued: read(&self.windows_queued),
            windows_dropped: read(&self.windows_dropped),
            windows_closed: read(&self.windows_closed),
            timers_fired: read(&self.timers_fired),
            timer_lateness_ms_max: read(&self.timer_lateness_ms_max),
            message_order_errors: read(&self.message_order_errors),
            partitions_taken: read(&self.partitions_taken),
            partitions_lost: read(&self.partitions_lost),
            forwarded: read(&self.forwarded),
            forwarded_again: read(&self.forwarded_again),
            loads: read(&self.loads),
            evictions: read(&self.evictions),
            projections: read(&self.projections),
            rollups_beyond: read(&self.rollups_beyond),
            checkpoints: read(&self.checkpoints),
            purged_buckets: read(&self.purged_buckets),
            purged_instances: read(&self.purged_instances),
            purged_bytes: read(&self.purged_bytes),
            swept_blobs: read(&self.swept_blobs),
            swept_blob_bytes: read(&self.swept_blob_bytes),
            projection_lag_bytes: gauge(&self.projection_lag_bytes),
        }
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// What may fall below nothing for a moment, since it is counted up and down in different places.
fn gauge(counter: &AtomicI64) -> u64 {
    u64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(0)
}

/// Whether the node can take work, and how its partitions stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// All partitions are open and the door is too.
    pub ready: bool,
    /// Why not, in a sentence; empty when ready.
    pub reason: String,
    /// Why calls and timers wait for [`crate::Runtime::pause`]; none when they do not.
    pub paused: Option<String>,
    /// Each partition.
    pub partitions: Vec<PartitionHealth>,
    /// Counters since the start.
    pub figures: Figures,
}

/// How one partition stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionHealth {
    /// Its number.
    pub id: u16,
    /// It is owned and takes commands.
    pub open: bool,
    /// The last durable position.
    pub head: u64,
    /// The last projected position.
    pub reached: u64,
    /// Commands that wait at its door.
    pub mailbox: usize,
    /// Results, messages and verbs that waited on its internal lane when it last committed.
    pub internal: usize,
    /// Instances in memory.
    pub hot: usize,
    /// Timers in memory.
    pub timers: usize,
    /// Instances that wait for their turn.
    pub turns_waiting: usize,
    /// Windows of triggers that are open.
    pub windows: usize,
}
