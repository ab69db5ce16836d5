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
