//! Schedules as the API shows them.

use api::{Schedule, SchedulePaused, ScheduleTick, Time};
use expression::duration;
use runtime::LiveSchedule;
use schedule::When;

/// Next starts that are shown with a schedule.
const NEXT: usize = 5;

/// A schedule, at this moment (milliseconds since the epoch).
pub fn schedule(live: &LiveSchedule, now: i64) -> Schedule {
    let spec = &live.schedule;
    let (cron, time_zone, every) = match &spec.when {
        When::Cron(cron) => (
            Some(cron.text().to_owned()),
            Some(cron.zone().to_string()),
            None,
        ),
        When::Every(every) => (None, None, Some(duration::format(*every))),
    };
    let state = live.state.clone().unwrap_or_default();
    Schedule {
        name: live.name.to_string(),
        workflow: live.name.workflow.clone(),
        version: live.version.clone(),
        trigger: live.name.trigger.clone(),
        cron,
        time_zone,
        every,
        jitter: (spec.jitter_ms > 0).then(|| duration::format(spec.jitter_ms)),
        catch_up: spec.catch_up.as_str().to_owned(),
        overlap: spec.overlap.as_str().to_owned(),
        paused: state.held.map(|held| SchedulePaused {
            at: Time(held.at),
            by: held.by,
            reason: held.reason,
        }),
        next: live.upcoming(now, NEXT).into_iter().map(Time).collect(),
        last: state.last.map(|last| ScheduleTick {
            scheduled_at: Time(last.tick),
            at: Time(last.at),
            outcome: last.outcome,
            workflow_id: last.instance.map(|id| id.to_string()),
            error: last.error,
        }),
        last_workflow_id: state.instance.map(|(id, _)| id.to_string()),
        waiting: state.waiting.map(Time),
        backfill: state.backfills.iter().map(|span| span.left).sum(),
        started: state.started,
        skipped: state.skipped,
        missed: state.missed,
        unmet: state.unmet,
        refused: state.refused,
    }
}
