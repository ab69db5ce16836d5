//! Starting later, holding and letting go on.

use crate::check;

#[test]
fn a_queued_instance_begins_when_its_time_has_come() {
    check(
        r#"
  timeout: 1s
  steps: [{ id: one, adapter: a }]
"#,
        r#"
        start-at 6000 {}
        signal early 1
        clock +4999
        clock +1
        clock +1000
        "#,
        r#"
        - start-at 6000 {}
        instance-started
        instance-queued until 6000
        - signal early 1
        signal-received early
        - clock +4999
        - clock +1
        instance-begun
        step-scheduled one
        > call a one/1 {}
        - clock +1000
        instance-failing
        lane-closing 0 failed
        = running (timeout)
        "#,
    );
}

#[test]
fn a_time_that_has_passed_begins_at_once() {
    check(
        "\n  steps: [{ id: one, set: { n: 1 } }]\n",
        "start-at 1000 {}",
        r#"
        - start-at 1000 {}
        instance-started
        step-completed one {"n":1}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn what_never_began_is_cancelled_without_a_trace() {
    check(
        r#"
  steps: [{ id: one, adapter: a }]
  finally: [{ id: tidy, adapter: b }]
"#,
        r#"
        start-at 6000 {}
        cancel
        clock +9000
        "#,
        r#"
        - start-at 6000 {}
        instance-started
        instance-queued until 6000
        - cancel
        cancel-requested
        lane-closing 0 cancelled
        lane-ended root cancelled
        instance-cancelled
        - clock +9000
        refused: nothing to do: the timer no longer fits the state
        = cancelled
        "#,
    );
}

#[test]
fn while_it_is_held_results_are_recorded_and_nothing_begins() {
    check(
        r#"
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: b }
"#,
        r#"
        start {}
        pause the bank is closed
        pause again
        one ok 1
        resume
        resume again
        two ok 2
        pause late
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - pause the bank is closed
        instance-paused the bank is closed
        - pause again
        - one ok 1
        step-completed one 1
        - resume
        instance-resumed
        step-scheduled two
        > call b two/1 {}
        - resume again
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        - pause late
        refused: expected an open instance, but it has already ended as completed
        = completed
        "#,
    );
}

#[test]
fn retries_wait_while_it_is_held_and_are_made_when_it_goes_on() {
    check(
        r#"
  steps: [{ id: one, adapter: a, retry: { max-attempts: 3, initial-interval: 1s, jitter: none } }]
"#,
        r#"
        start {}
        one fails http.503
        pause
        clock +5000
        resume
        clock +0
        pause
        one fails http.503
        clock +9000
        resume
        clock +0
        one ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #2 at 2000
        - pause
        instance-paused
        - clock +5000
        refused: nothing to do: the timer no longer fits the state
        - resume
        instance-resumed
        - clock +0
        attempt-started one #2
        > call a one/1 {}
        - pause
        instance-paused
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #3 at 8000
        - clock +9000
        refused: nothing to do: the timer no longer fits the state
        - resume
        instance-resumed
        - clock +0
        attempt-started one #3
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn time_outs_run_on_while_it_is_held_and_signals_are_taken() {
    check(
        r#"
  on-failure: stop
  steps:
    - { id: first, wait: { signal: go } }
    - { id: second, wait: { signal: go, timeout: 5s } }
"#,
        r#"
        start {}
        pause
        signal go 1
        resume
        pause
        clock +5000
        resume
        "#,
        r#"
        - start {}
        instance-started
        signal-awaited first go
        - pause
        instance-paused
        - signal go 1
        signal-received go
        signal-taken first go
        step-completed first 1
        - resume
        instance-resumed
        signal-awaited second go until 6000
        - pause
        instance-paused
        - clock +5000
        step-failed second wait.timeout fails
        instance-failing
        lane-closing 0 failed
        - resume
        instance-resumed
        lane-ended root failed
        instance-failed
        = failed (wait.timeout)
        "#,
    );
}

#[test]
fn a_cancel_lets_it_go_on_and_what_was_done_is_undone() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: two, adapter: b }
"#,
        r#"
        start {}
        one ok 1
        pause
        two ok 2
        cancel
        one ok {}
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-scheduled two
        > call b two/1 {}
        - pause
        instance-paused
        - two ok 2
        step-completed two 2
        - cancel
        instance-resumed it is cancelled
        cancel-requested
        lane-closing 0 cancelled
        lane-ended root cancelled
        compensation-started 0+1
        compensation-scheduled one
        > call a/undo-it one/1/compensate {"input":{},"output":1}
        - one ok {}
        compensation-ended one done
        lane-compensated 0
        instance-cancelled
        = cancelled
        "#,
    );
}

#[test]
fn an_answer_that_would_make_a_call_waits_for_the_pause_to_end() {
    check(
        r#"
  steps: [{ id: one, adapter: a, retry: none, on-error: man }]
"#,
        r#"
        start {}
        one fails http.503
        pause
        decide retry
        decide skip
        resume
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        decision-requested one
        - pause
        instance-paused
        - decide retry
        refused: the instance is paused; resume it first
        - decide skip
        decision-made skip by ann
        step-skipped one
        - resume
        instance-resumed
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_child_that_does_not_end_in_time_is_cancelled_and_its_step_fails() {
    check(
        "\n  steps: [{ id: kid, workflow: kid, timeout: 5s }]\n",
        r#"
        start {}
        clock +5000
        child cancelled
        "#,
        r#"
        - start {}
        instance-started
        step-started kid
        > start kid {}
        - clock +5000
        attempt-failed kid timeout
        step-failed kid timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        > cancel child
        - child cancelled
        result-ignored kid: the step does not wait for this child
        = failed (timeout)
        "#,
    );
}
