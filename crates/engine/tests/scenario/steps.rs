//! One step after the other.

use crate::check;

#[test]
fn two_steps_and_an_output() {
    check(
        r#"
  output: "${ steps.two.output.n + input.n }"
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: b, action: go, input: { from: "${ steps.one.output.x }" } }
"#,
        r#"
        start {"n": 1}
        one ok {"x": "y"}
        two ok {"n": 2}
        "#,
        r#"
        - start {"n": 1}
        instance-started
        step-scheduled one
        > call a one/1 {"n":1}
        - one ok {"x": "y"}
        step-completed one {"x":"y"}
        step-scheduled two
        > call b/go two/1 {"from":"y"}
        - two ok {"n": 2}
        step-completed two {"n":2}
        lane-ended root completed
        instance-completed
        = completed 3
        "#,
    );
}

#[test]
fn a_step_is_skipped_and_what_needs_it_goes_on() {
    check(
        r#"
  output: "${ steps.one.output }"
  steps:
    - { id: one, adapter: a, when: input.go }
    - { id: two, adapter: b }
"#,
        r#"
        start {"go": false}
        two ok {"n": 2}
        "#,
        r#"
        - start {"go": false}
        instance-started
        step-skipped one
        step-scheduled two
        > call b two/1 {"go":false}
        - two ok {"n": 2}
        step-completed two {"n":2}
        lane-ended root completed
        instance-completed
        = completed null
        "#,
    );
}

#[test]
fn needs_make_a_graph() {
    check(
        r#"
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: a, needs: [] }
    - { id: three, adapter: a, needs: [one] }
    - { id: four, adapter: a, needs: [two, three] }
"#,
        r#"
        start {}
        two ok 2
        one ok 1
        three ok 3
        four ok 4
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        step-scheduled two
        > call a one/1 {}
        > call a two/1 {}
        - two ok 2
        step-completed two 2
        - one ok 1
        step-completed one 1
        step-scheduled three
        > call a three/1 {}
        - three ok 3
        step-completed three 3
        step-scheduled four
        > call a four/1 {}
        - four ok 4
        step-completed four 4
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn set_wait_and_complete() {
    check(
        r#"
  steps:
    - { id: s, set: { twice: "${ input.n * 2 }" } }
    - { id: pause, wait: { for: 10s } }
    - { id: early, when: "steps.s.output.twice > 2", complete: "${ steps.s.output }" }
    - { id: never, adapter: a }
"#,
        r#"
        start {"n": 2}
        clock +9999
        clock +1
        "#,
        r#"
        - start {"n": 2}
        instance-started
        step-completed s {"twice":4}
        step-started pause
        - clock +9999
        - clock +1
        step-completed pause
        step-completed early {"twice":4}
        lane-closing 0 completed
        lane-ended root completed
        instance-completed
        = completed {"twice":4}
        "#,
    );
}

#[test]
fn an_expression_that_fails_fails_its_step() {
    check(
        r#"
  steps:
    - { id: s, set: { x: "${ input.missing }" } }
"#,
        r#"
        start {}
        "#,
        r#"
        - start {}
        instance-started
        step-failed s expression fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (expression)
        "#,
    );
}

#[test]
fn a_late_result_is_recorded_and_changes_nothing() {
    check(
        r#"
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: a }
"#,
        r#"
        start {}
        one ok 1
        again
        two ok 2
        again
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one ok 1
        step-completed one 1
        step-scheduled two
        > call a two/1 {}
        - again
        result-ignored one: the attempt has a result already
        - two ok 2
        step-completed two 2
        lane-ended root completed
        instance-completed
        - again
        result-ignored two: the attempt has a result already
        = completed
        "#,
    );
}

#[test]
fn a_callback_comes_or_does_not() {
    check(
        r#"
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: a, retry: none }
"#,
        r#"
        start {}
        one accepted +5000
        clock +4000
        one ok 1
        two accepted +5000
        clock +5000
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one accepted +5000
        task-accepted one
        - clock +4000
        - one ok 1
        step-completed one 1
        step-scheduled two
        > call a two/1 {}
        - two accepted +5000
        task-accepted two
        - clock +5000
        refused: nothing to do: the timer no longer fits the state
        attempt-failed two timeout
        step-failed two timeout fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (timeout)
        "#,
    );
}

#[test]
fn cancelling_waits_for_what_is_in_flight() {
    check(
        r#"
  finally:
    - { id: last, adapter: b }
  steps:
    - { id: one, adapter: a }
    - { id: two, adapter: a }
"#,
        r#"
        start {}
        cancel
        cancel
        one ok 1
        last fails x permanent
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - cancel
        cancel-requested
        lane-closing 0 cancelled
        - cancel
        refused: nothing to do: the instance is already ending
        - one ok 1
        step-completed one 1
        lane-ended root cancelled
        finally-started
        step-scheduled last
        > call b last/1 {}
        - last fails x permanent
        attempt-failed last x
        step-failed last x fails
        lane-closing 1 failed
        lane-ended 1 failed
        instance-cancelled
        = cancelled
        "#,
    );
}

#[test]
fn an_instance_times_out() {
    check(
        r#"
  timeout: 1m
  steps:
    - { id: one, adapter: a, retry: { max-attempts: 3, initial-interval: 30s, multiplier: 1, jitter: none } }
"#,
        r#"
        start {}
        one fails http.503
        clock +30000
        one fails http.503
        clock +30000
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #2 at 31000
        - clock +30000
        attempt-started one #2
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #3 at 61000
        - clock +30000
        attempt-started one #3
        > call a one/1 {}
        instance-failing
        lane-closing 0 failed
        = running (timeout)
        "#,
    );
}
