//! An instance that failed goes on from the steps that failed.

use crate::check;

#[test]
fn a_failed_instance_goes_on_from_the_step_that_failed() {
    check(
        r#"
  on-failure: stop
  output: "${ steps.two.output }"
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two fails http.422 permanent
        retry chat is back
        two ok 2
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
        - two fails http.422 permanent
        attempt-failed two http.422
        step-failed two http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - retry chat is back
        instance-retried
        step-scheduled two
        > call b two/2 {}
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        = completed 2
        "#,
    );
}

#[test]
fn an_unknown_outcome_keeps_its_key_and_a_late_result_of_before_is_ignored() {
    check(
        r#"
  on-failure: stop
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two fails timeout unknown
        retry
        again
        two ok 2
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
        - two fails timeout unknown
        attempt-failed two timeout
        step-failed two timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - retry
        instance-retried
        > call b two/1 {}
        - again
        result-ignored two: the step was run anew since
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn behind_what_runs_again_a_call_of_unknown_outcome_is_another_intention() {
    check(
        r#"
  timeout: 1h
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: two, adapter: b, retry: none, input: "${ steps.one.output }" }
"#,
        r#"
        start {}
        one ok 1
        two fails timeout unknown
        one ok {}
        retry
        one ok 2
        clock +3600001
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-scheduled two
        > call b two/1 1
        - two fails timeout unknown
        attempt-failed two timeout
        step-failed two timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled one
        > call a/undo-it one/1/compensate {"input":{},"output":1}
        - one ok {}
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        - retry
        instance-retried
        step-scheduled one
        > call a one/2 {}
        - one ok 2
        step-completed one 2
        step-scheduled two
        > call b two/2 2
        - clock +3600001
        instance-failing
        lane-closing 0 failed
        = running (timeout)
        "#,
    );
}

const UNDONE_AGAIN: &str = r#"
    - start {}
    instance-started
    step-scheduled one
    > call a one/1 {}
    - one ok 1
    step-completed one 1
    step-scheduled kept
    > call a kept/1 {}
    - kept ok 1
    step-completed kept 1
    step-scheduled two
    > call b two/1 {}
    - two fails http.422 permanent
    attempt-failed two http.422
    step-failed two http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended root failed
    compensation-started 0+1
    compensation-scheduled one
    > call a/undo-it one/1/compensate {"input":{},"output":1}
    - one ok {}
    compensation-ended one done
    lane-compensated 0
    instance-compensated
    - retry
    instance-retried
    step-scheduled one
    > call a one/2 {}
    - one ok 2
    step-completed one 2
    step-scheduled two
    > call b two/2 {}
    - two fails http.422 permanent
    attempt-failed two http.422
    step-failed two http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended root failed
    compensation-started 0+1
    compensation-scheduled one
    > call a/undo-it one/2/compensate {"input":{},"output":2}
    - one ok {}
    compensation-ended one done
    lane-compensated 0
    instance-compensated
    - retry
    instance-retried
    step-scheduled one
    > call a one/3 {}
    - one ok 3
    step-completed one 3
    step-scheduled two
    > call b two/3 {}
    - two ok 3
    step-completed two 3
    lane-ended root completed
    instance-completed
    = completed
    "#;

#[test]
fn what_was_undone_runs_again_under_new_keys_and_is_undone_again() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: kept, adapter: a }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        one ok 1
        kept ok 1
        two fails http.422 permanent
        one ok {}
        retry
        one ok 2
        two fails http.422 permanent
        one ok {}
        retry
        one ok 3
        two ok 3
        "#,
        UNDONE_AGAIN,
    );
}

const LANES: &str = r#"
    - start {}
    instance-started
    step-started both
    lanes-opened both 0..3
    step-scheduled both[0]/left
    step-scheduled both[1]/right
    step-started both[2]/slow
    > call a both[0]/left/1 {}
    > call b both[1]/right/1 {}
    - left ok 1
    step-completed both[0]/left 1
    lane-ended 1 completed
    - right fails http.422 permanent
    attempt-failed both[1]/right http.422
    step-failed both[1]/right http.422 fails
    lane-closing 2 failed
    lane-ended 2 failed
    lane-closing 3 cancelled
    step-failed both http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended 3 cancelled
    lane-ended root failed
    instance-failed
    - retry
    instance-retried
    step-scheduled both[1]/right
    step-started both[2]/slow
    > call b both[1]/right/2 {}
    - right ok 2
    step-completed both[1]/right 2
    lane-ended 2 completed
    - clock +3600000
    step-completed both[2]/slow
    lane-ended 3 completed
    step-completed both [1,2,null]
    step-started each
    lanes-opened each 0..2
    step-scheduled each[0]/item
    step-scheduled each[1]/item
    > call a each[0]/item/2 1
    > call a each[1]/item/2 2
    - each[0]/item ok 1
    step-completed each[0]/item 1
    lane-ended 4 completed
    - each[1]/item fails http.422 permanent
    attempt-failed each[1]/item http.422
    step-failed each[1]/item http.422 fails
    lane-closing 5 failed
    lane-ended 5 failed
    step-failed each http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended root failed
    instance-failed
    - retry
    instance-retried
    step-scheduled each[1]/item
    > call a each[1]/item/3 2
    - each[1]/item ok 2
    step-completed each[1]/item 2
    lane-ended 5 completed
    step-completed each [1,2]
    lane-ended root completed
    instance-completed
    = completed
    "#;

