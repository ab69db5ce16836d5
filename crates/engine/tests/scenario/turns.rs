//! Waiting for a turn under the limit of the workflow.

use crate::check;

const LIMITED: &str = r#"
  concurrency: { key: "${ input.customer }", limit: 1 }
  steps: [{ id: one, adapter: a }]
  finally: [{ id: tidy, adapter: b }]
"#;

#[test]
fn its_steps_begin_when_its_turn_has_come() {
    check(
        LIMITED,
        r#"
        start {"customer":"c"}
        clock +5000
        turn
        turn
        one ok 1
        tidy ok 2
        turn
        "#,
        r#"
        - start {"customer":"c"}
        instance-started
        turn-awaited at 1
        - clock +5000
        - turn
        instance-begun
        step-scheduled one
        > call a one/1 {"customer":"c"}
        - turn
        refused: nothing to do: it does not wait for its turn
        - one ok 1
        step-completed one 1
        lane-ended root completed
        finally-started
        step-scheduled tidy
        > call b tidy/1 {"customer":"c"}
        - tidy ok 2
        step-completed tidy 2
        lane-ended 1 completed
        instance-completed
        - turn
        refused: nothing to do: it does not wait for its turn
        = completed
        "#,
    );
}

#[test]
fn what_is_cancelled_while_it_waits_leaves_no_trace() {
    check(
        LIMITED,
        r#"
        start {"customer":"c"}
        cancel
        turn
        "#,
        r#"
        - start {"customer":"c"}
        instance-started
        turn-awaited at 1
        - cancel
        cancel-requested
        lane-closing 0 cancelled
        lane-ended root cancelled
        instance-cancelled
        - turn
        refused: nothing to do: it does not wait for its turn
        = cancelled
        "#,
    );
}

#[test]
fn what_starts_later_waits_from_then_on_and_may_be_refused() {
    check(
        LIMITED,
        r#"
        start-at 6000 {"customer":"c"}
        turn
        clock +5000
        no-turn
        "#,
        r#"
        - start-at 6000 {"customer":"c"}
        instance-started
        instance-queued until 6000
        - turn
        refused: nothing to do: it does not wait for its turn
        - clock +5000
        turn-awaited at 1
        - no-turn
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (concurrency.limit)
        "#,
    );
}

#[test]
fn a_pause_keeps_its_turn_away_and_a_time_out_ends_the_wait() {
    check(
        r#"
  timeout: 10s
  concurrency: { limit: 3 }
  steps: [{ id: one, adapter: a }]
"#,
        r#"
        start {}
        pause
        turn
        resume
        clock +10000
        "#,
        r#"
        - start {}
        instance-started
        turn-awaited at 1
        - pause
        instance-paused
        - turn
        refused: nothing to do: it does not wait for its turn
        - resume
        instance-resumed
        - clock +10000
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (timeout)
        "#,
    );
}

#[test]
fn a_loop_opens_its_lanes_no_faster_than_its_rate() {
    check(
        r#"
  steps:
    - id: each
      for-each: [1, 2, 3]
      rate: 1/s
      steps: [{ id: one, set: { n: "${ item }" } }]
"#,
        r#"
        start {}
        clock +999
        pause
        clock +1
        resume
        clock +1000
        "#,
        r#"
        - start {}
        instance-started
        step-started each
        lanes-opened each 0..1
        lanes-paced each until 2000
        step-completed each[0]/one {"n":1}
        lane-ended 1 completed
        - clock +999
        - pause
        instance-paused
        - clock +1
        lanes-paced each until 0
        - resume
        instance-resumed
        lanes-opened each 1..2
        lanes-paced each until 3000
        step-completed each[1]/one {"n":2}
        lane-ended 2 completed
        - clock +1000
        lanes-paced each until 0
        lanes-opened each 2..3
        lanes-paced each until 0
        step-completed each[2]/one {"n":3}
        lane-ended 3 completed
        step-completed each [{"n":1},{"n":2},{"n":3}]
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

const AGAIN: &str = r#"
        - start {}
        instance-started
        turn-awaited at 1
        - turn
        instance-begun
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-scheduled two
        > call b two/1 {}
        - two fails timeout unknown
        attempt-failed two timeout
        step-failed two timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - retry
        instance-retried
        turn-awaited at 1
        - pause
        instance-paused
        - resume
        instance-resumed
        - turn
        instance-begun
        - clock +0
        attempt-started two #2
        > call b two/1 {}
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        - restore 5
        instance-restored
        turn-awaited at 1
        - turn
        instance-begun
        step-scheduled two
        > call b two/3 {}
        - two ok 3
        step-completed two 3
        lane-ended root completed
        instance-completed
        = completed
        "#;

#[test]
fn one_that_is_taken_up_again_waits_for_its_turn_and_makes_no_call_before() {
    check(
        r#"
  concurrency: { limit: 1 }
  on-failure: stop
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        turn
        one ok 1
        two fails timeout unknown
        retry
        pause
        resume
        turn
        clock +0
        two ok 2
        restore 5
        turn
        two ok 3
        "#,
        AGAIN,
    );
}
