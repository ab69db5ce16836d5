//! An instance goes back to how it was.

use crate::check;

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

const ENDED: &str = r#"
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
    refused: expected a record after which its steps ran, but after record 14 (of 14) it was ending or had ended: choose an earlier one
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
    "#;

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
        ENDED,
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

const LATE: &str = r#"
        - start {}
        instance-started
        step-started g
        lanes-opened g 0..1
        step-started g[0]/s
        lanes-opened g[0]/s 0..2
        step-scheduled g[0]/s[0]/y
        step-scheduled g[0]/s[1]/w
        > call a g[0]/s[0]/y/1 {}
        > call b g[0]/s[1]/w/1 {}
        - g[0]/s[1]/w fails http.422 permanent
        attempt-failed g[0]/s[1]/w http.422
        step-failed g[0]/s[1]/w http.422 fails
        lane-closing 3 failed
        lane-ended 3 failed
        lane-closing 2 cancelled
        step-failed g[0]/s http.422 fails
        lane-closing 1 failed
        - g[0]/s[0]/y fails timeout unknown
        attempt-failed g[0]/s[0]/y timeout
        step-cancelled g[0]/s[0]/y
        lane-ended 2 cancelled
        lane-ended 1 failed
        step-failed g http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - retry
        instance-retried
        step-scheduled g[0]/s[1]/w
        > call a g[0]/s[0]/y/1 {}
        > call b g[0]/s[1]/w/2 {}
        - g[0]/s[0]/y fails timeout unknown
        attempt-failed g[0]/s[0]/y timeout
        step-failed g[0]/s[0]/y timeout fails
        lane-closing 2 failed
        lane-ended 2 failed
        lane-closing 3 cancelled
        step-failed g[0]/s timeout fails
        lane-closing 1 failed
        - restore 8
        instance-restored
        lane-ended 2 cancelled
        lane-ended 1 failed
        step-failed g http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        - retry
        instance-retried
        step-scheduled g[0]/s[1]/w
        > call a g[0]/s[0]/y/1 {}
        > call b g[0]/s[1]/w/4 {}
        - again
        result-ignored g[0]/s[0]/y: the step was run anew since
        = running
        "#;

#[test]
fn a_late_result_of_a_call_that_a_restore_went_back_behind_is_never_taken() {
    check(
        r#"
  on-failure: stop
  steps:
    - id: g
      steps:
        - id: s
          parallel:
            - [{ id: y, adapter: a, retry: none }]
            - [{ id: w, adapter: b, retry: none }]
"#,
        r#"
        start {}
        g[0]/s[1]/w fails http.422 permanent
        g[0]/s[0]/y fails timeout unknown
        retry
        g[0]/s[0]/y fails timeout unknown
        restore 8
        retry
        again
        "#,
        LATE,
    );
}

#[test]
fn what_lost_is_undone_to_its_end_while_a_restore_is_asked_for() {
    check(
        r#"
  steps:
    - id: s
      join: any
      parallel:
        - [{ id: x, adapter: a }]
        - - { id: y, adapter: b, compensation: undo-it }
          - { id: z, wait: { for: 1h } }
    - { id: last, wait: { for: 2h } }
"#,
        r#"
        start {}
        s[1]/y ok 1
        s[0]/x ok 2
        restore 99 compensate
        s[1]/y ok 3
        "#,
        r#"
        - start {}
        instance-started
        step-started s
        lanes-opened s 0..2
        step-scheduled s[0]/x
        step-scheduled s[1]/y
        > call a s[0]/x/1 {}
        > call b s[1]/y/1 {}
        - s[1]/y ok 1
        step-completed s[1]/y 1
        step-started s[1]/z
        - s[0]/x ok 2
        step-completed s[0]/x 2
        lane-ended 1 completed
        step-completed s [2,null]
        lane-closing 2 cancelled
        step-started last
        lane-ended 2 cancelled
        compensation-scheduled s[1]/y
        > call b/undo-it s[1]/y/1/compensate {"input":{},"output":1}
        - restore 99 compensate
        restore-requested
        lane-closing 0 cancelled
        - s[1]/y ok 3
        compensation-ended s[1]/y done
        lane-compensated 2
        lane-ended root cancelled
        instance-restored
        step-started last
        lane-compensated 2
        = waiting
        "#,
    );
}

const BLOCK: &str = r#"
        - start {}
        instance-started
        step-started s
        lanes-opened s 0..2
        step-scheduled s[0]/y
        step-scheduled s[1]/w
        > call a s[0]/y/1 {}
        > call b s[1]/w/1 {}
        - s[0]/y ok 1
        step-completed s[0]/y 1
        lane-ended 1 completed
        - s[1]/w fails http.422 permanent
        attempt-failed s[1]/w http.422
        step-failed s[1]/w http.422 fails
        lane-closing 2 failed
        lane-ended 2 failed
        decision-requested s
        - restore 99
        instance-restored
        step-started s
        lanes-opened s 0..2
        step-scheduled s[0]/y
        step-scheduled s[1]/w
        > call a s[0]/y/2 {}
        > call b s[1]/w/2 {}
        - s[0]/y ok 2
        step-completed s[0]/y 2
        lane-ended 3 completed
        - s[1]/w ok 3
        step-completed s[1]/w 3
        lane-ended 4 completed
        step-completed s [2,3]
        step-failed stop too.bad fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-started 3+1
        compensation-started 4+1
        compensation-scheduled s[0]/y
        lane-compensated 4
        > call a/undo-it s[0]/y/2/compensate {"input":{},"output":2}
        - s[0]/y ok 4
        compensation-ended s[0]/y done
        lane-compensated 3
        compensation-started 1+1
        compensation-started 2+1
        compensation-scheduled s[0]~1/y
        lane-compensated 2
        > call a/undo-it s[0]~1/y/2/compensate {"input":{},"output":1}
        - s[0]~1/y ok 5
        compensation-ended s[0]~1/y done
        lane-compensated 1
        compensation-ended s done
        lane-compensated 0
        instance-compensated
        = compensated (too.bad)
        "#;

#[test]
fn what_a_block_did_before_it_began_anew_is_undone_with_it() {
    check(
        r#"
  steps:
    - id: s
      on-error: man
      parallel:
        - [{ id: y, adapter: a, compensation: undo-it }]
        - [{ id: w, adapter: b, retry: none }]
    - { id: stop, fail: { type: too.bad, message: on purpose } }
"#,
        r#"
        start {}
        s[0]/y ok 1
        s[1]/w fails http.422 permanent
        restore 99
        s[0]/y ok 2
        s[1]/w ok 3
        s[0]/y ok 4
        s[0]~1/y ok 5
        "#,
        BLOCK,
    );
}
