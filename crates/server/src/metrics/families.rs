//! Every metric: its name, what it means, where its value comes from. `docs/metrics.md` says what to do about each; a
//! test compares the names.

use std::fmt;

use runtime::{Figures, PartitionHealth};

use super::page::{Sheet, Snapshot};
use super::windows::windows;

/// Units of a spread that is counted in microseconds to one of a metric in seconds.
const US: f64 = 1_000_000.0;
/// The same where both have one unit.
const SAME: f64 = 1.0;

/// Writes all of them.
pub(super) fn write(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    commits(snapshot, sheet)?;
    queues(snapshot, sheet)?;
    cluster(snapshot, sheet)?;
    instances(&snapshot.measures.figures, sheet)?;
    decisions(snapshot, sheet)?;
    calls(snapshot, sheet)?;
    timers(snapshot, sheet)?;
    turns(snapshot, sheet)?;
    windows(snapshot, sheet)?;
    events(snapshot, sheet)?;
    schedules(snapshot, sheet)?;
    projection(snapshot, sheet)?;
    retention(&snapshot.measures.figures, sheet)?;
    memory(snapshot, sheet)?;
    copies(snapshot, sheet)?;
    http(snapshot, sheet)?;
    process(snapshot, sheet)
}

fn commits(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let measures = &snapshot.measures;
    let figures = &measures.figures;
    sheet.counter(
        "orchestrator_commits_total",
        "Batches made durable.",
        figures.commits,
    )?;
    sheet.counter(
        "orchestrator_records_total",
        "Records made durable.",
        figures.records,
    )?;
    sheet.histogram(
        "orchestrator_commit_duration_seconds",
        "From handing a batch to the store until it is known to be durable.",
        US,
        &measures.commit_us,
    )?;
    sheet.histogram(
        "orchestrator_batch_records",
        "Records of a durable batch.",
        SAME,
        &measures.batch_records,
    )?;
    sheet.histogram(
        "orchestrator_batch_size_bytes",
        "Bytes of a durable batch as it is stored.",
        SAME,
        &measures.batch_bytes,
    )?;
    sheet.counter(
        "orchestrator_unknown_appends_total",
        "Appends whose outcome the store did not know and that were repeated.",
        figures.unknown_appends,
    )
}

fn queues(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let Figures {
        commands,
        refused_at_door,
        message_order_errors,
        ..
    } = snapshot.measures.figures;
    sheet.counter(
        "orchestrator_commands_total",
        "Commands decided: starts, results, timers, messages, verbs.",
        commands,
    )?;
    sheet.counter(
        "orchestrator_refused_commands_total",
        "Commands refused because too much waited already.",
        refused_at_door,
    )?;
    sheet.gauges(
        "orchestrator_door_waiting_commands",
        "Starts and reads that wait at a partition's door.",
        by_partition(snapshot, |partition| partition.mailbox as u64),
    )?;
    sheet.gauges(
        "orchestrator_internal_waiting_commands",
        "Results, messages and verbs that waited inside a partition when it last committed.",
        by_partition(snapshot, |partition| partition.internal as u64),
    )?;
    sheet.gauges(
        "orchestrator_partition_open",
        "Whether a partition is owned and takes commands: 1 or 0.",
        by_partition(snapshot, |partition| u64::from(partition.open)),
    )?;
    sheet.counter(
        "orchestrator_message_order_errors_total",
        "Messages between instances that contradicted their sender's numbering.",
        message_order_errors,
    )
}

fn cluster(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let figures = &snapshot.measures.figures;
    sheet.counter(
        "orchestrator_partitions_taken_total",
        "Partitions that this node took, from others or for the first time.",
        figures.partitions_taken,
    )?;
    sheet.counter(
        "orchestrator_partitions_lost_total",
        "Partitions that another node took without being handed them.",
        figures.partitions_lost,
    )?;
    sheet.counter(
        "orchestrator_forwarded_requests_total",
        "Requests sent on to the nodes that own their partitions.",
        figures.forwarded,
    )?;
    sheet.counter(
        "orchestrator_forwarded_again_total",
        "Requests sent on that had been tried before.",
        figures.forwarded_again,
    )
}

fn instances(figures: &Figures, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.counter(
        "orchestrator_instances_started_total",
        "Instances begun, child workflows included.",
        figures.instances_started,
    )?;
    let ended = [
        ("completed", figures.instances_completed),
        ("failed", figures.instances_failed),
        ("compensated", figures.instances_compensated),
        ("cancelled", figures.instances_cancelled),
    ];
    sheet.counters(
        "orchestrator_instances_ended_total",
        "Instances ended, by the status that they ended with.",
        ended.map(|(status, count)| ([("status", status)], count)),
    )
}

