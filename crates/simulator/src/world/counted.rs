//! What was counted is what happened, whatever crashed meanwhile.

use std::sync::Arc;

use engine::Status;
use engine::record::{Body, Ended, Record, TaskKey, TaskKind};
use runtime::{
    Consistency, FailureState, FailuresAsked, RollupError, Runtime, StatsAsked, StatsBy, Tally,
};

use super::surroundings::World;
use crate::finding::{Finding, demand};

const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// The clocks of a run jump back and forth: what happened then lies within so many days.
const FAR_DAYS: i64 = 4_000;

/// Compares roll-ups with the histories of all instances.
pub(super) async fn check_counts(world: &Arc<World>, runtime: &Runtime) -> Result<(), Finding> {
    let expected = {
        let truth = world.truth();
        let mut expected = Expected::default();
        for history in truth.histories.values() {
            history
                .records
                .iter()
                .for_each(|record| expected.count(record));
            expected.failed += u64::from(history.fold.status() == Status::Failed);
            expected.compensated += u64::from(history.fold.status() == Status::Compensated);
        }
        expected
    };
    let workflows = counted(runtime, StatsBy::Nothing).await?;
    let found = [
        workflows.started,
        workflows.completed,
        workflows.failed,
        workflows.compensated,
        workflows.cancelled,
    ];
    demand(found == expected.workflows, || {
        format!(
            "{found:?} instances are counted, but {:?} began and ended",
            expected.workflows
        )
    })?;
    let steps = counted(runtime, StatsBy::Step).await?;
    let found = [steps.completed, steps.failed, steps.skipped, steps.attempts];
    demand(found == expected.steps, || {
        format!(
            "{found:?} of steps are counted, but their histories have {:?}",
            expected.steps
        )
    })?;
    let failures = standing(runtime).await?;
    let expected = [expected.failed, expected.compensated, 0];
    demand(failures == expected, || {
        format!("{failures:?} stand as failed, but {expected:?} do")
    })
}

/// What histories hold.
#[derive(Default)]
struct Expected {
    /// Started, completed, failed, compensated, cancelled.
    workflows: [u64; 5],
    /// Completed, failed, skipped, attempts.
    steps: [u64; 4],
    failed: u64,
    compensated: u64,
}

impl Expected {
    fn count(&mut self, record: &Record) {
        let runs = |task: &TaskKey| task.kind() == TaskKind::Run && task.attempt > 0;
        match &record.body {
            Some(Body::InstanceStarted(_)) => self.workflows[0] += 1,
            Some(Body::InstanceEnded(ended)) => {
                self.workflows[match ended.how() {
                    Ended::Completed => 1,
                    Ended::Failed => 2,
                    Ended::Compensated => 3,
                    Ended::Cancelled => 4,
                }] += 1;
            }
            Some(Body::StepCompleted(_)) => self.steps[0] += 1,
            Some(Body::StepFailed(_)) => self.steps[1] += 1,
            Some(Body::StepSkipped(_)) => self.steps[2] += 1,
            Some(Body::StepScheduled(_)) => self.steps[3] += 1,
            Some(Body::StepStarted(step)) if step.child.is_some() => self.steps[3] += 1,
            Some(Body::AttemptStarted(again)) if runs(&again.task) => self.steps[3] += 1,
            Some(Body::StepRescheduled(again)) if runs(&again.task) => self.steps[3] += 1,
            _ => {}
        }
    }
}

fn unanswered(error: RollupError) -> Finding {
    Finding(format!("roll-ups do not answer: {error}"))
}

async fn counted(runtime: &Runtime, by: StatsBy) -> Result<Tally, Finding> {
    let asked = StatsAsked {
        to: (runtime.now_ms() / DAY_MS + FAR_DAYS) * DAY_MS,
        by,
        limit: 1_000,
        ..StatsAsked::default()
    };
    let found = runtime.stats(&asked, Consistency::Fresh).await;
    let mut sum = Tally::default();
    for series in found.map_err(unanswered)?.series {
        sum.merge(&series.total);
    }
    Ok(sum)
}

/// Failed, compensated, open.
async fn standing(runtime: &Runtime) -> Result<[u64; 3], Finding> {
    let asked = FailuresAsked {
        to: (runtime.now_ms() / DAY_MS + FAR_DAYS) * DAY_MS,
        states: vec![
            FailureState::Failed,
            FailureState::Open,
            FailureState::Compensated,
        ],
        limit: 1,
        ..FailuresAsked::default()
    };
    let found = runtime.failures(&asked, Consistency::Fresh).await;
    let groups = found.map_err(unanswered)?.groups;
    let counts = groups
        .first()
        .map(|all| [all.failed, all.compensated, all.open]);
    Ok(counts.unwrap_or_default())
}
