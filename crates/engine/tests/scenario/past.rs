//! Acts on the past: retry, restore and migrate.

use crate::check;
use crate::harness::check_versions;

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
        result-ignored two: another attempt was made since
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

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
        r#"
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
        "#,
    );
}

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
        r#"
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
        "#,
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

#[test]
fn a_restored_instance_repeats_what_came_since() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: two, adapter: b, compensation: undo-it }
    - { id: three, wait: { for: 1h } }
"#,
        r#"
        start {}
        one ok 1
        two ok 2
        restore 3
        again
        two ok 3
        restore 9
        restore 99
        clock +3600000
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
        - two ok 2
        step-completed two 2
        step-started three
        - restore 3
        instance-restored
        step-scheduled two
        > call b two/2 {}
        - again
        result-ignored two: the step was run anew since
        - two ok 3
        step-completed two 3
        step-started three
        - restore 9
        instance-restored
        step-scheduled two
        > call b two/3 {}
        - restore 99
        instance-restored
        step-scheduled two
        > call b two/4 {}
        - clock +3600000
        refused: nothing to do: the timer no longer fits the state
        = running
        "#,
    );
}

#[test]
fn what_was_done_since_is_undone_before_it_goes_back() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: two, adapter: b, compensation: undo-it }
    - { id: three, adapter: c, compensation: undo-it }
    - { id: four, wait: { for: 1h } }
"#,
        r#"
        start {}
        one ok 1
        two ok 2
        three ok 3
        restore 4 compensate
        cancel
        three ok {}
        two ok {}
        two ok 22
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
        - two ok 2
        step-completed two 2
        step-scheduled three
        > call c three/1 {}
        - three ok 3
        step-completed three 3
        step-started four
        - restore 4 compensate
        restore-requested
        lane-closing 0 cancelled
        lane-ended root cancelled
        compensation-started 0+1
        compensation-scheduled three
        > call c/undo-it three/1/compensate {"input":{},"output":3}
        - cancel
        refused: nothing to do: the instance is already being rolled back or ending
        - three ok {}
        compensation-ended three done
        compensation-scheduled two
        > call b/undo-it two/1/compensate {"input":{},"output":2}
        - two ok {}
        compensation-ended two done
        lane-compensated 0
        instance-restored
        step-scheduled two
        > call b two/2 {}
        - two ok 22
        step-completed two 22
        step-scheduled three
        > call c three/2 {}
        = running
        "#,
    );
}

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
        r#"
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
        "#,
    );
}

#[test]
fn an_ended_instance_is_restored_and_what_was_undone_runs_again() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        one ok 1
        two fails http.422 permanent
        one ok {}
        restore 13
        restore 4
        one ok 2
        two ok 2
        restore 4 compensate
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
        - restore 13
        refused: expected a record after which its steps ran, but after record 13 (of 14) it was ending or had ended: choose an earlier one
        - restore 4
        instance-restored
        step-scheduled one
        > call a one/2 {}
        - one ok 2
        step-completed one 2
        step-scheduled two
        > call b two/2 {}
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        - restore 4 compensate
        restore-requested
        compensation-started 0+1
        compensation-scheduled one
        > call a/undo-it one/2/compensate {"input":{},"output":2}
        - one ok {}
        compensation-ended one done
        lane-compensated 0
        instance-restored
        step-scheduled two
        > call b two/3 {}
        = running
        "#,
    );
}

#[test]
fn children_are_cancelled_and_questions_withdrawn_before_the_new_ones_begin() {
    check(
        r#"
  steps:
    - { id: one, adapter: a }
    - { id: kid, workflow: kid }
    - { id: ask, decision: { prompt: "Go on?" } }
"#,
        r#"
        start {}
        one ok 1
        restore 2
        one ok 2
        child ok 7
        restore 10
        answer ann approve
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-started kid
        > start kid {}
        - restore 2
        instance-restored
        step-scheduled one
        > cancel child
        > call a one/2 {}
        - one ok 2
        step-completed one 2
        step-started kid
        > start kid {}
        - child ok 7
        step-completed kid 7
        decision-requested ask question:
        - restore 10
        instance-restored
        decision-requested ask question:
        - answer ann approve
        decision-made approve by ann
        step-completed ask {"at":"1970-01-01T00:00:01.000Z","by":"ann","comment":"","data":null,"outcome":"approved"}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn an_instance_goes_on_with_another_version() {
    check_versions(
        r#"
  output: "${ steps.two.output }"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: pause, wait: { for: 1h } }
    - { id: two, adapter: b }
"#,
        r#"
  output: "${ steps.three.output }"
  steps:
    - { id: first, adapter: a, compensation: undo-it }
    - { id: pause, wait: { for: 1h } }
    - { id: two, adapter: b }
    - { id: three, adapter: c, retry: none }
"#,
        r#"
        start {}
        one ok 1
        migrate 1.1.0
        migrate 1.1.0 one=first
        migrate 1.1.0
        clock +3600000
        two ok 2
        three fails http.422 permanent
        first ok {}
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-started pause
        - migrate 1.1.0
        refused: it does not fit version 1.1.0: step one (completed): there is no such step: name its counterpart in `map`; step pause has begun, but step first comes before it there and has not ended
        - migrate 1.1.0 one=first
        instance-migrated
        - migrate 1.1.0
        refused: it runs on version 1.1.0 already
        - clock +3600000
        step-completed pause
        step-scheduled two
        > call b two/1 {}
        - two ok 2
        step-completed two 2
        step-scheduled three
        > call c three/1 {}
        - three fails http.422 permanent
        attempt-failed three http.422
        step-failed three http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled first
        > call a/undo-it first/1/compensate {"input":{},"output":1}
        - first ok {}
        compensation-ended first done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn what_has_begun_keeps_its_place_and_what_came_before_it() {
    check_versions(
        r#"
  steps:
    - { id: one, adapter: a }
    - id: both
      parallel:
        - - { id: left, adapter: a }
        - - { id: right, adapter: b }
"#,
        r#"
  steps:
    - { id: new, adapter: a }
    - { id: one, adapter: a }
    - id: both
      parallel:
        - - { id: right, adapter: b }
        - - { id: left, wait: { for: 1h } }
        - - { id: more, adapter: b }
"#,
        r#"
        start {}
        migrate 1.1.0
        one ok 1
        migrate 1.1.0
        migrate 2.0.0
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - migrate 1.1.0
        refused: it does not fit version 1.1.0: step one (running): what is under way for it, or its child, is known by its place and name, which change there
        - one ok 1
        step-completed one 1
        step-started both
        lanes-opened both 0..2
        step-scheduled both[0]/left
        step-scheduled both[1]/right
        > call a both[0]/left/1 {}
        > call b both[1]/right/1 {}
        - migrate 1.1.0
        refused: it does not fit version 1.1.0: step both (running): it is under way, and has another number of branches there; step one has begun, but step new comes before it there and has not ended; step both[0]/left (running): it stands in another list of steps there; step both[1]/right (running): it stands in another list of steps there
        - migrate 2.0.0
        refused: expected a workflow in the catalog, but w 2.0.0 is not there
        = running
        "#,
    );
}