fn decisions(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let (figures, waiting) = (&snapshot.measures.figures, &snapshot.decisions);
    sheet.gauge(
        "orchestrator_decisions_pending",
        "Decisions that wait for people, counted to 1,000.",
        waiting.pending,
    )?;
    sheet.gauge(
        "orchestrator_decisions_overdue",
        "Of these, those whose time is over and that are waited on all the same.",
        waiting.overdue,
    )?;
    sheet.gauge(
        "orchestrator_decisions_oldest_seconds",
        "For how long the oldest of them has waited.",
        waiting.oldest_ms as f64 / 1_000.0,
    )?;
    sheet.counter(
        "orchestrator_decisions_requested_total",
        "Decisions asked of people.",
        figures.decisions_requested,
    )?;
    let outcomes = [
        ("approved", figures.decisions_approved),
        ("amended", figures.decisions_amended),
        ("rejected", figures.decisions_rejected),
        ("expired", figures.decisions_expired),
    ];
    sheet.counters(
        "orchestrator_decisions_made_total",
        "Decisions made, by outcome.",
        outcomes.map(|(outcome, count)| ([("outcome", outcome)], count)),
    )?;
    sheet.counter(
        "orchestrator_decisions_escalated_total",
        "Decisions whose time was over, so that others were asked.",
        figures.decisions_escalated,
    )?;
    sheet.counter(
        "orchestrator_notices_failed_total",
        "Calls that tell of a decision and never got through.",
        figures.notices_failed,
    )?;
    sheet.counter(
        "orchestrator_dead_letters_total",
        "Calls that failed for good and were kept as dead letters.",
        figures.dead_letters,
    )?;
    sheet.histogram(
        "orchestrator_decision_review_seconds",
        "From the request of a decision until it was made.",
        SAME,
        &snapshot.measures.review_s,
    )
}

fn breakers(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let figures = &snapshot.measures.figures;
    let adapters = &snapshot.measures.adapters;
    let by_target = |value: fn(&runtime::TargetStanding) -> u64| {
        let rows = adapters
            .iter()
            .flat_map(|load| load.targets.iter().map(move |target| (load, target)));
        rows.map(move |(load, target)| {
            let labels = [
                ("adapter", load.adapter.as_str()),
                ("target", target.name.as_str()),
            ];
            (labels, value(target))
        })
    };
    sheet.gauges(
        "orchestrator_breaker_state",
        "Whether a target's circuit breaker is closed (0), half-open (1) or open (2).",
        by_target(|target| match target.state {
            runtime::BreakerState::Closed => 0,
            runtime::BreakerState::HalfOpen => 1,
            runtime::BreakerState::Open => 2,
        }),
    )?;
    sheet.counter(
        "orchestrator_breakers_opened_total",
        "Circuit breakers that opened by themselves.",
        figures.breakers_opened,
    )?;
    sheet.counter(
        "orchestrator_breakers_closed_total",
        "Circuit breakers that closed again.",
        figures.breakers_closed,
    )?;
    sheet.counter(
        "orchestrator_calls_called_off_total",
        "Calls that waited and were not needed any more.",
        figures.calls_called_off,
    )?;
    sheet.counter(
        "orchestrator_outputs_reused_total",
        "Calls that were not made, for their output was kept.",
        figures.outputs_reused,
    )?;
    sheet.counter(
        "orchestrator_outputs_kept_total",
        "Outputs that were kept to be used again.",
        figures.outputs_kept,
    )
}

fn calls(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let figures = &snapshot.measures.figures;
    let adapters = &snapshot.measures.adapters;
    let by_adapter = |value: fn(&runtime::AdapterLoad) -> u64| {
        let rows = adapters.iter();
        rows.map(move |load| ([("adapter", load.adapter.as_str())], value(load)))
    };
    sheet.counters(
        "orchestrator_calls_started_total",
        "Calls begun, by adapter.",
        by_adapter(|load| load.started),
    )?;
    sheet.counters(
        "orchestrator_calls_ended_total",
        "Calls that came back, by adapter.",
        by_adapter(|load| load.started - load.running),
    )?;
    sheet.gauges(
        "orchestrator_calls_in_flight",
        "Calls under way, by adapter.",
        by_adapter(|load| load.running),
    )?;
    sheet.gauges(
        "orchestrator_calls_waiting",
        "Calls that wait for room at their adapter.",
        by_adapter(|load| load.waiting),
    )?;
    breakers(snapshot, sheet)?;
    let outcomes = [
        ("ok", figures.calls_succeeded),
        ("accepted", figures.calls_accepted),
        ("retryable_error", figures.calls_failed_retryable),
        ("permanent_error", figures.calls_failed_permanent),
    ];
    sheet.counters(
        "orchestrator_call_outcomes_total",
        "What came of calls; an accepted one is answered later, by callback.",
        outcomes.map(|(outcome, count)| ([("outcome", outcome)], count)),
    )
}

