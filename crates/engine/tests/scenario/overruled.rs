//! What an operator does about one step.

use crate::check;

#[test]
fn a_call_that_is_under_way_is_skipped_and_its_late_result_changes_nothing() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, compensation: undo-it }
    - { id: two, adapter: b, retry: none }
"#,
        r#"
        start {}
        step skip one
        one ok 1
        two fails http.422 permanent
        one ok {}
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - step skip one
        step-overruled one skip
        attempt-failed one overruled
        step-skipped one
        step-scheduled two
        > call b two/1 {}
        - one ok 1
        result-ignored one: the attempt has a result already
        - two fails http.422 permanent
        attempt-failed two http.422
        step-failed two http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        compensation-started 0+1
        compensation-scheduled one
        > call a/undo-it one/1/compensate {"input":{},"output":null,"outcome":"unknown"}
        - one ok {}
        compensation-ended one done
        lane-compensated 0
        instance-compensated
        = compensated (http.422)
        "#,
    );
}

#[test]
fn an_output_is_supplied_and_the_next_step_sees_it() {
    check(
        r#"
  output: "${ steps.two.output }"
  steps:
    - { id: one, wait: { for: 1h } }
    - { id: two, set: { n: "${ steps.one.output.n }" } }
"#,
        r#"
        start {}
        step complete two {"n": 1}
        step complete one {"n": 7}
        step complete one {"n": 8}
        "#,
        r#"
        - start {}
        instance-started
        step-started one
        - step complete two {"n": 1}
        refused: step two has not begun: its turn has not come
        - step complete one {"n": 7}
        step-overruled one complete
        step-completed one {"n":7}
        step-completed two {"n":7}
        lane-ended root completed
        instance-completed
        - step complete one {"n": 8}
        refused: expected an open instance, but it has already ended as completed
        = completed {"n":7}
        "#,
    );
}

#[test]
fn a_step_is_failed_and_its_catch_takes_the_error() {
    check(
        r#"
  steps:
    - id: kid
      workflow: kid
      catch: [{ error: stuck, steps: [{ id: note, set: { why: "${ error.type }" } }] }]
"#,
        r#"
        start {}
        step fail kid stuck
        child cancelled
        "#,
        r#"
        - start {}
        instance-started
        step-started kid
        > start kid {}
        - step fail kid stuck
        step-overruled kid fail
        attempt-failed kid overruled
        step-failed kid stuck caught
        lanes-opened kid 0..1
        step-completed kid[0]/note {"why":"stuck"}
        lane-ended 1 completed
        catch-completed kid {"why":"stuck"}
        lane-ended root completed
        instance-completed
        > cancel child
        - child cancelled
        result-ignored kid: the step does not wait for this child
        = completed
        "#,
    );
}

#[test]
fn a_retry_is_made_at_once() {
    check(
        r#"
  steps: [{ id: one, adapter: a, retry: { max-attempts: 3, initial-interval: 1h, jitter: none } }]
"#,
        r#"
        start {}
        step retry one
        one fails http.503
        step retry one
        one ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - step retry one
        refused: expected step one to wait for its next attempt, but it is running
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #2 at 3601000
        - step retry one
        step-overruled one retry
        attempt-started one #2
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
fn of_a_failed_step_the_order_is_the_answer_and_of_a_question_it_is_refused() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, retry: none, on-error: man }
    - { id: two, decision: { prompt: "fine?" } }
"#,
        r#"
        start {}
        one fails http.503
        step complete one 3
        step skip two
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        decision-requested one
        - step complete one 3
        decision-made supply by ann
        step-completed one 3
        decision-requested two question:
        - step skip two
        refused: a person is asked about step two: answer its decision
        = waiting
        "#,
    );
}

#[test]
fn a_block_is_skipped_with_what_runs_inside_and_a_lane_is_named_where_there_are_several() {
    check(
        r#"
  steps:
    - id: each
      for-each: [1, 2]
      steps: [{ id: hold, adapter: a }]
    - { id: after, set: { n: 1 } }
"#,
        r#"
        start {}
        step skip hold
        step skip each[0]/hold
        step skip nowhere
        step skip each
        hold ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-started each
        lanes-opened each 0..2
        step-scheduled each[0]/hold
        step-scheduled each[1]/hold
        > call a each[0]/hold/1 {}
        > call a each[1]/hold/1 {}
        - step skip hold
        refused: step hold is open in 2 lanes: say which, such as each[0], each[1]
        - step skip each[0]/hold
        step-overruled each[0]/hold skip
        attempt-failed each[0]/hold overruled
        step-skipped each[0]/hold
        lane-ended 1 completed
        - step skip nowhere
        refused: expected a step of the workflow, but there is no `nowhere`
        - step skip each
        step-overruled each skip
        step-skipped each
        step-completed after {"n":1}
        lane-ended root completed
        lane-closing 2 cancelled
        - hold ok 1
        step-completed each[1]/hold 1
        lane-ended 2 cancelled
        instance-completed
        = completed
        "#,
    );
}
