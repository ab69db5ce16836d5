//! What failed for good and is left to people.

use crate::check;

/// Fails at its second step, and asks.
const ASKS: &str = r#"
  on-failure: man
  steps:
    - { id: one, adapter: a, compensation: { adapter: undo } }
    - { id: two, adapter: b, retry: none }
"#;

#[test]
fn a_person_has_a_failed_instance_undone() {
    check(
        ASKS,
        "start 1\none ok\ntwo fails http.422 permanent\ndecide compensate\none ok",
        r#"
        - start 1
        instance-started
        step-scheduled one
        > call a one/1 1
        - one ok
        step-completed one null
        step-scheduled two
        > call b two/1 1
        - two fails http.422 permanent
        attempt-failed two http.422
        step-failed two http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        decision-requested instance-failed: the workflow says `on-failure: man`
        - decide compensate
        decision-made compensate by ann
        compensation-started 0+1
        compensation-scheduled one
        > call undo one/1/compensate {"input":1,"output":null}
        - one ok
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn a_person_leaves_a_failed_instance_as_it_is() {
    check(
        ASKS,
        "start 1\none ok\ntwo fails http.422 permanent\ndecide retry\ndecide fail",
        r#"
        - start 1
        instance-started
        step-scheduled one
        > call a one/1 1
        - one ok
        step-completed one null
        step-scheduled two
        > call b two/1 1
        - two fails http.422 permanent
        attempt-failed two http.422
        step-failed two http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        decision-requested instance-failed: the workflow says `on-failure: man`
        - decide retry
        refused: expected one of the decision's choices, but it does not offer retry
        - decide fail
        decision-made fail by ann
        instance-failed
        = failed (http.422)
        "#,
    );
}

#[test]
fn who_cancels_a_failed_instance_answers_for_the_person() {
    check(
        ASKS,
        "start 1\none ok\ntwo fails http.422 permanent\ncancel none",
        r#"
        - start 1
        instance-started
        step-scheduled one
        > call a one/1 1
        - one ok
        step-completed one null
        step-scheduled two
        > call b two/1 1
        - two fails http.422 permanent
        attempt-failed two http.422
        step-failed two http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        decision-requested instance-failed: the workflow says `on-failure: man`
        - cancel none
        cancel-requested
        instance-cancelled
        = cancelled (http.422)
        "#,
    );
}

/// Its second step has one attempt, and asks.
const EXHAUSTED: &str = r#"
  steps:
    - { id: one, adapter: a, compensation: { adapter: undo } }
    - { id: two, adapter: b, retry: none, on-error: man, catch: [{ error: never, steps: [{ id: no, set: { x: 1 } }] }] }
    - { id: end, set: { got: "${ steps.two.output }" } }
"#;

#[test]
fn a_person_supplies_the_output() {
    check(
        EXHAUSTED,
        r#"
        start 1
        one ok
        two fails http.422 permanent
        decide supply
        decide supply {"by": "hand"}
        "#,
        r#"
        - start 1
        instance-started
        step-scheduled one
        > call a one/1 1
        - one ok
        step-completed one null
        step-scheduled two
        > call b two/1 1
        - two fails http.422 permanent
        attempt-failed two http.422
        decision-requested two
        - decide supply
        refused: expected data with this choice (the new input, or the output), but there is none
        - decide supply {"by": "hand"}
        decision-made supply by ann
        step-completed two {"by":"hand"}
        step-completed end {"got":{"by":"hand"}}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_person_amends_the_input_or_gives_the_instance_up() {
    check(
        EXHAUSTED,
        r#"
        start 1
        one ok
        two fails http.503 unknown
        decide amend {"n": 2}
        two fails http.503 unknown
        decide compensate
        one fails http.500 permanent
        decide done
        "#,
        r#"
        - start 1
        instance-started
        step-scheduled one
        > call a one/1 1
        - one ok
        step-completed one null
        step-scheduled two
        > call b two/1 1
        - two fails http.503 unknown
        attempt-failed two http.503
        decision-requested two
        - decide amend {"n": 2}
        decision-made amend by ann
        step-rescheduled two generation 2 #1
        > call b two/2 {"n":2}
        - two fails http.503 unknown
        attempt-failed two http.503
        decision-requested two
        - decide compensate
        decision-made compensate by ann
        step-failed two http.503 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled one
        > call undo one/1/compensate {"input":1,"output":null}
        - one fails http.500 permanent
        attempt-failed one http.500
        dead-lettered one undo/ http.500 (0)
        decision-requested one
        - decide done
        decision-made done by ann
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.503)
        "#,
    );
}