fn retention(figures: &Figures, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.counter(
        "orchestrator_purged_instances_total",
        "Ended instances that retention removed.",
        figures.purged_instances,
    )?;
    sheet.counter(
        "orchestrator_purged_buckets_total",
        "Buckets of ended instances that retention dropped.",
        figures.purged_buckets,
    )?;
    sheet.counter(
        "orchestrator_purged_bytes_total",
        "What the dropped buckets took on the disk.",
        figures.purged_bytes,
    )?;
    sheet.counter(
        "orchestrator_swept_blobs_total",
        "Payloads of more than 32 KiB that were removed because nothing named them any more.",
        figures.swept_blobs,
    )?;
    sheet.counter(
        "orchestrator_swept_blob_bytes_total",
        "The bytes of these payloads.",
        figures.swept_blob_bytes,
    )
}

fn timers(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let measures = &snapshot.measures;
    sheet.counter(
        "orchestrator_timers_fired_total",
        "Timers fired.",
        measures.figures.timers_fired,
    )?;
    sheet.histogram(
        "orchestrator_timer_lateness_seconds",
        "From a timer's due time until it fired.",
        US,
        &measures.timer_lateness_us,
    )?;
    sheet.gauges(
        "orchestrator_near_timers",
        "Timers that a partition holds in memory; later ones are in the store.",
        by_partition(snapshot, |partition| partition.timers as u64),
    )
}

fn events(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let figures = &snapshot.measures.figures;
    sheet.counter(
        "orchestrator_events_taken_total",
        "Events that were taken.",
        figures.events_taken,
    )?;
    sheet.counter(
        "orchestrator_events_repeated_total",
        "Events that had been taken before, and did nothing.",
        figures.events_repeated,
    )?;
    sheet.counter(
        "orchestrator_events_unrouted_total",
        "Events that no trigger and no router took further, and no wait could.",
        figures.events_unrouted,
    )?;
    sheet.counter(
        "orchestrator_event_waits_refused_total",
        "Waits for events that were refused: a thousand wait for the same already.",
        figures.event_waits_refused,
    )?;
    sheet.counter(
        "orchestrator_event_waits_cut_total",
        "Waits that were told of the newest events alone: more were kept for them than are looked at.",
        figures.event_waits_cut,
    )
}

fn schedules(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let measures = &snapshot.measures;
    let figures = &measures.figures;
    sheet.counter(
        "orchestrator_schedule_starts_total",
        "Instances that schedules started.",
        figures.ticks_started,
    )?;
    sheet.counter(
        "orchestrator_schedule_missed_total",
        "Ticks of schedules that were missed and passed over.",
        figures.ticks_missed,
    )?;
    sheet.counter(
        "orchestrator_schedule_skipped_total",
        "Ticks of schedules that were passed over because an instance was open.",
        figures.ticks_skipped,
    )?;
    sheet.counter(
        "orchestrator_schedule_refused_total",
        "Ticks of schedules whose start was refused.",
        figures.ticks_refused,
    )?;
    sheet.histogram(
        "orchestrator_schedule_lateness_seconds",
        "From when a tick of a schedule was due until it started something.",
        US,
        &measures.tick_lateness_us,
    )
}

fn turns(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let figures = &snapshot.measures.figures;
    sheet.gauges(
        "orchestrator_turns_waiting",
        "Instances that wait for their turn under the limit of their workflow.",
        by_partition(snapshot, |partition| partition.turns_waiting as u64),
    )?;
    sheet.counter(
        "orchestrator_turns_called_total",
        "Instances that waited for their turn and had it.",
        figures.turns_called,
    )?;
    sheet.counter(
        "orchestrator_turns_refused_total",
        "Starts refused because the limit of their workflow was reached.",
        figures.turns_refused,
    )?;
    sheet.counter(
        "orchestrator_turns_cancelled_total",
        "Instances cancelled because a newer one took their place under a limit.",
        figures.turns_cancelled,
    )
}