#[test]
fn of_a_block_the_lanes_that_failed_or_were_cancelled_run_again() {
    check(
        r#"
  on-failure: stop
  steps:
    - id: both
      parallel:
        - - { id: left, adapter: a }
        - - { id: right, adapter: b, retry: none }
        - - { id: slow, wait: { for: 1h } }
    - id: each
      for-each: "${ [1, 2] }"
      concurrency: 2
      steps:
        - { id: item, adapter: a, retry: none, input: "${ item }" }
"#,
        r#"
        start {}
        left ok 1
        right fails http.422 permanent
        retry
        right ok 2
        clock +3600000
        each[0]/item ok 1
        each[1]/item fails http.422 permanent
        retry
        each[1]/item ok 2
        "#,
        LANES,
    );
}

const BEHIND: &str = r#"
    - start {}
    instance-started
    step-scheduled one
    > call a one/1 {}
    - one ok 1
    step-completed one 1
    step-scheduled kept
    > call c kept/1 {}
    - kept ok 1
    step-completed kept 1
    step-started group
    lanes-opened group 0..1
    step-scheduled group[0]/in
    > call a group[0]/in/1 {}
    - in ok 1
    step-completed group[0]/in 1
    lane-ended 1 completed
    step-completed group 1
    step-scheduled two
    > call b two/1 {}
    - two fails http.422 permanent
    attempt-failed two http.422
    step-failed two http.422 fails
    instance-failing
    lane-closing 0 failed
    lane-ended root failed
    compensation-started 0+1
    compensation-started 1+1
    compensation-scheduled group[0]/in
    > call a/undo-it group[0]/in/1/compensate {"input":{},"output":1}
    - in ok {}
    compensation-ended group[0]/in done
    lane-compensated 1
    compensation-ended group done
    compensation-scheduled one
    > call a/undo-it one/1/compensate {"input":{},"output":1}
    - one ok {}
    compensation-ended one done
    lane-compensated 0
    instance-compensated
    - retry
    instance-retried
    step-scheduled one
    > call a one/2 {}
    - one ok 2
    step-completed one 2
    step-scheduled group[0]/in
    > call a group[0]/in/2 {}
    - in ok 2
    step-completed group[0]/in 2
    lane-ended 1 completed
    step-completed group 2
    step-scheduled two
    > call b two/2 {}
    - two ok 2
    step-completed two 2
    lane-ended root completed
    instance-completed
    = completed
    "#;

#[test]
fn a_block_behind_what_was_undone_waits_for_it() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: kept, adapter: c }
    - id: group
      steps:
        - { id: in, adapter: a, compensation: undo-it }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        one ok 1
        kept ok 1
        in ok 1
        two fails http.422 permanent
        in ok {}
        one ok {}
        retry
        one ok 2
        in ok 2
        two ok 2
        "#,
        BEHIND,
    );
}

#[test]
fn a_cancelled_instance_goes_on_and_an_open_or_completed_one_is_refused() {
    check(
        r#"
  timeout: 1h
  steps:
    - { id: one, adapter: a }
"#,
        r#"
        start {}
        retry
        cancel none
        one fails http.422 permanent
        clock +7200000
        retry
        one ok 1
        retry
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - retry
        refused: expected an instance that has ended, but it is open: retry one of its steps, or wait for its end
        - cancel none
        cancel-requested
        lane-closing 0 cancelled
        - one fails http.422 permanent
        attempt-failed one http.422
        step-cancelled one
        lane-ended root cancelled
        instance-cancelled
        - clock +7200000
        refused: nothing to do: the timer no longer fits the state
        - retry
        instance-retried
        step-scheduled one
        > call a one/2 {}
        - one ok 1
        step-completed one 1
        lane-ended root completed
        instance-completed
        - retry
        refused: expected an instance that failed, but it completed: restore it to an earlier state, or replay it
        = completed
        "#,
    );
}
