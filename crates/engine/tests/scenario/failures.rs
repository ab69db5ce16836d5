//! Retries, catches, time-outs and decisions.

use crate::check;

#[test]
fn a_retry_comes_after_its_interval_under_the_same_key() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, retry: { max-attempts: 3, initial-interval: 1s, multiplier: 2, jitter: none } }
"#,
        r#"
        start {}
        one fails http.503
        clock +1000
        one fails timeout unknown
        clock +2000
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
        - clock +1000
        attempt-started one #2
        > call a one/1 {}
        - one fails timeout unknown
        attempt-failed one timeout
        retry-scheduled one #3 at 4000
        - clock +2000
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
fn what_cannot_be_retried_fails_at_once() {
    check(
        r#"
  steps:
    - { id: one, adapter: a }
"#,
        r#"
        start {}
        one fails http.422 permanent
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.422 permanent
        attempt-failed one http.422
        step-failed one http.422 fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (http.422)
        "#,
    );
}

#[test]
fn optional_goes_on() {
    check(
        r#"
  output: "${ steps.one.error.type }"
  steps:
    - { id: one, adapter: a, retry: optional }
    - { id: two, adapter: a }
"#,
        r#"
        start {}
        one fails http.422 permanent
        two ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.422 permanent
        attempt-failed one http.422
        step-failed one http.422 continues
        step-scheduled two
        > call a two/1 {}
        - two ok 1
        step-completed two 1
        lane-ended root completed
        instance-completed
        = completed "http.422"
        "#,
    );
}

#[test]
fn a_catch_takes_what_it_names() {
    check(
        r#"
  output: "${ {'caught': steps.one.caught, 'out': steps.one.output} }"
  steps:
    - id: one
      adapter: a
      retry: none
      catch:
        - { error: "http.4*", steps: [{ id: h, adapter: b, input: { why: "${ error.type }" } }] }
"#,
        r#"
        start {}
        one fails http.422 permanent
        h ok "handled"
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.422 permanent
        attempt-failed one http.422
        step-failed one http.422 caught
        lanes-opened one 0..1
        step-scheduled one[0]/h
        > call b one[0]/h/1 {"why":"http.422"}
        - h ok "handled"
        step-completed one[0]/h "handled"
        lane-ended 1 completed
        catch-completed one "handled"
        lane-ended root completed
        instance-completed
        = completed {"caught":true,"out":"handled"}
        "#,
    );
}

#[test]
fn a_failing_catch_fails_the_step() {
    check(
        r#"
  steps:
    - id: one
      adapter: a
      retry: none
      catch:
        - { error: "*", steps: [{ id: h, fail: { type: again, message: "no" } }] }
"#,
        r#"
        start {}
        one fails bad permanent
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails bad permanent
        attempt-failed one bad
        step-failed one bad caught
        lanes-opened one 0..1
        step-failed one[0]/h again fails
        lane-closing 1 failed
        lane-ended 1 failed
        step-failed one again fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (again)
        "#,
    );
}

#[test]
fn a_person_is_asked_and_runs_it_anew() {
    check(
        r#"
  steps:
    - { id: one, adapter: a, retry: critical }
"#,
        r#"
        start {}
        one fails http.422 permanent
        decide retry
        decide retry
        one fails timeout permanent unknown
        decide retry
        one ok 1
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.422 permanent
        attempt-failed one http.422
        decision-requested one
        - decide retry
        decision-made retry by ann
        step-rescheduled one generation 2 #1
        > call a one/2 {}
        - decide retry
        refused: expected a pending decision, but it was already made
        - one fails timeout permanent unknown
        attempt-failed one timeout
        decision-requested one
        - decide retry
        decision-made retry by ann
        step-rescheduled one generation 2 #2
        > call a one/2 {}
        - one ok 1
        step-completed one 1
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}

#[test]
fn a_person_skips_or_fails() {
    check(
        r#"
  on-failure: stop
  steps:
    - { id: one, adapter: a, on-error: man, retry: none }
    - { id: two, adapter: a, on-error: man, retry: none }
"#,
        r#"
        start {}
        one fails x permanent
        decide skip
        two fails y permanent
        decide fail
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails x permanent
        attempt-failed one x
        decision-requested one
        - decide skip
        decision-made skip by ann
        step-skipped one
        step-scheduled two
        > call a two/1 {}
        - two fails y permanent
        attempt-failed two y
        decision-requested two
        - decide fail
        decision-made fail by ann
        step-failed two y fails
        instance-failing
        lane-closing 0 failed
        lane-ended root failed
        instance-failed
        = failed (y)
        "#,
    );
}

#[test]
fn a_call_that_fails_for_good_is_kept_and_its_catch_goes_on() {
    check(
        r#"
  steps:
    - id: one
      adapter: a
      retry: { max-attempts: 2, initial-interval: 1s, jitter: none, on-exhausted: dead-letter }
      catch: [{ error: "http.*", steps: [{ id: two, set: { x: 1 } }] }]
"#,
        r#"
        start {}
        one fails http.503
        clock +1000
        one fails http.503
        "#,
        r#"
        - start {}
        instance-started
        step-scheduled one
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        retry-scheduled one #2 at 2000
        - clock +1000
        attempt-started one #2
        > call a one/1 {}
        - one fails http.503
        attempt-failed one http.503
        dead-lettered one a/ http.503 (2)
        step-failed one http.503 caught
        lanes-opened one 0..1
        step-completed one[0]/two {"x":1}
        lane-ended 1 completed
        catch-completed one {"x":1}
        lane-ended root completed
        instance-completed
        = completed
        "#,
    );
}