fn projection(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let measures = &snapshot.measures;
    let figures = &measures.figures;
    sheet.gauge(
        "orchestrator_projection_lag_bytes",
        "Bytes of durable records that lists and search do not show yet.",
        figures.projection_lag_bytes,
    )?;
    sheet.gauges(
        "orchestrator_projection_lag_batches",
        "Durable batches of a partition that lists and search do not show yet.",
        by_partition(snapshot, |partition| {
            partition.head.saturating_sub(partition.reached)
        }),
    )?;
    sheet.histogram(
        "orchestrator_projection_duration_seconds",
        "How long a write of the projector took.",
        US,
        &measures.projection_us,
    )?;
    sheet.counter(
        "orchestrator_checkpoints_total",
        "Checkpoints: the state made durable, the journal behind it let go.",
        figures.checkpoints,
    )?;
    sheet.counter(
        "orchestrator_rollups_beyond_total",
        "Times that something was counted as `(other)`, since a span had too many series.",
        figures.rollups_beyond,
    )
}

fn memory(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let Figures {
        loads, evictions, ..
    } = snapshot.measures.figures;
    sheet.gauges(
        "orchestrator_hot_instances",
        "Instances that a partition holds in memory.",
        by_partition(snapshot, |partition| partition.hot as u64),
    )?;
    sheet.counter(
        "orchestrator_instance_loads_total",
        "Instances read back from the store.",
        loads,
    )?;
    sheet.counter(
        "orchestrator_instance_evictions_total",
        "Instances let go from memory.",
        evictions,
    )
}

fn copies(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.gauge(
        "orchestrator_paused",
        "Whether calls and timers wait for someone to resume the server: 1 or 0.",
        u64::from(snapshot.paused),
    )?;
    let Some(archive) = &snapshot.archive else {
        return Ok(());
    };
    sheet.gauge(
        "orchestrator_archive_lag_bytes",
        "Bytes of the journal that are durable, but not archived yet.",
        archive.lag_bytes,
    )?;
    sheet.gauge(
        "orchestrator_archive_lag_seconds",
        "How long the oldest of them has waited: what would be lost with this machine.",
        archive.lag_ms as f64 / 1_000.0,
    )?;
    sheet.counter(
        "orchestrator_archived_bytes_total",
        "Bytes of the journal that this process archived.",
        archive.bytes,
    )?;
    sheet.counter(
        "orchestrator_archive_failures_total",
        "Tries to archive that failed; each is repeated.",
        archive.failures,
    )
}

fn http(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    let routes = &snapshot.routes;
    let answered = routes.iter().flat_map(|route| {
        let labels = [
            ("method", route.method.as_str()),
            ("route", route.route.as_str()),
        ];
        let answers = route.answers.iter();
        answers.map(move |(status, count)| ((labels, [("status", *status)]), *count))
    });
    sheet.counters(
        "orchestrator_http_requests_total",
        "Requests answered, by route and class of status.",
        answered,
    )?;
    let durations = routes.iter().map(|route| {
        let labels = [
            ("method", route.method.as_str()),
            ("route", route.route.as_str()),
        ];
        (labels, &route.duration_us)
    });
    sheet.histograms(
        "orchestrator_http_request_duration_seconds",
        "From the head of a request until the head of its answer.",
        US,
        durations,
    )
}

fn process(snapshot: &Snapshot, sheet: &mut Sheet<'_>) -> fmt::Result {
    sheet.gauges(
        "orchestrator_build_info",
        "Always 1; the label says which version runs.",
        [([("version", env!("CARGO_PKG_VERSION"))], 1_u64)],
    )?;
    sheet.gauge(
        "process_start_time_seconds",
        "When the process started, seconds since the epoch.",
        snapshot.started_s,
    )?;
    let process = &snapshot.process;
    if let Some(seconds) = process.cpu_s {
        let help = "Processor time used, user and system.";
        sheet.counter("process_cpu_seconds_total", help, seconds)?;
    }
    if let Some(bytes) = process.resident_bytes {
        let help = "Memory that the process holds.";
        sheet.gauge("process_resident_memory_bytes", help, bytes)?;
    }
    if let Some(files) = process.open_files {
        sheet.gauge("process_open_fds", "Open files and sockets.", files)?;
    }
    Ok(())
}

/// A row for each partition, labelled with its number.
pub(super) fn by_partition<V>(
    snapshot: &Snapshot,
    value: impl Fn(&PartitionHealth) -> V,
) -> impl Iterator<Item = ([(&'static str, u16); 1], V)> {
    let partitions = snapshot.measures.partitions.iter();
    partitions.map(move |partition| ([("partition", partition.id)], value(partition)))
}
